-- A payment pays for its booking; the outbox is to watch its capture.
--
-- payment; kind, key, payload, after_seconds of the event
WITH applied AS (
    UPDATE payments_payment SET resolution = 'applied', reason = '' WHERE id = %(payment)s
)
INSERT INTO bookings_outboxevent (kind, key, payload, next_at)
VALUES (%(kind)s, %(key)s, %(payload)s, clock_timestamp() + %(after_seconds)s * interval '1 second')
ON CONFLICT (key) DO NOTHING

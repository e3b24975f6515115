-- Write to the outbox what is to be done, once for a key.
--
-- kind, key, payload, after_seconds
INSERT INTO bookings_outboxevent (kind, key, payload, next_at)
VALUES (%(kind)s, %(key)s, %(payload)s, clock_timestamp() + %(after_seconds)s * interval '1 second')
ON CONFLICT (key) DO NOTHING

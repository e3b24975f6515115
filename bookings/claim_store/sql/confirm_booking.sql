-- Confirm a booking that has its seats, in the transaction that has locked it. Outbox and picture_pending rows tell
-- everyone else.
--
-- booking
-- seats    its seat indexes, as JSON
-- Returns the fence under which they are booked.
WITH confirmed AS (
    UPDATE bookings_booking
    SET status = 'confirmed', confirmed_at = clock_timestamp(), ended_at = NULL, cancel_reason = ''
    WHERE id = %(booking)s
    RETURNING id, show_id
), fenced AS (
    SELECT id, show_id, nextval('bookings_fence') AS fence FROM confirmed
), shown AS (
    INSERT INTO bookings_picturepending (fence, show_id, seats) SELECT fence, show_id, %(seats)s::jsonb FROM fenced
), told AS (
    INSERT INTO bookings_outboxevent (kind, key, payload)
    SELECT 'booking.confirmed', 'booking.confirmed:' || id, json_build_object('booking', id, 'show', show_id) FROM fenced
    ON CONFLICT (key) DO NOTHING
)
SELECT fence FROM fenced

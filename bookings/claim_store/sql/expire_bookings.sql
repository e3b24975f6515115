-- Expire pending bookings that are past their deadline and let their seats go. Whoever is first moves them;
-- the others find nothing.
--
-- bookings   only these, or NULL: any that are due
-- slack_ms   a deadline so little ahead counts as past: Redis' clock has already ended these holds
-- batch_max  at most so many
-- Returns one row a booking: booking, show, holder, fence, its seats.
-- A pending row never has good money (consistency rule 13), so the booking row is all that needs locking.
WITH due AS (
    SELECT id FROM bookings_booking
    WHERE status = 'pending' AND expires_at <= clock_timestamp() + %(slack_ms)s * interval '1 millisecond'
      AND (%(bookings)s::uuid[] IS NULL OR id = ANY (%(bookings)s::uuid[]))
    ORDER BY id
    LIMIT %(batch_max)s
    FOR NO KEY UPDATE SKIP LOCKED
), ended AS (
    UPDATE bookings_booking AS b SET status = 'expired', ended_at = clock_timestamp()
    FROM due WHERE b.id = due.id
    RETURNING b.id, b.show_id, b.holder
), freed AS (
    UPDATE bookings_seatclaim AS c SET released_at = clock_timestamp()
    FROM ended WHERE c.booking_id = ended.id AND c.released_at IS NULL
    RETURNING c.booking_id, c.seat_index
), fenced AS (
    SELECT ended.id, ended.show_id, ended.holder, nextval('bookings_fence') AS fence,
           COALESCE((SELECT json_agg(f.seat_index) FROM freed AS f WHERE f.booking_id = ended.id), '[]') AS seats
    FROM ended
), shown AS (
    INSERT INTO bookings_picturepending (fence, show_id, seats) SELECT fence, show_id, seats FROM fenced
), told AS (
    INSERT INTO bookings_outboxevent (kind, key, payload)
    SELECT 'booking.expired', 'booking.expired:' || id, json_build_object('booking', id, 'show', show_id) FROM fenced
    ON CONFLICT (key) DO NOTHING
)
SELECT id, show_id, holder, fence, seats FROM fenced

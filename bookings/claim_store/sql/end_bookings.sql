-- Move bookings out of PENDING (or CONFIRMED, when their show is cancelled) and let their seats go. Whoever is
-- first moves them; the others find nothing.
--
-- bookings   which, as due_by_deadline.sql or due_by_show.sql has locked them in the same transaction
-- status, reason, kind   what they become, why, and the kind of the outbox event
-- Returns one row a booking: booking, show, holder, fence, its seats.
-- Seats that end with their booking are known by having its very moment: see booking_facts.sql.
WITH moment AS MATERIALIZED (
    SELECT clock_timestamp() AS now
), ended AS (
    UPDATE bookings_booking AS b
    SET status = %(status)s::text, ended_at = moment.now, cancel_reason = %(reason)s::text
    FROM moment WHERE b.id = ANY (%(bookings)s::uuid[])
    RETURNING b.id, b.show_id, b.holder, b.ended_at
), freed AS (
    UPDATE bookings_seatclaim AS c SET released_at = ended.ended_at
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
    SELECT %(kind)s::text, %(kind)s::text || ':' || id, json_build_object('booking', id, 'show', show_id) FROM fenced
    -- A booking that was given up, paid late all the same, and is cancelled now: it happened again.
    ON CONFLICT (key) DO UPDATE SET done_at = NULL, next_at = clock_timestamp(), tries = 0
)
SELECT id, show_id, holder, fence, seats FROM fenced

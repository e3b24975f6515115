-- Let seats of pending bookings go, which the same transaction has locked (lock_pending.sql, lock_pending_free.sql).
-- One conditional statement: frozen or late bookings do not match.
--
-- bookings   whose seats
-- seats      for each, an array of indexes as text ('{1,2}'), or NULL: all
-- Returns one row a booking that let something go: booking, fence, seats let go (ascending), whether it ended.
-- One by one: see the note in hold_batch.sql.
-- Seats that end with their booking are known by having its very moment: see booking_facts.sql.
WITH moment AS MATERIALIZED (
    SELECT clock_timestamp() AS now
), asked AS (
    SELECT booking, named::smallint[] AS named FROM unnest(%(bookings)s::uuid[], %(seats)s::text[]) AS t (booking, named)
), mine AS (
    SELECT b.id, b.show_id, asked.named FROM asked CROSS JOIN LATERAL (
        SELECT id, show_id, status, checkout_at, expires_at FROM bookings_booking WHERE id = asked.booking OFFSET 0
    ) AS b
    WHERE status = 'pending' AND checkout_at IS NULL AND expires_at > clock_timestamp()
), claims AS (
    SELECT mine.id AS booking, c.id, mine.named IS NULL OR c.seat_index = ANY (mine.named) AS goes
    FROM mine CROSS JOIN LATERAL (
        SELECT id, seat_index, released_at FROM bookings_seatclaim WHERE booking_id = mine.id OFFSET 0
    ) AS c
    WHERE c.released_at IS NULL
), freed AS (
    UPDATE bookings_seatclaim AS c SET released_at = (SELECT now FROM moment)
    WHERE c.id = ANY (ARRAY (SELECT id FROM claims WHERE goes))
    RETURNING c.booking_id, c.seat_index
), ended AS (
    UPDATE bookings_booking AS b
    SET status = 'cancelled', ended_at = (SELECT now FROM moment), cancel_reason = 'released'
    WHERE b.id = ANY (ARRAY (SELECT id FROM mine EXCEPT SELECT booking FROM claims WHERE NOT goes))
    RETURNING b.id
), let_go AS (
    SELECT mine.id, mine.show_id, ended.id IS NOT NULL AS ended, COALESCE(
        json_agg(seat_index ORDER BY seat_index) FILTER (WHERE seat_index IS NOT NULL), '[]') AS seats
    FROM mine LEFT JOIN ended ON ended.id = mine.id LEFT JOIN freed ON freed.booking_id = mine.id
    GROUP BY mine.id, mine.show_id, ended.id
), fenced AS (
    SELECT id, show_id, ended, seats, nextval('bookings_fence') AS fence
    FROM let_go WHERE ended OR json_array_length(seats) > 0
), shown AS (
    INSERT INTO bookings_picturepending (fence, show_id, seats) SELECT fence, show_id, seats FROM fenced
)
SELECT id, fence, seats, ended FROM fenced

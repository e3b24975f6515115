-- Let seats of a pending booking go, which lock_pending.sql has locked in the same transaction. One conditional
-- statement: frozen or late bookings do not match.
--
-- booking   whose seats
-- seats     indexes, or NULL: all
-- Returns nothing when nothing was let go, else one row: booking, fence, seats let go, whether it ended.
WITH mine AS (
    SELECT id, show_id FROM bookings_booking
    WHERE id = %(booking)s AND status = 'pending' AND checkout_at IS NULL AND expires_at > clock_timestamp()
), freed AS (
    UPDATE bookings_seatclaim AS c SET released_at = clock_timestamp()
    FROM mine WHERE c.booking_id = mine.id AND c.released_at IS NULL
      AND (%(seats)s::smallint[] IS NULL OR c.seat_index = ANY (%(seats)s::smallint[]))
    RETURNING c.seat_index
), kept AS (
    SELECT count(*) AS seats FROM bookings_seatclaim AS c JOIN mine ON c.booking_id = mine.id
    WHERE c.released_at IS NULL
      AND %(seats)s::smallint[] IS NOT NULL AND c.seat_index <> ALL (%(seats)s::smallint[])
), ended AS (
    UPDATE bookings_booking AS b
    SET status = 'cancelled', ended_at = clock_timestamp(), cancel_reason = 'released'
    FROM mine, kept WHERE b.id = mine.id AND kept.seats = 0
    RETURNING b.id
), fenced AS (
    SELECT mine.id, mine.show_id, nextval('bookings_fence') AS fence,
           COALESCE((SELECT json_agg(seat_index) FROM freed), '[]') AS seats
    FROM mine WHERE EXISTS (SELECT 1 FROM freed) OR EXISTS (SELECT 1 FROM ended)
), shown AS (
    INSERT INTO bookings_picturepending (fence, show_id, seats) SELECT fence, show_id, seats FROM fenced
)
SELECT fenced.id, fenced.fence, fenced.seats, EXISTS (SELECT 1 FROM ended) FROM fenced

-- Let seats of a holder's pending booking go. One conditional statement: frozen or late bookings do not match.
--
-- show, holder   whose hold
-- seats          indexes, or NULL: all
-- Returns nothing when there is no such booking, else one row: booking, fence, seats let go, whether it ended.
WITH mine AS (
    SELECT id FROM bookings_booking
    WHERE show_id = %(show)s AND holder = %(holder)s AND status = 'pending'
      AND checkout_at IS NULL AND expires_at > clock_timestamp()
    FOR NO KEY UPDATE
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
    SELECT mine.id, nextval('bookings_fence') AS fence,
           COALESCE((SELECT json_agg(seat_index) FROM freed), '[]') AS seats FROM mine
), shown AS (
    INSERT INTO bookings_picturepending (fence, show_id, seats) SELECT fence, %(show)s, seats FROM fenced
)
SELECT fenced.id, fenced.fence, fenced.seats, EXISTS (SELECT 1 FROM ended) FROM fenced

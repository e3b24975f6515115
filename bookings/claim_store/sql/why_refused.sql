-- Why a hold that Redis let through cannot stand: the sale, the holder's booking, and the claims in the way.
--
-- show, booking, holder, seats
-- Returns one row: on sale, status of the booking or NULL, frozen, late, seats claimed by others.
SELECT COALESCE((
           SELECT s.status = 'open' AND clock_timestamp() >= s.sales_open_at AND clock_timestamp() < s.sales_close_at
           FROM bookings_show AS s WHERE s.id = %(show)s), false),
       b.status, b.checkout_at IS NOT NULL, b.expires_at <= clock_timestamp(),
       ARRAY(SELECT c.seat_index FROM bookings_seatclaim AS c
             WHERE c.show_id = %(show)s AND c.seat_index = ANY (%(seats)s::smallint[])
               AND c.released_at IS NULL AND c.booking_id IS DISTINCT FROM %(booking)s)
FROM (SELECT 1) AS one LEFT JOIN bookings_booking AS b
  ON b.show_id = %(show)s AND b.holder = %(holder)s AND (b.id = %(booking)s OR b.status = 'pending')
ORDER BY b.id = %(booking)s DESC NULLS LAST
LIMIT 1

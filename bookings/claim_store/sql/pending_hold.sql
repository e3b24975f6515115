-- A holder's pending booking of a show, if its deadline lies ahead.
--
-- show, holder
-- Returns at most one row: booking, deadline in ms, amount in paise, seats.
SELECT b.id, (extract(epoch FROM b.expires_at) * 1000)::bigint, COALESCE(sum(c.price_paise), 0)::bigint,
       COALESCE(array_agg(c.seat_index) FILTER (WHERE c.id IS NOT NULL), '{}')
FROM bookings_booking AS b LEFT JOIN bookings_seatclaim AS c ON c.booking_id = b.id AND c.released_at IS NULL
WHERE b.show_id = %(show)s AND b.holder = %(holder)s AND b.status = 'pending' AND b.expires_at > clock_timestamp()
GROUP BY b.id

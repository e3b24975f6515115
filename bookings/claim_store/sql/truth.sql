-- What PostgreSQL says of every claimed seat of a show, for rebuild and reconcile.
--
-- show
-- Returns one row a live claim: seat, kind, booking, status, holder, deadline and start in ms, price,
--         late (a pending booking past its deadline: nobody's any more, and not yet expired).
SELECT c.seat_index, c.kind, c.booking_id, b.status, b.holder,
       (extract(epoch FROM b.expires_at) * 1000)::bigint, (extract(epoch FROM b.created_at) * 1000)::bigint,
       c.price_paise, COALESCE(b.status = 'pending' AND b.expires_at <= clock_timestamp(), false)
FROM bookings_seatclaim AS c LEFT JOIN bookings_booking AS b ON b.id = c.booking_id
WHERE c.show_id = %(show)s AND c.released_at IS NULL
ORDER BY c.seat_index

-- How many have come in to a show, and how many have a ticket. A ticket that is good no longer counts as neither.
--
-- show
-- Returns one row: admitted, expected, now in Unix ms.
SELECT count(t.admitted_at), count(*), (extract(epoch FROM statement_timestamp()) * 1000)::bigint
FROM bookings_seatclaim AS c
JOIN bookings_booking AS b ON b.id = c.booking_id AND b.status = 'confirmed'
LEFT JOIN bookings_ticket AS t
  ON t.booking_id = c.booking_id AND t.seat_index = c.seat_index AND t.revoked_at IS NULL
WHERE c.show_id = %(show)s AND c.released_at IS NULL

-- The seats that a confirmed booking has now, each with its ticket where one was made.
--
-- booking
-- Returns one row a seat, in order: show, seat, label, nonce, code, issued_at, admitted_at, gate; from the nonce on NULL
-- without a ticket.
SELECT c.show_id, c.seat_index, l.seats -> c.seat_index::int ->> 'label', t.nonce, t.code, t.issued_at, t.admitted_at,
       t.gate
FROM bookings_booking AS b
JOIN bookings_seatclaim AS c ON c.booking_id = b.id AND c.released_at IS NULL
JOIN bookings_show AS s ON s.id = c.show_id
JOIN bookings_layout AS l ON l.id = s.layout_id
LEFT JOIN bookings_ticket AS t ON t.booking_id = b.id AND t.seat_index = c.seat_index AND t.revoked_at IS NULL
WHERE b.id = %(booking)s AND b.status = 'confirmed'
ORDER BY c.seat_index

-- Make tickets for seats of a confirmed booking. Whoever is first makes them; the others, and a code that the show has
-- already, make none.
--
-- booking
-- seats, nonces, codes   arrays of one length
INSERT INTO bookings_ticket (booking_id, show_id, seat_index, nonce, code)
SELECT b.id, c.show_id, c.seat_index, made.nonce, made.code
FROM unnest(%(seats)s::smallint[], %(nonces)s::bytea[], %(codes)s::text[]) AS made (seat_index, nonce, code)
JOIN bookings_booking AS b ON b.id = %(booking)s AND b.status = 'confirmed'
JOIN bookings_seatclaim AS c
  ON c.booking_id = b.id AND c.seat_index = made.seat_index AND c.released_at IS NULL
ON CONFLICT DO NOTHING

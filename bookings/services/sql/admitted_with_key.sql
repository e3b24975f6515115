-- Who came in by a scan with this key, whenever that was.
--
-- usher, key
-- show, gate             where it is shown now
-- booking, seat, nonce   of a QR code, else NULL
-- code                   as typed, else NULL
-- Returns one row, or none: the seat's label, gate, admitted_at, whether the same ticket was shown at the same gate.
SELECT l.seats -> t.seat_index::int ->> 'label', t.gate, t.admitted_at,
       t.show_id = %(show)s AND t.gate = %(gate)s AND COALESCE(
           t.code = %(code)s::text,
           t.booking_id = %(booking)s::uuid AND t.seat_index = %(seat)s AND t.nonce = %(nonce)s::bytea,
           false)
FROM bookings_ticket AS t
JOIN bookings_show AS s ON s.id = t.show_id
JOIN bookings_layout AS l ON l.id = s.layout_id
WHERE t.admitted_by_id = %(usher)s AND t.admission_key = %(key)s

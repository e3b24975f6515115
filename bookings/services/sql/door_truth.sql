-- What is true of a ticket that was not let in.
--
-- show                   the show whose door it is
-- booking, seat, nonce   of a QR code, else NULL
-- code                   as typed, else NULL; another show may have the same one, this show's comes first
-- Returns one row, or none: its show, the seat's label, the booking's status and refund, whether the show is cancelled,
-- whether the seat is still the booking's, whether the ticket was replaced, admitted_at, gate, starts_at, ends_at, now,
-- movie, screen, the theatre's zone.
WITH asked AS (
    SELECT id FROM bookings_ticket
    WHERE booking_id = %(booking)s::uuid AND seat_index = %(seat)s AND nonce = %(nonce)s::bytea
    UNION ALL
    SELECT id FROM bookings_ticket WHERE code = %(code)s::text
)
SELECT t.show_id, l.seats -> t.seat_index::int ->> 'label', b.status, b.refund, s.status = 'cancelled',
       EXISTS (SELECT 1 FROM bookings_seatclaim AS c
               WHERE c.booking_id = b.id AND c.show_id = t.show_id AND c.seat_index = t.seat_index
                 AND c.released_at IS NULL),
       t.revoked_at IS NOT NULL, t.admitted_at, t.gate, s.starts_at, s.ends_at, clock_timestamp(),
       m.title, screen.name, theatre.time_zone
FROM asked
JOIN bookings_ticket AS t ON t.id = asked.id
JOIN bookings_booking AS b ON b.id = t.booking_id
JOIN bookings_show AS s ON s.id = t.show_id
JOIN bookings_layout AS l ON l.id = s.layout_id
JOIN bookings_movie AS m ON m.id = s.movie_id
JOIN bookings_screen AS screen ON screen.id = s.screen_id
JOIN bookings_theatre AS theatre ON theatre.id = screen.theatre_id
ORDER BY t.show_id = %(show)s DESC, t.id DESC
LIMIT 1

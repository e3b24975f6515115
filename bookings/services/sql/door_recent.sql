-- The last who came in to a show, newest first.
--
-- show, entries_max
-- Returns rows: the seat's label, gate, admitted_at.
SELECT l.seats -> t.seat_index::int ->> 'label', t.gate, t.admitted_at
FROM bookings_ticket AS t
JOIN bookings_show AS s ON s.id = t.show_id
JOIN bookings_layout AS l ON l.id = s.layout_id
WHERE t.show_id = %(show)s AND t.admitted_at IS NOT NULL
ORDER BY t.admitted_at DESC, t.id DESC
LIMIT %(entries_max)s

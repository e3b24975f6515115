-- Let in whoever shows a ticket, once. All that makes a ticket good is asked here, in the statement that uses it up, so
-- nothing that ends a booking has to remember its tickets.
--
-- The booking is locked against change: a cancellation under way is waited for, and then seen. Of many who scan one code
-- at once, the row of the ticket lets one through.
--
-- show                   the show whose door it is
-- booking, seat, nonce   of a QR code, else NULL
-- code                   as typed, else NULL
-- gate, usher
-- key                    of the scan, else ''. An usher has each key once, so one key uses up one ticket.
-- doors_minutes          how long before the start people are let in
-- Returns one row, or none: the seat's label, admitted_at.
WITH asked AS (
    SELECT id FROM bookings_ticket
    WHERE booking_id = %(booking)s::uuid AND seat_index = %(seat)s AND nonce = %(nonce)s::bytea AND show_id = %(show)s
    UNION ALL
    SELECT id FROM bookings_ticket WHERE code = %(code)s::text AND show_id = %(show)s
), good AS (
    SELECT t.id, l.seats -> t.seat_index::int ->> 'label' AS label
    FROM asked
    JOIN bookings_ticket AS t ON t.id = asked.id
    JOIN bookings_booking AS b ON b.id = t.booking_id AND b.status = 'confirmed'
    JOIN bookings_seatclaim AS c
      ON c.booking_id = b.id AND c.show_id = t.show_id AND c.seat_index = t.seat_index AND c.released_at IS NULL
    JOIN bookings_show AS s ON s.id = t.show_id AND s.status <> 'cancelled'
    JOIN bookings_layout AS l ON l.id = s.layout_id
    WHERE clock_timestamp() >= s.starts_at - %(doors_minutes)s * interval '1 minute' AND clock_timestamp() < s.ends_at
    FOR SHARE OF b
)
UPDATE bookings_ticket AS t
SET admitted_at = clock_timestamp(), gate = %(gate)s, admitted_by_id = %(usher)s, admission_key = %(key)s
FROM good
WHERE t.id = good.id AND t.admitted_at IS NULL AND t.revoked_at IS NULL
RETURNING good.label, t.admitted_at

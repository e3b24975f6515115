-- Take back the tickets of a booking that nobody has come in with.
--
-- booking
UPDATE bookings_ticket SET revoked_at = clock_timestamp()
WHERE booking_id = %(booking)s AND revoked_at IS NULL AND admitted_at IS NULL

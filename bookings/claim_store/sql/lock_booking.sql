-- Lock a booking, waiting for whoever is changing it.
--
-- booking
SELECT id FROM bookings_booking WHERE id = %(booking)s FOR NO KEY UPDATE

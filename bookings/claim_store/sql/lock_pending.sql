-- Lock a holder's pending booking of a show, waiting for whoever is changing it.
--
-- show, holder
SELECT id FROM bookings_booking
WHERE show_id = %(show)s AND holder = %(holder)s AND status = 'pending'
FOR NO KEY UPDATE

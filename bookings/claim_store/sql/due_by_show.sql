-- The live bookings of a cancelled show.
--
-- show
-- batch_max  at most so many
SELECT id FROM bookings_booking
WHERE show_id = %(show)s AND status IN ('pending', 'confirmed')
ORDER BY id
LIMIT %(batch_max)s
FOR NO KEY UPDATE

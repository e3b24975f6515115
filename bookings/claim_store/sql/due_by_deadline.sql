-- Pending bookings past their deadline. A pending row never has good money (consistency rule 13), so the booking
-- row is all that needs locking.
--
-- bookings   only these, or NULL: any that are due
-- slack_ms   a deadline so little ahead counts as past: Redis' clock has already ended these holds
-- batch_max  at most so many
SELECT id FROM bookings_booking
WHERE status = 'pending' AND expires_at <= clock_timestamp() + %(slack_ms)s * interval '1 millisecond'
  AND (%(bookings)s::uuid[] IS NULL OR id = ANY (%(bookings)s::uuid[]))
ORDER BY id
LIMIT %(batch_max)s
FOR NO KEY UPDATE SKIP LOCKED

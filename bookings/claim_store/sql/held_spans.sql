-- How long holders have held seats of a show lately: confirmed bookings do not count.
--
-- show
-- holder   one holder, or NULL: all
-- since    only holds that ended after this moment
-- Returns rows holder, start in ms, end in ms, oldest first.
SELECT holder, (extract(epoch FROM created_at) * 1000)::bigint,
       (extract(epoch FROM LEAST(COALESCE(ended_at, expires_at), expires_at)) * 1000)::bigint
FROM bookings_booking
WHERE show_id = %(show)s AND status IN ('expired', 'cancelled')
  AND (%(holder)s::text IS NULL OR holder = %(holder)s) AND ended_at > clock_timestamp() - %(since)s::interval
ORDER BY created_at

-- What a process keeps in memory of a show while it sells it.
SELECT s.id, s.status, (extract(epoch FROM s.starts_at) * 1000)::bigint, (extract(epoch FROM s.ends_at) * 1000)::bigint,
       (extract(epoch FROM s.sales_open_at) * 1000)::bigint, (extract(epoch FROM s.sales_close_at) * 1000)::bigint,
       s.prices, CASE WHEN %(with_seats)s THEN l.seats END
FROM bookings_show AS s JOIN bookings_layout AS l ON l.id = s.layout_id
WHERE s.id = %(show)s

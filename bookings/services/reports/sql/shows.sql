-- The shows of a report: those that start in the period, and those of which something was sold or given back in it.
--
-- from_day, to_day   dates, both included, by the theatre's clock
-- theatre            a slug, or NULL: all
-- shows              ids of shows with sales
-- Returns show, movie, title, theatre, screen, its start on the theatre's clock as text, whether it starts in the
--         period, whether it is cancelled, seats, of those booked now, blocked now.
WITH hall AS MATERIALIZED (
    SELECT id, jsonb_array_length(seats) AS seats FROM bookings_layout
), listed AS MATERIALIZED (
    SELECT s.id, s.movie_id, s.layout_id, s.status, t.name AS theatre, screen.name AS screen,
           s.starts_at AT TIME ZONE t.time_zone AS starts,
           (s.starts_at AT TIME ZONE t.time_zone)::date BETWEEN %(from_day)s::date AND %(to_day)s::date AS is_in_period
    FROM bookings_show AS s
    JOIN bookings_screen AS screen ON screen.id = s.screen_id
    JOIN bookings_theatre AS t ON t.id = screen.theatre_id
    WHERE (%(theatre)s::text IS NULL OR t.slug = %(theatre)s)
      AND ((s.starts_at AT TIME ZONE t.time_zone)::date BETWEEN %(from_day)s::date AND %(to_day)s::date
           OR s.id = ANY (%(shows)s::bigint[]))
), taken AS (
    SELECT show_id, count(*) AS seats FROM bookings_seatclaim
    WHERE released_at IS NULL AND show_id IN (SELECT id FROM listed)
    GROUP BY show_id
), held AS (
    -- Whatever is taken and neither held nor blocked is booked; of those two there are few.
    SELECT c.show_id, count(*) AS seats
    FROM bookings_booking AS b JOIN bookings_seatclaim AS c ON c.booking_id = b.id AND c.released_at IS NULL
    WHERE b.status = 'pending'
    GROUP BY c.show_id
), blocked AS (
    SELECT show_id, count(*) AS seats FROM bookings_seatclaim
    WHERE booking_id IS NULL AND released_at IS NULL
    GROUP BY show_id
)
SELECT listed.id, listed.movie_id, m.title, listed.theatre, listed.screen, to_char(listed.starts, 'YYYY-MM-DD HH24:MI'),
       listed.is_in_period, listed.status = 'cancelled', hall.seats,
       COALESCE(taken.seats, 0) - COALESCE(held.seats, 0) - COALESCE(blocked.seats, 0), COALESCE(blocked.seats, 0)
FROM listed
JOIN bookings_movie AS m ON m.id = listed.movie_id
JOIN hall ON hall.id = listed.layout_id
LEFT JOIN taken ON taken.show_id = listed.id
LEFT JOIN held ON held.show_id = listed.id
LEFT JOIN blocked ON blocked.show_id = listed.id
ORDER BY listed.starts, listed.id

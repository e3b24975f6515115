-- What was sold and given back in a period, and for how much. Days are those of the theatre.
--
-- from_day, to_day   dates, both included
-- theatre            a slug, or NULL: all
-- Returns one row a group: day, show, movie, category (all NULL but the one it is of; all four: the total), bookings,
--         seats and paise sold, bookings, seats and paise given back.
-- A sale is of the day on which it was paid, whatever became of it since; what was given back is of its own day.
WITH place AS MATERIALIZED (
    SELECT s.id AS show_id, s.movie_id, s.layout_id, t.time_zone
    FROM bookings_show AS s
    JOIN bookings_screen AS screen ON screen.id = s.screen_id
    JOIN bookings_theatre AS t ON t.id = screen.theatre_id
    WHERE %(theatre)s::text IS NULL OR t.slug = %(theatre)s
), category AS MATERIALIZED (
    SELECT l.id AS layout_id, (seat.place - 1)::smallint AS seat_index, seat.its ->> 'category' AS category
    FROM bookings_layout AS l CROSS JOIN LATERAL jsonb_array_elements(l.seats) WITH ORDINALITY AS seat (its, place)
    WHERE l.id IN (SELECT layout_id FROM place)
), turned AS MATERIALIZED (
    -- No clock on earth is more than 14 hours from UTC: the first two conditions are for an index, the third decides.
    SELECT b.id, b.show_id, place.movie_id, place.layout_id, b.confirmed_at,
           (b.confirmed_at AT TIME ZONE place.time_zone)::date AS day, false AS back
    FROM bookings_booking AS b JOIN place ON place.show_id = b.show_id
    WHERE b.confirmed_at >= %(from_day)s::date - 1 AND b.confirmed_at < %(to_day)s::date + 2
      AND (b.confirmed_at AT TIME ZONE place.time_zone)::date BETWEEN %(from_day)s::date AND %(to_day)s::date
    UNION ALL
    SELECT b.id, b.show_id, place.movie_id, place.layout_id, b.confirmed_at,
           (b.ended_at AT TIME ZONE place.time_zone)::date, true
    FROM bookings_booking AS b JOIN place ON place.show_id = b.show_id
    WHERE b.confirmed_at IS NOT NULL AND b.status = 'cancelled'
      AND b.ended_at >= %(from_day)s::date - 1 AND b.ended_at < %(to_day)s::date + 2
      AND (b.ended_at AT TIME ZONE place.time_zone)::date BETWEEN %(from_day)s::date AND %(to_day)s::date
), counted AS (
    SELECT turned.day, turned.show_id, turned.movie_id, category.category, turned.back,
           count(*) AS seats, sum(c.price_paise) AS paise, 0 AS bookings
    FROM turned
    JOIN bookings_seatclaim AS c ON c.booking_id = turned.id
    JOIN category ON category.layout_id = turned.layout_id AND category.seat_index = c.seat_index
    -- The seats that were paid for: earlier claims of the same booking were let go before.
    WHERE c.claimed_at <= turned.confirmed_at AND (c.released_at IS NULL OR c.released_at > turned.confirmed_at)
    GROUP BY turned.day, turned.show_id, turned.movie_id, category.category, turned.back
    UNION ALL
    SELECT day, show_id, movie_id, NULL, back, 0, 0, count(*) FROM turned GROUP BY day, show_id, movie_id, back
)
SELECT day, show_id, movie_id, category,
       COALESCE(sum(bookings) FILTER (WHERE NOT back), 0)::bigint,
       COALESCE(sum(seats) FILTER (WHERE NOT back), 0)::bigint, COALESCE(sum(paise) FILTER (WHERE NOT back), 0)::bigint,
       COALESCE(sum(bookings) FILTER (WHERE back), 0)::bigint,
       COALESCE(sum(seats) FILTER (WHERE back), 0)::bigint, COALESCE(sum(paise) FILTER (WHERE back), 0)::bigint
FROM counted
GROUP BY GROUPING SETS ((day), (show_id), (movie_id), (category), ())

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
), seat AS MATERIALIZED (
    SELECT l.id AS layout_id, its.place, its.seat ->> 'category' AS category,
           dense_rank() OVER (ORDER BY its.seat ->> 'category')::int AS number
    FROM bookings_layout AS l CROSS JOIN LATERAL jsonb_array_elements(l.seats) WITH ORDINALITY AS its (seat, place)
    WHERE l.id IN (SELECT layout_id FROM place)
), seating AS MATERIALIZED (
    -- The category of each seat by its index, as numbers: a million seats are looked up here instead of joined.
    SELECT layout_id, array_agg(number ORDER BY place) AS numbers FROM seat GROUP BY layout_id
), sold AS MATERIALIZED (
    -- Note [Whose day]. No clock on earth is more than 14 hours from UTC. So the first two conditions find what may be
    -- of the period, the next two what surely is, and only what lies within a day of its ends is looked at closely.
    SELECT b.id, b.show_id, place.layout_id, b.confirmed_at, (b.confirmed_at AT TIME ZONE place.time_zone)::date AS day
    FROM bookings_booking AS b JOIN place ON place.show_id = b.show_id
    WHERE b.confirmed_at >= %(from_day)s::date - 1 AND b.confirmed_at < %(to_day)s::date + 2
      AND ((b.confirmed_at >= %(from_day)s::date + 1 AND b.confirmed_at < %(to_day)s::date)
           OR (b.confirmed_at AT TIME ZONE place.time_zone)::date BETWEEN %(from_day)s::date AND %(to_day)s::date)
), back AS MATERIALIZED (
    SELECT b.id, b.show_id, place.layout_id, b.confirmed_at, (b.ended_at AT TIME ZONE place.time_zone)::date AS day
    FROM bookings_booking AS b JOIN place ON place.show_id = b.show_id
    WHERE b.confirmed_at IS NOT NULL AND b.status = 'cancelled'
      AND b.ended_at >= %(from_day)s::date - 1 AND b.ended_at < %(to_day)s::date + 2
      AND ((b.ended_at >= %(from_day)s::date + 1 AND b.ended_at < %(to_day)s::date)
           OR (b.ended_at AT TIME ZONE place.time_zone)::date BETWEEN %(from_day)s::date AND %(to_day)s::date)
), counted AS (
    SELECT sold.day, sold.show_id, seating.numbers[c.seat_index + 1] AS number,
           0 AS bookings, count(*) AS seats, sum(c.price_paise) AS paise,
           0 AS back_bookings, 0 AS back_seats, 0 AS back_paise
    FROM sold
    JOIN seating ON seating.layout_id = sold.layout_id
    JOIN bookings_seatclaim AS c ON c.booking_id = sold.id
    -- The seats that were paid for: earlier claims of the same booking were let go before.
    WHERE c.claimed_at <= sold.confirmed_at AND (c.released_at IS NULL OR c.released_at > sold.confirmed_at)
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT back.day, back.show_id, seating.numbers[c.seat_index + 1], 0, 0, 0, 0, count(*), sum(c.price_paise)
    FROM back
    JOIN seating ON seating.layout_id = back.layout_id
    JOIN bookings_seatclaim AS c ON c.booking_id = back.id
    WHERE c.claimed_at <= back.confirmed_at AND (c.released_at IS NULL OR c.released_at > back.confirmed_at)
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT day, show_id, NULL, count(*), 0, 0, 0, 0, 0 FROM sold GROUP BY day, show_id
    UNION ALL
    SELECT day, show_id, NULL, 0, 0, 0, count(*), 0, 0 FROM back GROUP BY day, show_id
)
SELECT counted.day, counted.show_id, place.movie_id, name.category,
       COALESCE(sum(bookings), 0)::bigint, COALESCE(sum(seats), 0)::bigint, COALESCE(sum(paise), 0)::bigint,
       COALESCE(sum(back_bookings), 0)::bigint, COALESCE(sum(back_seats), 0)::bigint, COALESCE(sum(back_paise), 0)::bigint
FROM counted
JOIN place ON place.show_id = counted.show_id
LEFT JOIN (SELECT DISTINCT number, category FROM seat) AS name ON name.number = counted.number
GROUP BY GROUPING SETS ((counted.day), (counted.show_id), (place.movie_id), (name.category), ())

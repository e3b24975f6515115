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
), moved AS (
    -- Note [Whose day]. No clock on earth is more than 14 hours from UTC. So two comparisons find what may be of the
    -- period, two more what surely is, and only what lies within a day of its ends is looked at closely.
    SELECT b.id, b.show_id, place.layout_id, b.confirmed_at,
           CASE WHEN b.confirmed_at >= %(from_day)s::date - 1 AND b.confirmed_at < %(to_day)s::date + 2
                THEN (b.confirmed_at AT TIME ZONE place.time_zone)::date END AS sold_on,
           CASE WHEN b.status = 'cancelled'
                     AND b.ended_at >= %(from_day)s::date - 1 AND b.ended_at < %(to_day)s::date + 2
                THEN (b.ended_at AT TIME ZONE place.time_zone)::date END AS back_on
    FROM bookings_booking AS b JOIN place ON place.show_id = b.show_id
    WHERE b.confirmed_at < %(to_day)s::date + 2
      AND (b.confirmed_at >= %(from_day)s::date - 1
           OR (b.status = 'cancelled' AND b.ended_at >= %(from_day)s::date - 1))
    OFFSET 0 -- once a booking, not once for each use of its days
), turned AS MATERIALIZED (
    SELECT id, show_id, layout_id, confirmed_at,
           CASE WHEN sold_on BETWEEN %(from_day)s::date AND %(to_day)s::date THEN sold_on END AS sold_on,
           CASE WHEN back_on BETWEEN %(from_day)s::date AND %(to_day)s::date THEN back_on END AS back_on
    FROM moved
), seats AS MATERIALIZED (
    SELECT turned.sold_on, turned.back_on, turned.show_id, seating.numbers[c.seat_index + 1] AS number,
           count(*) AS seats, sum(c.price_paise) AS paise
    FROM turned
    JOIN seating ON seating.layout_id = turned.layout_id
    JOIN bookings_seatclaim AS c ON c.booking_id = turned.id
    -- The seats that were paid for: earlier claims of the same booking were let go before.
    WHERE c.claimed_at <= turned.confirmed_at AND (c.released_at IS NULL OR c.released_at > turned.confirmed_at)
      AND (turned.sold_on IS NOT NULL OR turned.back_on IS NOT NULL)
    GROUP BY 1, 2, 3, 4
), counted AS (
    SELECT sold_on AS day, show_id, number, false AS is_back, 0::bigint AS bookings, seats, paise
    FROM seats WHERE sold_on IS NOT NULL
    UNION ALL
    SELECT back_on, show_id, number, true, 0::bigint, seats, paise FROM seats WHERE back_on IS NOT NULL
    UNION ALL
    SELECT sold_on, show_id, NULL::int, false, count(*), 0::bigint, 0::bigint
    FROM turned WHERE sold_on IS NOT NULL GROUP BY 1, 2
    UNION ALL
    SELECT back_on, show_id, NULL::int, true, count(*), 0::bigint, 0::bigint
    FROM turned WHERE back_on IS NOT NULL GROUP BY 1, 2
)
SELECT counted.day, counted.show_id, place.movie_id, name.category,
       COALESCE(sum(bookings) FILTER (WHERE NOT is_back), 0)::bigint,
       COALESCE(sum(seats) FILTER (WHERE NOT is_back), 0)::bigint,
       COALESCE(sum(paise) FILTER (WHERE NOT is_back), 0)::bigint,
       COALESCE(sum(bookings) FILTER (WHERE is_back), 0)::bigint,
       COALESCE(sum(seats) FILTER (WHERE is_back), 0)::bigint,
       COALESCE(sum(paise) FILTER (WHERE is_back), 0)::bigint
FROM counted
JOIN place ON place.show_id = counted.show_id
LEFT JOIN (SELECT DISTINCT number, category FROM seat) AS name ON name.number = counted.number
GROUP BY GROUPING SETS ((counted.day), (counted.show_id), (place.movie_id), (name.category), ())

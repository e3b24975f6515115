-- What became of the holds that began in a period, by the theatre's clock.
--
-- from_day, to_day   dates, both included
-- theatre            a slug, or NULL: all
-- Returns one row: holds begun, of those: brought to the payment page, paid, run out before and after it, given up
--         before and after it, still open.
-- A booking whose seats were changed goes on as another one, which is counted in its place. Holds that clean-up has
-- removed were counted when it removed them. Days: see Note [Whose day] in sales.sql.
WITH place AS MATERIALIZED (
    SELECT s.id AS show_id, t.time_zone
    FROM bookings_show AS s
    JOIN bookings_screen AS screen ON screen.id = s.screen_id
    JOIN bookings_theatre AS t ON t.id = screen.theatre_id
    WHERE %(theatre)s::text IS NULL OR t.slug = %(theatre)s
), begun AS (
    SELECT b.status, b.checkout_at IS NOT NULL AS was_checkout, b.confirmed_at IS NOT NULL AS was_paid, count(*) AS holds
    FROM bookings_booking AS b JOIN place ON place.show_id = b.show_id
    WHERE b.created_at >= %(from_day)s::date - 1 AND b.created_at < %(to_day)s::date + 2
      AND ((b.created_at >= %(from_day)s::date + 1 AND b.created_at < %(to_day)s::date)
           OR (b.created_at AT TIME ZONE place.time_zone)::date BETWEEN %(from_day)s::date AND %(to_day)s::date)
      AND b.cancel_reason <> 'changed'
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT past.status, past.was_checkout, false, sum(past.holds)
    FROM bookings_pasthold AS past JOIN place ON place.show_id = past.show_id
    WHERE past.day BETWEEN %(from_day)s::date AND %(to_day)s::date
    GROUP BY 1, 2
)
SELECT COALESCE(sum(holds), 0)::bigint,
       COALESCE(sum(holds) FILTER (WHERE was_checkout OR was_paid), 0)::bigint,
       COALESCE(sum(holds) FILTER (WHERE was_paid), 0)::bigint,
       COALESCE(sum(holds) FILTER (WHERE NOT was_paid AND status = 'expired' AND NOT was_checkout), 0)::bigint,
       COALESCE(sum(holds) FILTER (WHERE NOT was_paid AND status = 'expired' AND was_checkout), 0)::bigint,
       COALESCE(sum(holds) FILTER (WHERE NOT was_paid AND status = 'cancelled' AND NOT was_checkout), 0)::bigint,
       COALESCE(sum(holds) FILTER (WHERE NOT was_paid AND status = 'cancelled' AND was_checkout), 0)::bigint,
       COALESCE(sum(holds) FILTER (WHERE NOT was_paid AND status = 'pending'), 0)::bigint
FROM begun

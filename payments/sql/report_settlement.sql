-- What the ledger booked in a period, by day, and what was decided of the money that was captured in it. Days are those
-- of the theatre; money of no booking has India's. See Note [Whose day] in bookings/services/reports/sql/sales.sql.
--
-- from_day, to_day   dates, both included
-- theatre            a slug, or NULL: all, and money of no theatre
-- Returns one row a day (resolution NULL) and one a resolution (day NULL): day, resolution, captures, captured (paise),
--         fees known of these captures, captures without a known fee, refunds, refunded (paise, those by hand too);
--         and in each row the price of the seats that all applied payments captured in the period pay for.
WITH booked AS MATERIALIZED (
    SELECT e.kind, e.amount_paise, p.fee_paise, p.resolution, p.booking_id,
           (e.at AT TIME ZONE COALESCE(place.time_zone, 'Asia/Kolkata'))::date AS day
    FROM payments_ledgerentry AS e
    JOIN payments_payment AS p ON p.id = e.payment_id
    LEFT JOIN bookings_booking AS b ON b.id = p.booking_id
    LEFT JOIN (
        SELECT s.id, t.slug, t.time_zone FROM bookings_show AS s
        JOIN bookings_screen AS screen ON screen.id = s.screen_id
        JOIN bookings_theatre AS t ON t.id = screen.theatre_id
    ) AS place ON place.id = b.show_id
    WHERE e.at >= %(from_day)s::date - 1 AND e.at < %(to_day)s::date + 2
      AND ((e.at >= %(from_day)s::date + 1 AND e.at < %(to_day)s::date)
           OR (e.at AT TIME ZONE COALESCE(place.time_zone, 'Asia/Kolkata'))::date
              BETWEEN %(from_day)s::date AND %(to_day)s::date)
      AND (%(theatre)s::text IS NULL OR place.slug = %(theatre)s)
)
SELECT day, resolution,
       count(*) FILTER (WHERE kind = 'captured'),
       COALESCE(sum(amount_paise) FILTER (WHERE kind = 'captured'), 0)::bigint,
       COALESCE(sum(fee_paise) FILTER (WHERE kind = 'captured'), 0)::bigint,
       count(*) FILTER (WHERE kind = 'captured' AND fee_paise IS NULL),
       count(*) FILTER (WHERE kind = 'refunded'),
       COALESCE(-sum(amount_paise) FILTER (WHERE kind = 'refunded'), 0)::bigint,
       (SELECT COALESCE(sum(c.price_paise), 0)::bigint
        FROM booked AS paid JOIN bookings_seatclaim AS c ON c.booking_id = paid.booking_id AND c.released_at IS NULL
        WHERE paid.kind = 'captured' AND paid.resolution = 'applied')
FROM booked
GROUP BY GROUPING SETS ((day), (resolution)) ORDER BY day, resolution

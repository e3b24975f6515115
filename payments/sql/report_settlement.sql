-- What the ledger booked in a period, by day. Days are those of the theatre; money of no booking has India's.
--
-- from_day, to_day   dates, both included
-- theatre            a slug, or NULL: all, and money of no theatre
-- Returns day, captures, captured (paise), fees known of these captures, captures without a known fee,
--         refunds, refunded (paise, of those by hand too).
WITH booked AS (
    SELECT e.kind, e.amount_paise, p.fee_paise, (e.at AT TIME ZONE COALESCE(t.time_zone, 'Asia/Kolkata'))::date AS day
    FROM payments_ledgerentry AS e
    JOIN payments_payment AS p ON p.id = e.payment_id
    LEFT JOIN bookings_booking AS b ON b.id = COALESCE(e.booking_id, p.booking_id)
    LEFT JOIN bookings_show AS s ON s.id = b.show_id
    LEFT JOIN bookings_screen AS screen ON screen.id = s.screen_id
    LEFT JOIN bookings_theatre AS t ON t.id = screen.theatre_id
    WHERE e.at >= %(from_day)s::date - 1 AND e.at < %(to_day)s::date + 2
      AND (%(theatre)s::text IS NULL OR t.slug = %(theatre)s)
)
SELECT day, count(*) FILTER (WHERE kind = 'captured'),
       COALESCE(sum(amount_paise) FILTER (WHERE kind = 'captured'), 0)::bigint,
       COALESCE(sum(fee_paise) FILTER (WHERE kind = 'captured'), 0)::bigint,
       count(*) FILTER (WHERE kind = 'captured' AND fee_paise IS NULL),
       count(*) FILTER (WHERE kind = 'refunded'),
       COALESCE(-sum(amount_paise) FILTER (WHERE kind = 'refunded'), 0)::bigint
FROM booked WHERE day BETWEEN %(from_day)s::date AND %(to_day)s::date
GROUP BY day ORDER BY day

-- What became of the money that was captured in a period, by what was decided of it.
--
-- from_day, to_day, theatre   as in report_settlement.sql
-- Returns resolution, payments, captured (paise), given back of it so far by the ledger, price of the seats that
--         applied payments pay for.
WITH captured AS MATERIALIZED (
    SELECT p.id, p.resolution, p.booking_id, e.amount_paise, b.confirmed_at
    FROM payments_ledgerentry AS e
    JOIN payments_payment AS p ON p.id = e.payment_id
    LEFT JOIN bookings_booking AS b ON b.id = COALESCE(e.booking_id, p.booking_id)
    LEFT JOIN bookings_show AS s ON s.id = b.show_id
    LEFT JOIN bookings_screen AS screen ON screen.id = s.screen_id
    LEFT JOIN bookings_theatre AS t ON t.id = screen.theatre_id
    WHERE e.kind = 'captured' AND e.at >= %(from_day)s::date - 1 AND e.at < %(to_day)s::date + 2
      AND (e.at AT TIME ZONE COALESCE(t.time_zone, 'Asia/Kolkata'))::date BETWEEN %(from_day)s::date AND %(to_day)s::date
      AND (%(theatre)s::text IS NULL OR t.slug = %(theatre)s)
), back AS (
    SELECT payment_id, -sum(amount_paise) AS paise FROM payments_ledgerentry WHERE kind = 'refunded' GROUP BY payment_id
), worth AS (
    SELECT captured.id, sum(c.price_paise) AS paise
    FROM captured JOIN bookings_seatclaim AS c ON c.booking_id = captured.booking_id
    WHERE captured.resolution = 'applied'
      AND c.claimed_at <= captured.confirmed_at AND (c.released_at IS NULL OR c.released_at > captured.confirmed_at)
    GROUP BY captured.id
)
SELECT captured.resolution, count(*), sum(captured.amount_paise)::bigint,
       COALESCE(sum(back.paise), 0)::bigint, COALESCE(sum(worth.paise), 0)::bigint
FROM captured LEFT JOIN back ON back.payment_id = captured.id LEFT JOIN worth ON worth.id = captured.id
GROUP BY captured.resolution ORDER BY captured.resolution

-- Refunds that were decided in a period, by where they are and why. An attempt that was made anew is not counted twice.
--
-- from_day, to_day, theatre   as in report_settlement.sql
-- Returns status, reason, refunds, paise.
SELECT r.status, r.reason, count(*), sum(r.amount_paise)::bigint
FROM payments_refund AS r
JOIN payments_payment AS p ON p.id = r.payment_id
LEFT JOIN bookings_booking AS b ON b.id = p.booking_id
LEFT JOIN bookings_show AS s ON s.id = b.show_id
LEFT JOIN bookings_screen AS screen ON screen.id = s.screen_id
LEFT JOIN bookings_theatre AS t ON t.id = screen.theatre_id
WHERE r.created_at >= %(from_day)s::date - 1 AND r.created_at < %(to_day)s::date + 2
  AND (r.created_at AT TIME ZONE COALESCE(t.time_zone, 'Asia/Kolkata'))::date
      BETWEEN %(from_day)s::date AND %(to_day)s::date
  AND (%(theatre)s::text IS NULL OR t.slug = %(theatre)s)
  AND NOT EXISTS (SELECT 1 FROM payments_refund AS newer
                  WHERE newer.payment_id = r.payment_id AND r.attempt IS NOT NULL AND newer.attempt > r.attempt)
GROUP BY r.status, r.reason ORDER BY r.status, r.reason

-- Refunds that were decided in a period, by where they are and why. Money that is to go back once is counted once: an
-- attempt that was made anew, one that somebody else's refund made needless, and somebody else's that failed and was
-- made good by ours, are not.
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
  AND NOT EXISTS (
      SELECT 1 FROM payments_refund AS other
      WHERE other.payment_id = r.payment_id AND CASE
          WHEN r.attempt IS NULL THEN r.status = 'failed' AND other.attempt IS NOT NULL
          WHEN r.status = 'processed' AND r.razorpay_id IS NOT NULL THEN false
          WHEN r.status = 'processed' AND other.attempt IS NULL THEN other.status <> 'failed'
          ELSE other.attempt > r.attempt END)
GROUP BY r.status, r.reason ORDER BY r.status, r.reason

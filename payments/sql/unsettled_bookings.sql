-- Bookings with money, or what is left of it, that nobody decided about, or with applied money though they are
-- cancelled or expired.
--
-- older_than   seconds since the payment was first seen: what is being settled right now is left alone
SELECT DISTINCT p.booking_id
FROM payments_payment AS p JOIN bookings_booking AS b ON b.id = p.booking_id
WHERE p.first_seen_at <= clock_timestamp() - %(older_than)s * interval '1 second'
  AND ((p.resolution = 'none' AND p.rank IN (2, 3) AND p.amount_refunded_paise < p.amount_paise)
       OR (p.resolution = 'applied' AND b.status IN ('cancelled', 'expired')))
LIMIT 200

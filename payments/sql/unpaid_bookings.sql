-- Bookings that went through checkout and are confirmed, though no payment was applied to them.
--
-- from_s, to_s   Unix seconds, both included: confirmed then
SELECT b.id FROM bookings_booking AS b
WHERE b.status = 'confirmed' AND b.checkout_at IS NOT NULL
  AND b.confirmed_at BETWEEN to_timestamp(%(from_s)s) AND to_timestamp(%(to_s)s)
  AND NOT EXISTS (SELECT 1 FROM payments_payment AS p WHERE p.booking_id = b.id AND p.resolution = 'applied')
ORDER BY b.id

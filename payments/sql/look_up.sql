-- What is known of a payment, and of the order that a fact names, before anything is locked.
--
-- payment, order
-- Returns one row: booking, its holder and status, amount of the order (nulls: the order is nobody's); then the payment's
--         id, order, rank, amount, currency, refunded, resolution, created_s, booking, reason, note (nulls: not known).
SELECT o.booking_id, b.holder, b.status, o.amount_paise,
       p.id, p.order_id, p.rank, p.amount_paise, p.currency, p.amount_refunded_paise, p.resolution,
       extract(epoch FROM p.razorpay_created_at)::bigint, p.booking_id, p.reason, p.booking_note
FROM (SELECT 1) AS one
LEFT JOIN payments_order AS o ON o.razorpay_id = %(order)s
LEFT JOIN bookings_booking AS b ON b.id = o.booking_id
LEFT JOIN payments_payment AS p ON p.id = %(payment)s

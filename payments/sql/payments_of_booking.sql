-- The payments of a booking, each with what its order asked for; the caller has locked the booking.
--
-- booking
-- Returns id, order, rank, amount, currency, refunded, resolution, created_s, booking, reason, note; amount of the order
--         (null: the order is none of the booking's).
SELECT p.id, p.order_id, p.rank, p.amount_paise, p.currency, p.amount_refunded_paise, p.resolution,
       extract(epoch FROM p.razorpay_created_at)::bigint, p.booking_id, p.reason, p.booking_note, o.amount_paise
FROM payments_payment AS p
LEFT JOIN payments_order AS o ON o.razorpay_id = p.order_id AND o.booking_id = p.booking_id
WHERE p.booking_id = %(booking)s ORDER BY p.id

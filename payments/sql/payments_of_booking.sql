-- The payments of a booking; the caller has locked the booking.
--
-- booking
-- Returns id, order, rank, amount, currency, refunded, resolution, created_s, booking, reason, note.
SELECT id, order_id, rank, amount_paise, currency, amount_refunded_paise, resolution,
       extract(epoch FROM razorpay_created_at)::bigint, booking_id, reason, booking_note
FROM payments_payment WHERE booking_id = %(booking)s ORDER BY id

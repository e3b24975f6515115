-- Freeze a pending booking for payment, with who pays. Nothing is returned when it may not be paid any more.
--
-- booking, name, email, phone
UPDATE bookings_booking
SET checkout_at = COALESCE(checkout_at, clock_timestamp()),
    buyer_name = %(name)s, buyer_email = %(email)s, buyer_phone = %(phone)s
WHERE id = %(booking)s AND status = 'pending' AND expires_at > clock_timestamp()
RETURNING id

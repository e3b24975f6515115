-- What staff did with money, as the audit log takes it (bookings/desk.py).
SELECT at, user_id, 'money: ' || action AS action,
       COALESCE('₹' || to_char(amount_paise / 100.0, 'FM999999999990.00'), '') AS subject,
       CASE WHEN booking_id IS NOT NULL THEN 'booking:' || booking_id
            WHEN payment_id IS NOT NULL THEN 'payment:' || payment_id ELSE '' END AS link,
       reason
FROM payments_auditentry

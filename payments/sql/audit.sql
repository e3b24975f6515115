-- Write down who did what with somebody's money, and why.
--
-- user, action, booking (or NULL), payment (or NULL), amount (paise or NULL), reason
INSERT INTO payments_auditentry (user_id, action, booking_id, payment_id, amount_paise, reason)
VALUES (%(user)s, %(action)s, %(booking)s, %(payment)s, %(amount)s, %(reason)s)

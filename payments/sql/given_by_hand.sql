-- Book money that went back to its buyer by another way than the gateway, once a payment.
--
-- payment, booking (or NULL), amount (paise)
INSERT INTO payments_ledgerentry (key, kind, payment_id, booking_id, amount_paise)
VALUES ('hand:' || %(payment)s, 'refunded', %(payment)s, %(booking)s, -%(amount)s)
ON CONFLICT (key) DO NOTHING

-- What the house has of payments, to be compared with the gateway: those of a period, and those that are named.
--
-- from_s, to_s   Unix seconds, both included
-- payments       names that the gateway told of
-- Returns id, order, booking, rank, amount (paise), currency, whether its capture is in the ledger, seconds of its
--         creation, its refunds as [[name or null, amount, status, key], …].
SELECT p.id, p.order_id, p.booking_id::text, p.rank, p.amount_paise, p.currency,
       EXISTS (SELECT 1 FROM payments_ledgerentry AS e WHERE e.key = 'captured:' || p.id),
       extract(epoch FROM COALESCE(p.razorpay_created_at, p.first_seen_at))::bigint,
       COALESCE((SELECT json_agg(json_build_array(r.razorpay_id, r.amount_paise, r.status, r.idempotency_key) ORDER BY r.id)
                 FROM payments_refund AS r WHERE r.payment_id = p.id), '[]')
FROM payments_payment AS p
WHERE p.id = ANY (%(payments)s)
   OR (COALESCE(p.razorpay_created_at, p.first_seen_at) BETWEEN to_timestamp(%(from_s)s) AND to_timestamp(%(to_s)s))
ORDER BY p.id

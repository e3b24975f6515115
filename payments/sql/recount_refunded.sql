-- Bring a payment in step with its refunds, which the caller has just written: what they move has been given back, and
-- what failed has not. This is the one way in which a payment's row goes down; facts about it only go up
-- (record_payment.sql), and what they say of a refund that failed does not count there.
--
-- payment
-- failed   paise of a refund that has failed just now, else 0: facts may have counted it
-- Returns whether anything changed.
WITH gone AS (
    SELECT p.id, p.amount_paise, p.rank AS rank_before, p.amount_refunded_paise AS before,
           GREATEST(p.amount_refunded_paise - %(failed)s,
                    COALESCE((SELECT sum(r.amount_paise) FROM payments_refund AS r
                              WHERE r.payment_id = p.id AND r.razorpay_id IS NOT NULL
                                AND r.status IN ('pending', 'processed')), 0)) AS paise
    FROM payments_payment AS p WHERE p.id = %(payment)s
)
UPDATE payments_payment AS p
SET amount_refunded_paise = gone.paise,
    rank = CASE WHEN gone.paise >= gone.amount_paise THEN 4 ELSE LEAST(p.rank, 3) END
FROM gone
WHERE p.id = gone.id
  AND (gone.paise <> gone.before OR (gone.paise >= gone.amount_paise) <> (gone.rank_before = 4))
RETURNING TRUE

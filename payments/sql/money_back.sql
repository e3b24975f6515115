-- Where the money of a booking is that the cinema does not keep: the least settled of its payments and refunds.
--
-- booking
-- Returns '', due, pending, refunded or manual; and how many payments go back.
WITH states AS (
    SELECT CASE
        WHEN p.resolution = 'manual' THEN 'manual'
        WHEN p.resolution = 'refunded' THEN 'refunded'
        WHEN EXISTS (SELECT 1 FROM payments_refund AS r WHERE r.payment_id = p.id AND r.status = 'pending') THEN 'pending'
        ELSE 'due' END AS state
    FROM payments_payment AS p
    WHERE p.booking_id = %(booking)s AND p.resolution IN ('refund_due', 'refunded', 'manual')
)
SELECT COALESCE((
    SELECT state FROM states
    ORDER BY array_position(ARRAY['manual', 'due', 'pending', 'refunded'], state) LIMIT 1), ''),
    (SELECT count(*) FROM states)::int

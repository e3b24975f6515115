-- Money that is not at rest: whatever somebody still has to do something about, Razorpay, the worker or a person.
--
-- tries_max       failures after which a webhook event waits for a person
-- page_max        so many rows at most, the oldest first
-- Returns kind, what it is about, payment, booking, amount (paise), seconds since it began, what is known, event
--         (of Razorpay's, else NULL).
WITH open AS (
    SELECT CASE WHEN p.booking_id IS NULL THEN 'parked' ELSE 'undecided' END AS kind, p.id AS what, p.id AS payment,
           p.booking_id AS booking, p.amount_paise AS paise, p.first_seen_at AS since,
           CASE WHEN p.booking_id IS NULL THEN 'order ' || COALESCE(NULLIF(p.order_id, ''), 'none') ELSE '' END AS told,
           NULL::bigint AS event
    FROM payments_payment AS p
    WHERE p.resolution = 'none' AND p.rank IN (2, 3) AND p.amount_refunded_paise < p.amount_paise
    UNION ALL
    SELECT 'misapplied', p.id, p.id, p.booking_id, p.amount_paise, COALESCE(b.ended_at, p.first_seen_at),
           'applied to a booking that is ' || b.status, NULL
    FROM payments_payment AS p JOIN bookings_booking AS b ON b.id = p.booking_id
    WHERE p.resolution = 'applied' AND b.status <> 'confirmed'
    UNION ALL
    SELECT CASE WHEN p.resolution = 'manual' THEN 'manual' WHEN r.status = 'pending' THEN 'refund_pending' ELSE 'refund_due' END,
           COALESCE(r.razorpay_id, r.idempotency_key, p.id), p.id, p.booking_id, COALESCE(r.amount_paise, p.amount_paise),
           -- A failed attempt does not make the buyer's wait shorter.
           COALESCE(r.first_at, p.first_seen_at), COALESCE(NULLIF(r.detail, ''), p.reason), NULL
    FROM payments_payment AS p
    LEFT JOIN LATERAL (
        SELECT r.*, min(r.created_at) OVER () AS first_at FROM payments_refund AS r
        WHERE r.payment_id = p.id AND r.attempt IS NOT NULL ORDER BY r.attempt DESC LIMIT 1
    ) AS r ON TRUE
    WHERE p.resolution IN ('refund_due', 'manual')
    UNION ALL
    SELECT CASE WHEN w.tries >= %(tries_max)s THEN 'webhook_failed' ELSE 'webhook' END, 'event ' || w.id, NULL, NULL, NULL,
           w.received_at, w.event || CASE WHEN w.error = '' THEN '' ELSE ': ' || w.error END, w.id
    FROM payments_webhookevent AS w WHERE w.processed_at IS NULL
    UNION ALL
    -- Once its booking has ended nobody waits for the order any more; whether it was made is looked up after that.
    SELECT 'order', 'order of ' || o.booking_id, NULL, o.booking_id, o.amount_paise, o.created_at, 'tries: ' || o.tries, NULL
    FROM payments_order AS o JOIN bookings_booking AS b ON b.id = o.booking_id
    WHERE o.state = 'creating' AND o.lease_until <= clock_timestamp() AND b.status = 'pending'
    UNION ALL
    SELECT 'uncaptured', p.id, p.id, p.booking_id, p.amount_paise, b.confirmed_at, '', NULL
    FROM payments_payment AS p JOIN bookings_booking AS b ON b.id = p.booking_id
    WHERE p.resolution = 'applied' AND p.rank < 3 AND b.status = 'confirmed'
)
SELECT kind, what, payment, booking::text, paise, extract(epoch FROM clock_timestamp() - since)::float8, told, event
FROM open ORDER BY since LIMIT %(page_max)s

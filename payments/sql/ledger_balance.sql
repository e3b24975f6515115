-- One row a payment of a period: what the ledger has of it, and where its money should be by the rows of bookings,
-- claims, payments and refunds. One statement, so that nothing moves meanwhile.
--
-- from_s, to_s   Unix seconds, both included: payments first seen then, or given back then
-- Returns payment, booking, resolution, status of the booking, rank, amount, price of the booking's live seats,
--         captured and refunded by the ledger, refunded by the refunds, given by hand, all that went or is to go back,
--         what of it is still to be asked for. Money in paise.
SELECT p.id, p.booking_id::text, p.resolution, b.status, p.rank, p.amount_paise,
       COALESCE((SELECT sum(c.price_paise) FROM bookings_seatclaim AS c
                 WHERE c.booking_id = p.booking_id AND c.released_at IS NULL), 0)::bigint,
       COALESCE(e.captured, 0)::bigint, COALESCE(e.refunded, 0)::bigint,
       COALESCE(r.moved, 0)::bigint, COALESCE(e.by_hand, 0)::bigint,
       -- Without an attempt of ours, or where one ended without us, all of it was given back by somebody else.
       CASE WHEN own.amount_paise IS NULL OR (own.status = 'processed' AND own.razorpay_id IS NULL) THEN p.amount_paise
            ELSE own.amount_paise + COALESCE(r.outside, 0) END::bigint,
       CASE WHEN own.status IN ('due', 'manual', 'failed') THEN own.amount_paise ELSE 0 END::bigint
FROM payments_payment AS p
LEFT JOIN bookings_booking AS b ON b.id = p.booking_id
LEFT JOIN LATERAL (
    SELECT sum(amount_paise) FILTER (WHERE kind = 'captured') AS captured,
           -sum(amount_paise) FILTER (WHERE kind = 'refunded' AND key NOT LIKE 'hand:%%') AS refunded,
           -sum(amount_paise) FILTER (WHERE key LIKE 'hand:%%') AS by_hand
    FROM payments_ledgerentry WHERE payment_id = p.id
) AS e ON TRUE
LEFT JOIN LATERAL (
    -- One without Razorpay's name moved nothing itself.
    SELECT sum(amount_paise) FILTER (WHERE status IN ('pending', 'processed')) AS moved,
           sum(amount_paise) FILTER (WHERE status IN ('pending', 'processed') AND attempt IS NULL) AS outside
    FROM payments_refund WHERE payment_id = p.id AND razorpay_id IS NOT NULL
) AS r ON TRUE
LEFT JOIN LATERAL (
    SELECT amount_paise, status, razorpay_id FROM payments_refund WHERE payment_id = p.id AND attempt IS NOT NULL
    ORDER BY attempt DESC LIMIT 1
) AS own ON TRUE
WHERE p.rank >= 2
  AND (p.first_seen_at BETWEEN to_timestamp(%(from_s)s) AND to_timestamp(%(to_s)s)
       OR EXISTS (SELECT 1 FROM payments_refund AS g WHERE g.payment_id = p.id
                  AND g.changed_at BETWEEN to_timestamp(%(from_s)s) AND to_timestamp(%(to_s)s)))
ORDER BY p.id

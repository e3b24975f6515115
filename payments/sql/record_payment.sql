-- Take a fact about a payment in: upward only, so that any order and any repetition end in the same row. What it counts
-- as given back may have failed since; that is not given back (recount_refunded.sql).
--
-- payment, order, booking (or NULL), amount (paise), currency, rank, refunded (paise), note, method, error_code,
-- error_detail, fee (or NULL), created_s (or NULL), certain (whether the source itself named the amount)
-- Returns the row as it is now: id, order, rank, amount, currency, refunded, resolution, created_s, booking, reason, note.
INSERT INTO payments_payment AS p (
    id, order_id, booking_id, amount_paise, currency, rank, amount_refunded_paise, booking_note, method,
    error_code, error_detail, fee_paise, razorpay_created_at)
SELECT
    %(payment)s, %(order)s, %(booking)s, %(amount)s, %(currency)s,
    CASE WHEN failed.paise > 0 THEN LEAST(%(rank)s, 3) ELSE %(rank)s END,
    GREATEST(%(refunded)s - failed.paise, 0), %(note)s, %(method)s,
    %(error_code)s, %(error_detail)s, %(fee)s, to_timestamp(%(created_s)s)
FROM (
    SELECT COALESCE(sum(r.amount_paise), 0) AS paise FROM payments_refund AS r
    WHERE r.payment_id = %(payment)s AND r.status = 'failed' AND %(refunded)s > 0
) AS failed
ON CONFLICT (id) DO UPDATE SET
    order_id = COALESCE(NULLIF(p.order_id, ''), EXCLUDED.order_id),
    booking_id = COALESCE(p.booking_id, EXCLUDED.booking_id),
    -- Razorpay's number wins over the one that our order asked for.
    amount_paise = CASE WHEN %(certain)s THEN EXCLUDED.amount_paise ELSE p.amount_paise END,
    currency = CASE WHEN %(certain)s THEN EXCLUDED.currency ELSE p.currency END,
    rank = GREATEST(p.rank, EXCLUDED.rank),
    amount_refunded_paise = GREATEST(p.amount_refunded_paise, EXCLUDED.amount_refunded_paise),
    booking_note = COALESCE(NULLIF(p.booking_note, ''), EXCLUDED.booking_note),
    method = COALESCE(NULLIF(p.method, ''), EXCLUDED.method),
    -- An error is of interest while it is the last word.
    error_code = CASE WHEN GREATEST(p.rank, EXCLUDED.rank) > 1 THEN ''
                      ELSE COALESCE(NULLIF(p.error_code, ''), EXCLUDED.error_code) END,
    error_detail = CASE WHEN GREATEST(p.rank, EXCLUDED.rank) > 1 THEN ''
                        ELSE COALESCE(NULLIF(p.error_detail, ''), EXCLUDED.error_detail) END,
    fee_paise = GREATEST(p.fee_paise, EXCLUDED.fee_paise),
    razorpay_created_at = COALESCE(p.razorpay_created_at, EXCLUDED.razorpay_created_at)
RETURNING id, order_id, rank, amount_paise, currency, amount_refunded_paise, resolution,
          extract(epoch FROM razorpay_created_at)::bigint, booking_id, reason, booking_note

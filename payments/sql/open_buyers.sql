-- A condition on a booking `b`: a person may have to write to its buyer about money. Refunds under way, payments that
-- are not decided or were left to a person, orders that may still be paid, disputes that Razorpay has told of.
EXISTS (SELECT 1 FROM payments_payment AS p WHERE p.booking_id = b.id
        AND (p.resolution IN ('refund_due', 'manual') OR (p.resolution = 'none' AND p.rank >= 2)))
OR EXISTS (SELECT 1 FROM payments_refund AS r JOIN payments_payment AS p ON p.id = r.payment_id
           WHERE p.booking_id = b.id AND r.status NOT IN ('processed', 'failed'))
OR EXISTS (SELECT 1 FROM payments_order AS o WHERE o.booking_id = b.id AND o.poll_at IS NOT NULL)
OR EXISTS (SELECT 1 FROM payments_payment AS p WHERE p.booking_id = b.id AND p.id IN (
    SELECT CASE WHEN w.processed_at IS NOT NULL
                THEN convert_from(w.body, 'UTF8')::jsonb #>> '{payload,payment,entity,id}' END
    FROM payments_webhookevent AS w WHERE starts_with(w.event, 'payment.dispute.')))

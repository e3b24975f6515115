-- Lease the making of a booking's order: a new row, or the one whose maker is gone. The booking is locked.
--
-- booking, amount (paise), lease_seconds
-- Returns id, name at Razorpay (null), amount, tries; nothing where the order is made, or somebody else is making it.
INSERT INTO payments_order AS o (booking_id, amount_paise, lease_until, poll_at)
VALUES (%(booking)s, %(amount)s, clock_timestamp() + %(lease_seconds)s * interval '1 second',
        clock_timestamp() + interval '60 seconds')
ON CONFLICT (booking_id) WHERE NOT (state = 'failed') DO UPDATE
SET lease_until = EXCLUDED.lease_until, tries = o.tries + 1
WHERE o.razorpay_id IS NULL AND o.lease_until <= clock_timestamp()
RETURNING id, razorpay_id, amount_paise, tries

-- Take orders whose payments are to be looked up, for this worker alone for a while.
--
-- batch_max, lease_seconds
-- Returns id, name at Razorpay, booking, amount, status of the booking, seconds since it ended (0: it has not).
WITH due AS (
    SELECT id FROM payments_order WHERE poll_at <= clock_timestamp()
    ORDER BY poll_at LIMIT %(batch_max)s FOR UPDATE SKIP LOCKED
)
UPDATE payments_order AS o SET poll_at = clock_timestamp() + %(lease_seconds)s * interval '1 second'
FROM due, bookings_booking AS b
WHERE o.id = due.id AND b.id = o.booking_id
RETURNING o.id, o.razorpay_id, o.booking_id, o.amount_paise, b.status,
          COALESCE(extract(epoch FROM clock_timestamp() - b.ended_at), 0)::float8

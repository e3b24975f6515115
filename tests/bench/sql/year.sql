-- A year of a chain of cinemas: of every show without a seat taken, 60 to 100 seats sold, as many holds again that came to nothing,
-- one sale in 32 given back, and the money of all of it. Everything follows from numbers, so it is the same each time.
-- One transaction, without parameters. The history of seats is not what is measured, so it is not told; keys are
-- checked once at the end instead of row by row.
SET LOCAL statement_timeout = 0;
ALTER TABLE bookings_booking DISABLE TRIGGER USER;
ALTER TABLE bookings_seatclaim DISABLE TRIGGER USER;
CREATE TEMPORARY TABLE year_key ON COMMIT DROP AS
SELECT conrelid::regclass::text AS its_table, conname, pg_get_constraintdef(oid) AS definition
FROM pg_constraint WHERE contype = 'f' AND conrelid IN (
    'bookings_booking'::regclass, 'bookings_seatclaim'::regclass, 'payments_order'::regclass,
    'payments_payment'::regclass, 'payments_refund'::regclass, 'payments_ledgerentry'::regclass);
DO $$ DECLARE its record; BEGIN
    FOR its IN SELECT * FROM year_key LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', its.its_table, its.conname);
    END LOOP;
END $$;
CREATE TEMPORARY TABLE year_show ON COMMIT DROP AS
SELECT s.id AS show_id, s.starts_at, 60 + (s.id * 7919 % 41)::int AS sold FROM bookings_show AS s
WHERE NOT EXISTS (SELECT FROM bookings_seatclaim AS c WHERE c.show_id = s.id);
CREATE TEMPORARY TABLE year_booking ON COMMIT DROP AS
-- Of 3, 2, 3, 2 … seats: so many, sold (0) or not (1), at most ten days before the show. Ids are UUIDv7 as the house's
-- are, and rows are in the order of time, as they would have come.
SELECT show_id, sold, number, fate, begun_at, fate = 0 AND (show_id + number) % 32 = 0 AS is_back,
       (lpad(to_hex((extract(epoch FROM begun_at) * 1000)::bigint), 12, '0')
        || '7' || substr(dice, 1, 3) || '8' || substr(dice, 4, 15))::uuid AS id
FROM year_show CROSS JOIN LATERAL generate_series(0, (sold - 1) * 2 / 5) AS number
CROSS JOIN generate_series(0, 1) AS fate
CROSS JOIN LATERAL (SELECT md5(show_id || '/' || number || '/' || fate) AS dice) AS thrown
CROSS JOIN LATERAL (
    SELECT starts_at - (1 + ('x' || right(dice, 6))::bit(24)::int % 14400) * interval '1 minute' AS begun_at
) AS its
ORDER BY begun_at;
ANALYZE year_booking;
INSERT INTO bookings_booking (id, show_id, holder, status, created_at, expires_at, checkout_at, confirmed_at, ended_at,
                              cancel_reason, refund, buyer_name, buyer_email)
SELECT id, show_id, 'holder-' || left(id::text, 8),
       CASE WHEN is_back THEN 'cancelled' WHEN fate = 0 THEN 'confirmed' WHEN number % 3 = 0 THEN 'cancelled' ELSE 'expired' END,
       begun_at, begun_at + interval '10 minutes',
       CASE WHEN fate = 0 OR number % 2 = 0 THEN begun_at + interval '2 minutes' END,
       CASE WHEN fate = 0 THEN begun_at + interval '3 minutes' END,
       CASE WHEN is_back THEN begun_at + interval '1 hour' WHEN fate = 1 THEN begun_at + interval '10 minutes' END,
       CASE WHEN is_back THEN 'returned' WHEN fate = 1 AND number % 3 = 0 THEN 'released' ELSE '' END,
       CASE WHEN is_back THEN 'refunded' ELSE '' END, 'Asha Rao', 'asha@example.org'
FROM year_booking;
INSERT INTO bookings_seatclaim (show_id, seat_index, kind, booking_id, price_paise, claimed_at, released_at)
SELECT y.show_id, seat, 'booking', y.id, 15000 + seat / 50 * 7500, y.begun_at,
       CASE WHEN y.is_back THEN y.begun_at + interval '1 hour' WHEN y.fate = 1 THEN y.begun_at + interval '10 minutes' END
FROM year_booking AS y CROSS JOIN LATERAL generate_series(
    (y.number * 5 + 1) / 2, LEAST(((y.number + 1) * 5 + 1) / 2, y.sold) - 1
) AS seat;
INSERT INTO payments_order (booking_id, razorpay_id, amount_paise, state, lease_until, created_at)
SELECT c.booking_id, 'order_' || left(md5(c.booking_id::text), 14), sum(c.price_paise), 'created', now(), min(c.claimed_at)
FROM bookings_seatclaim AS c JOIN year_booking AS y ON y.id = c.booking_id AND y.fate = 0 GROUP BY c.booking_id;
INSERT INTO payments_payment (id, order_id, booking_id, amount_paise, currency, rank, amount_refunded_paise, resolution,
                              method, fee_paise, razorpay_created_at, first_seen_at)
SELECT 'pay_' || left(md5(o.booking_id::text), 14), o.razorpay_id, o.booking_id, o.amount_paise, 'INR', 3,
       CASE WHEN y.is_back THEN o.amount_paise ELSE 0 END, CASE WHEN y.is_back THEN 'refunded' ELSE 'applied' END,
       'upi', o.amount_paise / 50, y.begun_at + interval '3 minutes', y.begun_at + interval '3 minutes'
FROM payments_order AS o JOIN year_booking AS y ON y.id = o.booking_id;
INSERT INTO payments_refund (payment_id, attempt, idempotency_key, razorpay_id, amount_paise, status, reason, created_at, changed_at)
SELECT p.id, 1, 'refund-' || p.id, 'rfnd_' || left(md5(p.id), 14), p.amount_paise, 'processed', 'returned',
       p.first_seen_at + interval '1 hour', p.first_seen_at + interval '2 hours'
FROM payments_payment AS p JOIN year_booking AS y ON y.id = p.booking_id WHERE p.amount_refunded_paise > 0;
INSERT INTO payments_ledgerentry (key, kind, payment_id, booking_id, amount_paise, at)
SELECT 'captured:' || p.id, 'captured', p.id, p.booking_id, p.amount_paise, p.first_seen_at
FROM payments_payment AS p JOIN year_booking AS y ON y.id = p.booking_id
UNION ALL
SELECT 'refunded:' || r.idempotency_key, 'refunded', p.id, p.booking_id, -r.amount_paise, r.changed_at
FROM payments_refund AS r JOIN payments_payment AS p ON p.id = r.payment_id
JOIN year_booking AS y ON y.id = p.booking_id;
DO $$ DECLARE its record; BEGIN
    FOR its IN SELECT * FROM year_key LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', its.its_table, its.conname, its.definition);
    END LOOP;
END $$;
ALTER TABLE bookings_booking ENABLE TRIGGER USER;
ALTER TABLE bookings_seatclaim ENABLE TRIGGER USER;

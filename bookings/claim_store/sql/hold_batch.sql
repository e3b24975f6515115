-- Open or extend the bookings of many holds and claim their seats, in one statement.
--
-- bookings, shows, holders, expires_ms, hold_ms   one entry a hold, disjoint in seats and in (holder, show)
-- claim_bookings, claim_shows, claim_seats, claim_prices   one entry a seat, in (show, seat) order: unsorted
--                                                          batches deadlock
-- Returns one row a hold that may stand: booking, opened (its row is new), claimed seats, fence, the seats it had
-- before.
-- A hold whose claims are fewer than asked is undone by a second statement of the same transaction
-- (undo_holds.sql); one that is missing here was not on sale, not its holder's pending booking, frozen or late.
-- Note [One by one]. LATERAL and OFFSET 0 leave the planner one way: each row by its key. A plan is kept for as long
-- as the connection; one that was made while the tables were empty would read every pending booking for every hold.
WITH asked AS (
    SELECT * FROM unnest(
        %(bookings)s::uuid[], %(shows)s::bigint[], %(holders)s::text[], %(expires_ms)s::bigint[]
    ) AS t (booking, show, holder, expires_ms)
), on_sale AS (
    SELECT asked.* FROM asked CROSS JOIN LATERAL (
        SELECT status, sales_open_at, sales_close_at FROM bookings_show WHERE id = asked.show
        OFFSET 0 FOR KEY SHARE -- until COMMIT: who cancels the show waits for us, or we see that it is cancelled
    ) AS s
    WHERE s.status = 'open' AND clock_timestamp() >= s.sales_open_at AND clock_timestamp() < s.sales_close_at
), opened AS (
    -- One deadline number: the lesser of Redis' and our own clock plus the length of a hold.
    INSERT INTO bookings_booking (id, show_id, holder, status, expires_at)
    SELECT booking, show, holder, 'pending', LEAST(
        to_timestamp(expires_ms / 1000.0), clock_timestamp() + %(hold_ms)s * interval '1 millisecond')
    FROM on_sale
    ON CONFLICT DO NOTHING
    RETURNING id
), extended AS (
    SELECT b.id FROM on_sale CROSS JOIN LATERAL (
        SELECT id, holder, status, checkout_at, expires_at FROM bookings_booking WHERE id = on_sale.booking
        OFFSET 0 FOR NO KEY UPDATE
    ) AS b
    WHERE b.holder = on_sale.holder
      AND b.status = 'pending' AND b.checkout_at IS NULL AND b.expires_at > clock_timestamp()
), standing AS (
    SELECT id, true AS opened FROM opened
    UNION ALL
    SELECT id, false FROM extended
), claimed AS (
    INSERT INTO bookings_seatclaim (show_id, seat_index, booking_id, price_paise)
    SELECT c.show, c.seat, c.booking, c.price
    FROM unnest(
        %(claim_bookings)s::uuid[], %(claim_shows)s::bigint[], %(claim_seats)s::smallint[], %(claim_prices)s::int[]
    ) WITH ORDINALITY AS c (booking, show, seat, price, place)
    JOIN standing ON standing.id = c.booking
    ORDER BY c.place
    ON CONFLICT (show_id, seat_index) WHERE released_at IS NULL DO NOTHING
    RETURNING booking_id, seat_index
)
SELECT standing.id::text, standing.opened,
       COALESCE(array_agg(claimed.seat_index) FILTER (WHERE claimed.booking_id IS NOT NULL), '{}'),
       nextval('bookings_fence'),
       -- As of the beginning of this statement: without the seats claimed by it.
       CASE WHEN standing.opened THEN '{}' ELSE (
           SELECT COALESCE(array_agg(c.seat_index) FILTER (WHERE c.released_at IS NULL), '{}')
           FROM bookings_seatclaim AS c WHERE c.booking_id = standing.id) END
FROM standing LEFT JOIN claimed ON claimed.booking_id = standing.id
GROUP BY standing.id, standing.opened

-- Remove bookings that expired or were given up long ago without any money, with their claims, and keep their tally
-- (bookings_pasthold), so that the funnel of their day stays what it was. See Note [A page at a time].
--
-- after, page, kept
WITH page AS MATERIALIZED (
    SELECT id FROM bookings_booking WHERE id > %(after)s::uuid ORDER BY id LIMIT %(page)s
), due AS MATERIALIZED (
    SELECT b.id, b.show_id, b.status, b.checkout_at IS NOT NULL AS was_checkout, b.cancel_reason,
           (b.created_at AT TIME ZONE t.time_zone)::date AS day
    FROM page
    JOIN bookings_booking AS b ON b.id = page.id
    JOIN bookings_show AS s ON s.id = b.show_id
    JOIN bookings_screen AS screen ON screen.id = s.screen_id
    JOIN bookings_theatre AS t ON t.id = screen.theatre_id
    WHERE b.status IN ('expired', 'cancelled') AND b.ended_at < clock_timestamp() - %(kept)s
      AND b.confirmed_at IS NULL AND b.refund = ''
      AND {unreferenced} AND {unspared}
    ORDER BY b.id
    FOR UPDATE OF b SKIP LOCKED
), claims AS (
    DELETE FROM bookings_seatclaim AS c USING due WHERE c.booking_id = due.id
), gone AS (
    DELETE FROM bookings_booking AS b USING due WHERE b.id = due.id
), counted AS (
    INSERT INTO bookings_pasthold AS past (show_id, day, status, was_checkout, holds)
    SELECT show_id, day, status, was_checkout, count(*) FROM due WHERE cancel_reason <> 'changed'
    GROUP BY show_id, day, status, was_checkout
    ORDER BY show_id, day, status, was_checkout
    ON CONFLICT (show_id, day, status, was_checkout) DO UPDATE SET holds = past.holds + EXCLUDED.holds
)
SELECT (SELECT id::text FROM page ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM due)

-- Remove letters about shows that ended long ago: they name people, and nobody sends them again. Not those of buyers whose
-- money is open. See Note [A page at a time] of bookings/services/cleanup/rules.py.
--
-- after, page, kept
WITH page AS MATERIALIZED (
    SELECT id FROM frontend_letter WHERE id > %(after)s::bigint ORDER BY id LIMIT %(page)s
), due AS MATERIALIZED (
    SELECT l.id
    FROM page
    JOIN frontend_letter AS l ON l.id = page.id
    JOIN bookings_booking AS b ON b.id = l.booking_id
    JOIN bookings_show AS s ON s.id = b.show_id
    WHERE s.ends_at < clock_timestamp() - %(kept)s
      AND l.state NOT IN ('due', 'sending') AND b.refund IN ('', 'refunded')
    ORDER BY l.id
    FOR UPDATE OF l SKIP LOCKED
), gone AS (
    DELETE FROM frontend_letter AS l USING due WHERE l.id = due.id
)
SELECT (SELECT id::text FROM page ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM due)

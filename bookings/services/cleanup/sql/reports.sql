-- Remove reports that were asked for long ago; each can be made again. See Note [A page at a time].
--
-- after, page, kept
WITH page AS MATERIALIZED (
    SELECT id FROM bookings_report WHERE id > %(after)s::uuid ORDER BY id LIMIT %(page)s
), due AS MATERIALIZED (
    SELECT r.id FROM page JOIN bookings_report AS r ON r.id = page.id
    WHERE r.asked_at < clock_timestamp() - %(kept)s
    ORDER BY r.id
    FOR UPDATE OF r SKIP LOCKED
), gone AS (
    DELETE FROM bookings_report AS r USING due WHERE r.id = due.id
)
SELECT (SELECT id::text FROM page ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM due)

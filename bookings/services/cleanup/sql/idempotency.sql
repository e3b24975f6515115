-- Remove stored replies that no request is answered with any more. See Note [A page at a time].
--
-- after, page, kept
WITH page AS MATERIALIZED (
    SELECT id FROM bookings_idempotencyrecord WHERE id > %(after)s::bigint ORDER BY id LIMIT %(page)s
), due AS MATERIALIZED (
    SELECT r.id FROM page JOIN bookings_idempotencyrecord AS r ON r.id = page.id
    WHERE r.created_at < clock_timestamp() - %(kept)s
    ORDER BY r.id
    FOR UPDATE OF r SKIP LOCKED
), gone AS (
    DELETE FROM bookings_idempotencyrecord AS r USING due WHERE r.id = due.id
)
SELECT (SELECT id::text FROM page ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM due)

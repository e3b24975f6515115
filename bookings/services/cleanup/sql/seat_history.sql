-- Remove old lines of the history of seats, which its trigger allows to nobody else. See Note [A page at a time].
--
-- after, page, kept
WITH named AS MATERIALIZED (
    SELECT set_config('housefull.cleanup', 'seat history', true)
), page AS MATERIALIZED (
    SELECT e.id, e.at FROM named, bookings_seatevent AS e WHERE e.id > %(after)s::bigint ORDER BY e.id LIMIT %(page)s
), gone AS (
    DELETE FROM bookings_seatevent AS e USING page
    WHERE e.id = page.id AND page.at < clock_timestamp() - %(kept)s
    RETURNING e.id
)
-- Ids are in the order of time: a page of which nothing goes is the last one.
SELECT CASE WHEN EXISTS (SELECT 1 FROM gone) THEN (SELECT id::text FROM page ORDER BY id DESC LIMIT 1) END,
       (SELECT count(*) FROM gone)

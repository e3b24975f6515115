-- Remove events that were handed on long ago, and such as old as nobody asked to hear of. See Note [A page at a time].
--
-- after, page, kept
-- handled   kinds of events that somebody hears: those that wait for him stay, however old
WITH page AS MATERIALIZED (
    SELECT id FROM bookings_outboxevent WHERE id > %(after)s::bigint ORDER BY id LIMIT %(page)s
), due AS MATERIALIZED (
    SELECT e.id FROM page JOIN bookings_outboxevent AS e ON e.id = page.id
    WHERE (e.done_at < clock_timestamp() - %(kept)s)
       OR (e.done_at IS NULL AND e.created_at < clock_timestamp() - %(kept)s AND NOT (e.kind = ANY (%(handled)s)))
    ORDER BY e.id
    FOR UPDATE OF e SKIP LOCKED
), gone AS (
    DELETE FROM bookings_outboxevent AS e USING due WHERE e.id = due.id
)
SELECT (SELECT id::text FROM page ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM due)

-- Remove webhooks that were taken in long ago: what they told is in the rows of money. But not those
-- of disputes, whose rows they are. See Note [A page at a time] of
-- bookings/services/cleanup/rules.py.
--
-- after, page, kept
WITH page AS MATERIALIZED (
    SELECT id FROM payments_webhookevent WHERE id > %(after)s::bigint ORDER BY id LIMIT %(page)s
), due AS MATERIALIZED (
    SELECT w.id FROM page JOIN payments_webhookevent AS w ON w.id = page.id
    WHERE w.processed_at < clock_timestamp() - %(kept)s 
      AND NOT starts_with(w.event, 'payment.dispute.')
    ORDER BY w.id
    FOR UPDATE OF w SKIP LOCKED
), gone AS (
    DELETE FROM payments_webhookevent AS w USING due WHERE w.id = due.id
)
SELECT (SELECT id::text FROM page ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM due)

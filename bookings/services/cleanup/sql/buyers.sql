-- Forget who bought seats of shows that ended long ago; the booking and its money stay. See Note [A page at a time].
--
-- after, page, kept
WITH page AS MATERIALIZED (
    SELECT id FROM bookings_booking WHERE id > %(after)s::uuid ORDER BY id LIMIT %(page)s
), due AS MATERIALIZED (
    SELECT b.id
    FROM page
    JOIN bookings_booking AS b ON b.id = page.id
    JOIN bookings_show AS s ON s.id = b.show_id
    WHERE (b.buyer_name <> '' OR b.buyer_email <> '' OR b.buyer_phone <> '')
      AND s.ends_at < clock_timestamp() - %(kept)s AND b.status <> 'pending'
      AND b.refund IN ('', 'refunded') AND {unspared}
    ORDER BY b.id
    FOR NO KEY UPDATE OF b SKIP LOCKED
), forgotten AS (
    UPDATE bookings_booking AS b SET buyer_name = '', buyer_email = '', buyer_phone = '' FROM due WHERE b.id = due.id
)
SELECT (SELECT id::text FROM page ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM due)

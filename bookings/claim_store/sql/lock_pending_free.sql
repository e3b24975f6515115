-- Lock the pending bookings of many holders, those that nobody is changing. Who is being changed leaves the batch:
-- it waits alone (lock_pending.sql), and its neighbours do not.
--
-- shows, holders   one entry a (show, holder)
-- One by one: see the note in hold_batch.sql. By the holder's index: `+ 0` keeps those of the show and of all that is
-- pending out of it, which look as good while the table is small.
SELECT asked.show, asked.holder, b.id
FROM unnest(%(shows)s::bigint[], %(holders)s::text[]) AS asked (show, holder) CROSS JOIN LATERAL (
    SELECT id, status FROM bookings_booking WHERE holder = asked.holder AND show_id + 0 = asked.show OFFSET 0
) AS his CROSS JOIN LATERAL (
    SELECT id, status FROM bookings_booking WHERE id = his.id OFFSET 0 FOR NO KEY UPDATE SKIP LOCKED
) AS b
WHERE his.status = 'pending' AND b.status = 'pending'

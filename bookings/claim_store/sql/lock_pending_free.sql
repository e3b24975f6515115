-- Lock the pending bookings of many holders, those that nobody is changing. Who is being changed leaves the batch:
-- it waits alone (lock_pending.sql), and its neighbours do not.
--
-- shows, holders   one entry a (show, holder)
SELECT b.show_id, b.holder, b.id
FROM bookings_booking AS b
JOIN unnest(%(shows)s::bigint[], %(holders)s::text[]) AS asked (show, holder)
  ON b.show_id = asked.show AND b.holder = asked.holder AND b.status = 'pending'
FOR NO KEY UPDATE OF b SKIP LOCKED

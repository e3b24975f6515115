-- The stored reply of a request, while it is kept (24 h).
SELECT request_sha256, reply FROM bookings_idempotencyrecord
WHERE holder = %(holder)s AND operation = %(operation)s AND key = %(key)s
  AND created_at > clock_timestamp() - interval '24 hours'

-- Store the replies of granted requests in the transaction that granted them; a twin that was first stands.
INSERT INTO bookings_idempotencyrecord (holder, operation, key, request_sha256, reply)
SELECT * FROM unnest(%(holders)s::text[], %(operations)s::text[], %(keys)s::text[], %(digests)s::bytea[], %(replies)s::jsonb[])
ON CONFLICT (holder, operation, key) DO NOTHING

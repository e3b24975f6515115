-- Take back what hold_batch.sql wrote for holds that came back incomplete; their neighbours stand.
-- A second statement, because an undo inside the same statement would not see the rows.
--
-- claim_bookings, claim_seats   the claims that were inserted for them
-- opened                        the bookings that were opened for them
WITH taken_back AS (
    DELETE FROM bookings_seatclaim AS c
    USING unnest(%(claim_bookings)s::uuid[], %(claim_seats)s::smallint[]) AS t (booking, seat)
    WHERE c.booking_id = t.booking AND c.seat_index = t.seat AND c.released_at IS NULL
)
DELETE FROM bookings_booking WHERE id = ANY (%(opened)s::uuid[])

-- Takeover: lock the bookings past their deadline that stand in the way of one hold, in id order, waiting for
-- whoever is working on them. expire_bookings.sql then ends them in the same transaction.
--
-- show, holder, booking, seats   the hold that wants to stand
-- slack_ms                       Redis has let it through, so a deadline less than 1 s ahead counts as past
--                                (the clocks of the two authorities may differ by 250 ms)
-- Returns booking ids.
SELECT b.id FROM bookings_booking AS b
WHERE b.status = 'pending' AND b.show_id = %(show)s AND b.id <> %(booking)s
  AND b.expires_at < clock_timestamp() + %(slack_ms)s * interval '1 millisecond'
  AND (b.holder = %(holder)s OR b.id IN (
      SELECT booking_id FROM bookings_seatclaim
      WHERE show_id = %(show)s AND seat_index = ANY (%(seats)s::smallint[])
        AND released_at IS NULL AND booking_id IS NOT NULL))
ORDER BY b.id
FOR NO KEY UPDATE

-- Claim the seats of an ended booking again, for money that came late. Seats that somebody else has are left out.
--
-- booking, show
-- seats, prices   one entry a seat, in order of seats: unsorted claims deadlock
-- Returns how many were claimed.
WITH claimed AS (
    INSERT INTO bookings_seatclaim (show_id, seat_index, booking_id, price_paise)
    SELECT %(show)s, c.seat, %(booking)s, c.price
    FROM unnest(%(seats)s::smallint[], %(prices)s::int[]) WITH ORDINALITY AS c (seat, price, place)
    ORDER BY c.place
    ON CONFLICT (show_id, seat_index) WHERE released_at IS NULL DO NOTHING
    RETURNING seat_index
)
SELECT count(*) FROM claimed

-- The seats that a booking already owns.
SELECT seat_index FROM bookings_seatclaim WHERE booking_id = %(booking)s AND released_at IS NULL

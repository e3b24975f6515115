-- Takes back seat_history.sql; the table itself goes with its model.
DROP TRIGGER seat_history_claimed ON bookings_seatclaim;
DROP TRIGGER seat_history_changed ON bookings_seatclaim;
DROP TRIGGER seat_history_undone ON bookings_seatclaim;
DROP TRIGGER seat_history_booking ON bookings_booking;
DROP TRIGGER append_only ON bookings_seatevent;
DROP FUNCTION bookings_seats_claimed(), bookings_seats_changed(), bookings_seats_undone(), bookings_booking_changed(),
    bookings_seatevent_stays();

-- Open a pending booking in place of one that was just ended for it: same show, holder, user and deadline.
--
-- old, new
INSERT INTO bookings_booking (id, show_id, holder, user_id, status, expires_at)
SELECT %(new)s, show_id, holder, user_id, 'pending', expires_at FROM bookings_booking WHERE id = %(old)s

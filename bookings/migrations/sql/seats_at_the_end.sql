-- The seats a booking had at its end are those that were let go at its very moment.
UPDATE bookings_seatclaim AS c SET released_at = b.ended_at FROM bookings_booking AS b
WHERE b.id = c.booking_id AND c.released_at <> b.ended_at AND c.released_at >= b.ended_at - interval '100 milliseconds';

-- As in seat_history.sql, but for that.
CREATE OR REPLACE FUNCTION bookings_booking_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
BEGIN
    INSERT INTO bookings_seatevent (show_id, seat_index, booking_id, holder, event, at, price_paise, reason)
    SELECT c.show_id, c.seat_index, NEW.id, NEW.holder, told.event, moment, c.price_paise, ''
    FROM (
        SELECT 'checkout' AS event WHERE OLD.checkout_at IS NULL AND NEW.checkout_at IS NOT NULL
        UNION ALL
        SELECT 'reopened' WHERE OLD.checkout_at IS NOT NULL AND NEW.checkout_at IS NULL
        UNION ALL
        SELECT 'confirmed' WHERE NEW.status = 'confirmed' AND OLD.status <> 'confirmed'
        UNION ALL
        SELECT 'refund ' || NEW.refund WHERE NEW.refund <> '' AND NEW.refund <> OLD.refund
    ) AS told CROSS JOIN LATERAL (
        -- Those it has; or had at its end, when they were let go at its very moment.
        SELECT show_id, seat_index, price_paise FROM bookings_seatclaim
        WHERE booking_id = NEW.id
          AND (released_at IS NULL OR released_at = NEW.ended_at)
        ORDER BY seat_index OFFSET 0
    ) AS c;
    RETURN NULL;
END $$;

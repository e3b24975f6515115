-- The history of seats writes itself: whatever changes a claim, or what a claim's booking is, by whatever code.
--
-- Note [In order]. `at` is read after the locks that the change had to wait for, and before its COMMIT lets the next
-- one go on. So the events of one seat never overlap, and their ids are in the order in which they happened.
-- Note [One by one], as in claim_store/sql/hold_batch.sql: a plan is kept for as long as the connection, so LATERAL
-- and OFFSET 0 leave the planner one way to a booking, by its key.

-- Claims made: held, added to a hold, claimed again for late money, blocked.
CREATE FUNCTION bookings_seats_claimed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
BEGIN
    INSERT INTO bookings_seatevent (show_id, seat_index, booking_id, holder, event, at, price_paise, reason)
    SELECT c.show_id, c.seat_index, c.booking_id, COALESCE(b.holder, ''),
           CASE WHEN c.booking_id IS NULL THEN 'blocked'
                WHEN b.status <> 'pending' THEN 'reclaimed'
                -- Made by one statement: both bear the time at which it began.
                WHEN b.created_at = c.claimed_at THEN 'held'
                ELSE 'added' END,
           moment, c.price_paise, c.reason
    FROM made AS c LEFT JOIN LATERAL (
        SELECT holder, status, created_at FROM bookings_booking WHERE id = c.booking_id OFFSET 0
    ) AS b ON true;
    RETURN NULL;
END $$;

CREATE TRIGGER seat_history_claimed AFTER INSERT ON bookings_seatclaim
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION bookings_seats_claimed();

-- Claims ended or moved. Why they ended is what their booking has become, which the same statement has changed.
CREATE FUNCTION bookings_seats_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
BEGIN
    INSERT INTO bookings_seatevent (show_id, seat_index, booking_id, holder, event, at, price_paise, reason)
    SELECT c.show_id, c.seat_index, c.booking_id, COALESCE(b.holder, ''),
           CASE WHEN c.released_at IS NULL AND was.released_at IS NOT NULL THEN 'reclaimed'
                WHEN c.released_at IS NULL THEN 'moved'
                WHEN c.booking_id IS NULL THEN 'unblocked'
                WHEN b.status = 'expired' THEN 'expired'
                WHEN b.status = 'cancelled' AND b.cancel_reason <> 'released' THEN 'cancelled'
                ELSE 'released' END,
           moment, c.price_paise,
           CASE WHEN c.booking_id IS NULL THEN c.reason
                WHEN c.released_at IS NOT NULL AND b.status = 'cancelled' AND b.cancel_reason <> 'released'
                THEN b.cancel_reason ELSE '' END
    FROM are AS c JOIN were AS was ON was.id = c.id LEFT JOIN LATERAL (
        SELECT holder, status, cancel_reason FROM bookings_booking WHERE id = c.booking_id OFFSET 0
    ) AS b ON true
    WHERE (was.released_at IS NULL) <> (c.released_at IS NULL)
       OR (c.released_at IS NULL AND was.booking_id IS DISTINCT FROM c.booking_id);
    RETURN NULL;
END $$;

CREATE TRIGGER seat_history_changed AFTER UPDATE ON bookings_seatclaim
    REFERENCING OLD TABLE AS were NEW TABLE AS are FOR EACH STATEMENT EXECUTE FUNCTION bookings_seats_changed();

-- A live claim is deleted only by the transaction that made it, when it cannot give a hold all of its seats.
CREATE FUNCTION bookings_seats_undone() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
BEGIN
    INSERT INTO bookings_seatevent (show_id, seat_index, booking_id, holder, event, at, price_paise, reason)
    SELECT c.show_id, c.seat_index, c.booking_id, '', 'undone', moment, c.price_paise, c.reason
    FROM gone AS c WHERE c.released_at IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER seat_history_undone AFTER DELETE ON bookings_seatclaim
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION bookings_seats_undone();

-- What became of a booking, told of each of its seats; how it ends is told by its claims.
CREATE FUNCTION bookings_booking_changed() RETURNS trigger LANGUAGE plpgsql AS $$
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
        -- Those it has; or had at its end, when they were let go microseconds apart.
        SELECT show_id, seat_index, price_paise FROM bookings_seatclaim
        WHERE booking_id = NEW.id
          AND (released_at IS NULL OR released_at >= NEW.ended_at - interval '100 milliseconds')
        ORDER BY seat_index OFFSET 0
    ) AS c;
    RETURN NULL;
END $$;

CREATE TRIGGER seat_history_booking AFTER UPDATE ON bookings_booking FOR EACH ROW
    WHEN ((OLD.checkout_at IS NULL) <> (NEW.checkout_at IS NULL) OR OLD.refund <> NEW.refund
          OR (NEW.status = 'confirmed' AND OLD.status <> 'confirmed'))
    EXECUTE FUNCTION bookings_booking_changed();

-- What happened is never rewritten. Clean-up names itself, and even then only takes what is a month old.
CREATE FUNCTION bookings_seatevent_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('housefull.cleanup', true) = 'seat history'
       AND OLD.at < clock_timestamp() - interval '30 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'bookings_seatevent is append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON bookings_seatevent
    FOR EACH ROW EXECUTE FUNCTION bookings_seatevent_stays();

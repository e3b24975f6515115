-- Note where the buyer's money is, in the transaction that has locked the booking, and tell of it.
--
-- booking, refund   '' when there is none to give back, which nobody is told
-- payments          how many of the booking go back: each step is told again when another one joins them
-- Returns one row when it was news.
WITH noted AS (
    UPDATE bookings_booking SET refund = %(refund)s::text
    WHERE id = %(booking)s AND refund <> %(refund)s::text
    RETURNING id, show_id
), told AS (
    INSERT INTO bookings_outboxevent (kind, key, payload)
    SELECT 'booking.refund', concat_ws(':', 'booking.refund', id, %(refund)s::text, %(payments)s::int),
           json_build_object('booking', id, 'show', show_id, 'refund', %(refund)s::text, 'payments', %(payments)s::int)
    FROM noted WHERE %(refund)s::text <> ''
    ON CONFLICT (key) DO NOTHING
)
SELECT id FROM noted

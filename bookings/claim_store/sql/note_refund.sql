-- Note where the buyer's money is, in the transaction that has locked the booking, and tell of it.
--
-- booking, refund   '' when there is none to give back, which nobody is told
-- Returns one row when it was news.
WITH noted AS (
    UPDATE bookings_booking SET refund = %(refund)s::text
    WHERE id = %(booking)s AND refund <> %(refund)s::text
    RETURNING id, show_id
), told AS (
    INSERT INTO bookings_outboxevent (kind, key, payload)
    SELECT 'booking.refund', 'booking.refund:' || id || ':' || %(refund)s::text,
           json_build_object('booking', id, 'show', show_id, 'refund', %(refund)s::text)
    FROM noted WHERE %(refund)s::text <> ''
    ON CONFLICT (key) DO NOTHING
)
SELECT id FROM noted

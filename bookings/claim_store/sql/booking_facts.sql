-- All that money has to know of a booking, which lock_booking.sql has locked in the same transaction.
--
-- booking
-- Returns one row: show, holder, status, why it ended, deadline in ms, past its deadline, frozen, buyer's name, mail and
--         phone, refund; theatre, start of the show in ms, started, still sold; its seats as [[index, price], …] (those it
--         had at its end, once it has ended: they were let go at its very moment, others before), and whether its holder
--         has a newer live booking of this show.
SELECT b.show_id, b.holder, b.status, b.cancel_reason, (extract(epoch FROM b.expires_at) * 1000)::bigint,
       b.expires_at <= clock_timestamp(), b.checkout_at IS NOT NULL, b.buyer_name, b.buyer_email, b.buyer_phone, b.refund,
       screen.theatre_id, (extract(epoch FROM s.starts_at) * 1000)::bigint, s.starts_at <= clock_timestamp(),
       s.status = 'open' AND clock_timestamp() < s.sales_close_at,
       COALESCE((SELECT json_agg(json_build_array(c.seat_index, c.price_paise) ORDER BY c.seat_index)
                 FROM bookings_seatclaim AS c WHERE c.booking_id = b.id
                 AND (c.released_at IS NULL OR c.released_at = b.ended_at)), '[]'),
       EXISTS (SELECT 1 FROM bookings_booking AS newer WHERE newer.show_id = b.show_id AND newer.holder = b.holder
               AND newer.status IN ('pending', 'confirmed') AND newer.id <> b.id AND newer.created_at > b.created_at)
FROM bookings_booking AS b
JOIN bookings_show AS s ON s.id = b.show_id
JOIN bookings_screen AS screen ON screen.id = s.screen_id
WHERE b.id = %(booking)s

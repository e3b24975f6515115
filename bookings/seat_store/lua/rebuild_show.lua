-- Replace the whole picture of a show by what PostgreSQL says, under a new epoch.
--
-- KEYS[1]  show:{id}
-- ARGV     1 epoch that was seen ('' = none)   2 new epoch   3 states   4 fence_floor   5 gone_at_ms
--          6 JSON list of holds: {token, holder, expires_ms, since_ms, seats: [[index, label, paise], …]}
--          7 JSON object holder -> "<start_ms>-<end_ms>,…" of the held-time budget
-- Returns  {'ok', now_ms, 1}   {'epoch_changed', now_ms}: somebody else rebuilt first, nothing was done
-- Atomic   the whole of it. Remaining time is kept: deadlines are PostgreSQL's. Fences up to the floor are dropped
--          afterwards, so that a write from before cannot paint over the rebuilt picture.
-- Cost     O(seats + old and new held seats).
assert(#KEYS == 1 and #ARGV == 7, 'rebuild_show: wrong arguments')

local epoch = read_show()
if (epoch or '') ~= ARGV[1] then return { 'epoch_changed', now_ms } end

for _, token in ipairs(redis.call('HKEYS', HOLDS)) do
  local hold = read_hold(token)
  redis.call('DEL', seat_reservation(hold.holder))
end
for _, label in ipairs(redis.call('HKEYS', RESERVED)) do redis.call('DEL', seat_lock(label)) end
redis.call('DEL', SHOW, STATES, RESERVED, HOLDS, HOLDERS, DEADLINES, FENCES, HELD_TIME)

redis.call('HSET', SHOW, 'epoch', ARGV[2], 'version', 1, 'fence_floor', ARGV[4], 'gone_at_ms', ARGV[5])
redis.call('SET', STATES, ARGV[3])
for _, given in ipairs(cjson.decode(ARGV[6])) do
  local hold = {
    token = given.token, expires_ms = given.expires_ms, since_ms = given.since_ms, committed = '1',
    holder = given.holder, seats = {},
  }
  redis.call('HSET', HOLDERS, hold.holder, hold.token)
  redis.call('ZADD', DEADLINES, text(hold.expires_ms), hold.token)
  for _, seat in ipairs(given.seats) do take_seat(hold, seat) end
  write_hold(hold)
end
for holder, spans in pairs(cjson.decode(ARGV[7])) do redis.call('HSET', HELD_TIME, holder, spans) end
for _, key in ipairs({ SHOW, STATES, HELD_TIME }) do redis.call('PEXPIREAT', key, ARGV[5]) end
redis.call('PUBLISH', 'asgi__group__show.' .. show_id, cmsgpack.pack({
  type = 'show.rebuilt', show = tonumber(show_id), epoch = ARGV[2],
}))
return { 'ok', now_ms, 1 }

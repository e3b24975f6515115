-- Read everything that is kept of a show, for reconcile: the picture and the keys it should agree with.
--
-- KEYS[1]  show:{id}
-- Returns  {'ok', now_ms, epoch, version, states, holds (flat hash), reserved seats (flat hash),
--           deadlines (flat zset), holders (flat hash), labels whose seat_lock is there with its holder's token}
--          {'not_ready', now_ms}
-- Cost     O(seats + held seats).
assert(#KEYS == 1 and #ARGV == 0, 'inspect_show: wrong arguments')

local epoch, version = read_show()
if not epoch then return { 'not_ready', now_ms } end
local reserved, locked = redis.call('HGETALL', RESERVED), {}
for i = 1, #reserved, 2 do
  local token = string.match(reserved[i + 1], '^(%S+)')
  if redis.call('GET', seat_lock(reserved[i])) == token then locked[#locked + 1] = reserved[i] end
end
return {
  'ok', now_ms, epoch, version, redis.call('GET', STATES) or '', redis.call('HGETALL', HOLDS), reserved,
  redis.call('ZRANGE', DEADLINES, 0, -1, 'WITHSCORES'), redis.call('HGETALL', HOLDERS), locked,
}

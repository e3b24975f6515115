-- Read the whole picture of a show at one version.
--
-- KEYS[1]  show:{id}
-- Returns  {'ok', now_ms, epoch, version, states, token, record, token, record, …}   {'not_ready', now_ms}
-- Cost     O(seats + held seats).
assert(#KEYS == 1 and #ARGV == 0, 'picture: wrong arguments')

local epoch, version = read_show()
if not epoch then return { 'not_ready', now_ms } end
local reply = { 'ok', now_ms, epoch, version, redis.call('GET', STATES) or '' }
for _, item in ipairs(redis.call('HGETALL', HOLDS)) do reply[#reply + 1] = item end
return reply

-- End every hold of a show whose deadline has passed. Whoever comes first finds them; the others find nothing.
--
-- KEYS[1]  show:{id}
-- ARGV     1 holds_max, at most so many in one call
-- Returns  {'ok', now_ms, version, ended tokens, next deadline in ms or 0}   {'not_ready', now_ms}
-- Atomic   the whole of it, with the one message that shows it. Frees only seats that still bear the token.
-- Cost     O(due holds × their seats).
assert(#KEYS == 1 and #ARGV == 1, 'reap: wrong arguments')

local epoch, version = read_show()
if not epoch then return { 'not_ready', now_ms } end
local ended = {}
for _, token in ipairs(redis.call('ZRANGEBYSCORE', DEADLINES, '-inf', text(now_ms), 'LIMIT', 0, ARGV[1])) do
  local hold = read_hold(token)
  if hold then
    end_hold(hold)
    ended[#ended + 1] = token
  else
    redis.call('ZREM', DEADLINES, token)
  end
end
version = publish(epoch, version)
local next_due = redis.call('ZRANGE', DEADLINES, 0, 0, 'WITHSCORES')
return { 'ok', now_ms, version, join(ended), tonumber(next_due[2] or 0) }

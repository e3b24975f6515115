-- Mark holds as proven by PostgreSQL and tell their holders' sockets.
--
-- KEYS[1]  show:{id}
-- ARGV     1… tokens
-- Returns  {'ok', now_ms, number of holds marked}   {'not_ready', now_ms}
-- Atomic   marking and message. A token whose hold is gone is passed over.
-- Cost     O(holds × seats of a hold).
assert(#KEYS == 1 and #ARGV >= 1, 'commit_holds: wrong arguments')

local epoch, version = read_show()
if not epoch then return { 'not_ready', now_ms } end
local marked = 0
for _, token in ipairs(ARGV) do
  local hold = read_hold(token)
  if hold then
    hold.committed = '1'
    write_hold(hold)
    announce_hold(hold)
    marked = marked + 1
  end
end
publish(epoch, version)
return { 'ok', now_ms, marked }

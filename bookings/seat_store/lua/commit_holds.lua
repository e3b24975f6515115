-- Mark holds as proven by PostgreSQL, tell their holders' sockets, and say which seats the picture has lost.
--
-- KEYS[1]  show:{id}
-- ARGV     triples: token, fence (0: not known), labels of the proven seats with commas between them
-- Returns  {'ok', now_ms, labels that are not shown as that hold's}   {'not_ready', now_ms}
-- Atomic   marking and message. The fence is remembered for each seat: what was decided before, and is shown late,
--          is dropped.
-- Cost     O(seats proven + seats of their holds).
assert(#KEYS == 1 and #ARGV >= 3 and #ARGV % 3 == 0, 'commit_holds: wrong arguments')

local epoch, version, floor = read_show()
if not epoch then return { 'not_ready', now_ms } end
local lost = {}
for i = 1, #ARGV, 3 do
  local token, fence = ARGV[i], tonumber(ARGV[i + 1])
  for label in string.gmatch(ARGV[i + 2], '[^,]+') do
    passes_fence(label, fence, floor)
    if owner_of(label) ~= token then lost[#lost + 1] = label end
  end
  local hold = read_hold(token)
  if hold then
    hold.committed = '1'
    write_hold(hold)
    announce_hold(hold)
  end
end
publish(epoch, version)
return { 'ok', now_ms, join(lost) }

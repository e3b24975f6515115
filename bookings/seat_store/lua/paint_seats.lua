-- Show what PostgreSQL decided for seats, whoever holds them in Redis: booked, blocked, or free again.
--
-- KEYS[1]  show:{id}
-- ARGV     1 state: B, X or A   2 fence   3… pairs: seat index, label
-- Returns  {'ok', now_ms, version, labels painted}   {'not_ready', now_ms}
-- Atomic   the whole of it, with the message that shows it. B and X override any token (PostgreSQL is the proof)
--          and take the seat out of its hold; A frees booked and blocked seats only. A lower fence than the last
--          one of a seat is dropped for that seat; a higher one is remembered even where there is nothing to paint.
-- Cost     O(seats × seats of the holds they leave).
assert(#KEYS == 1 and #ARGV >= 4 and #ARGV % 2 == 0, 'paint_seats: wrong arguments')

local epoch, version, floor = read_show()
if not epoch then return { 'not_ready', now_ms } end
local state, fence, painted = ARGV[1], tonumber(ARGV[2]), {}

local function leave_hold(label)
  local token = owner_of(label)
  local hold = token and read_hold(token)
  if not hold then return end
  local kept = {}
  for _, seat in ipairs(hold.seats) do
    if seat[2] ~= label then kept[#kept + 1] = seat end
  end
  hold.seats = kept
  if #kept == 0 then
    forget_hold(hold)
  else
    write_hold(hold)
  end
end

for i = 3, #ARGV, 2 do
  local idx, label = tonumber(ARGV[i]), ARGV[i + 1]
  local now_shown = redis.call('GETRANGE', STATES, idx, idx)
  local may = state ~= 'A' or now_shown == 'B' or now_shown == 'X'
  if passes_fence(label, fence, floor) and may and now_shown ~= state then
    leave_hold(label)
    paint_seat(idx, label, state)
    painted[#painted + 1] = label
  end
end
version = publish(epoch, version)
return { 'ok', now_ms, version, join(painted) }

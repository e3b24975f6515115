-- Free seats of one hold after PostgreSQL has let them go (release by the holder, expiry, orphan).
--
-- KEYS[1]  show:{id}
-- ARGV     1 token   2 fence, or '-' for seats that never reached PostgreSQL   3… labels; none: every seat of the hold
-- Returns  {'ok', now_ms, version, labels freed}   {'not_ready', now_ms}
-- Atomic   the whole of it, with the message that shows it. Only seats that still bear the token, and that no
--          higher fence has passed, are freed; a hold without seats is forgotten.
-- Cost     O(seats of the hold).
assert(#KEYS == 1 and #ARGV >= 2, 'release_seats: wrong arguments')

local epoch, version, floor = read_show()
if not epoch then return { 'not_ready', now_ms } end
local token, fence = ARGV[1], tonumber(ARGV[2])
local hold = read_hold(token)
if not hold then return { 'ok', now_ms, version, '' } end

local named = {}
for i = 3, #ARGV do named[ARGV[i]] = true end
local kept, freed = {}, {}
for _, seat in ipairs(hold.seats) do
  local bears_token = owner_of(seat[2]) == token
  local asked = #ARGV == 2 or named[seat[2]]
  if bears_token and asked and (not fence or passes_fence(seat[2], fence, floor)) then
    paint_seat(seat[1], seat[2], 'A')
    freed[#freed + 1] = seat[2]
  elseif bears_token then
    kept[#kept + 1] = seat
  end
end
hold.seats = kept
if #kept == 0 then
  remember_span(hold)
  forget_hold(hold)
elseif #freed > 0 then
  write_hold(hold)
  announce_hold(hold)
end
version = publish(epoch, version)
return { 'ok', now_ms, version, join(freed) }

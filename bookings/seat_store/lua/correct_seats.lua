-- Repair single seats to what PostgreSQL says, each only if it is still as it was read.
--
-- KEYS[1]  show:{id}
-- ARGV     1 fence   2 JSON list of seats:
--          {index, label, was, was_token, state, token, holder, expires_ms, since_ms, price_paise}
--          was/was_token: state and token that were read ('' = none); token…price_paise only for state H
-- Returns  {'ok', now_ms, version, labels repaired}   {'not_ready', now_ms}
-- Atomic   the whole of it, with the message that shows it. Compare-and-set on state and token; a lower fence
--          than the last one of a seat is dropped for that seat.
-- Cost     O(seats × seats of the holds they leave or join + holds of the show).
assert(#KEYS == 1 and #ARGV == 2, 'correct_seats: wrong arguments')

local epoch, version, floor = read_show()
if not epoch then return { 'not_ready', now_ms } end
local fence, repaired, touched = tonumber(ARGV[1]), {}, {}

local function hold_of(token)
  if not touched[token] then touched[token] = read_hold(token) end
  return touched[token]
end

local function leave(token, label)
  local hold = hold_of(token)
  if not hold then return end
  local kept = {}
  for _, seat in ipairs(hold.seats) do
    if seat[2] ~= label then kept[#kept + 1] = seat end
  end
  hold.seats = kept
end

local function join_hold(seat)
  local hold = hold_of(seat.token)
  if not hold then
    hold = {
      token = seat.token, expires_ms = seat.expires_ms, since_ms = seat.since_ms, committed = '1',
      holder = seat.holder, seats = {},
    }
    touched[seat.token] = hold
  end
  hold.committed = '1' -- PostgreSQL has it
  redis.call('HSET', HOLDERS, hold.holder, seat.token)
  redis.call('ZADD', DEADLINES, text(hold.expires_ms), seat.token)
  leave(seat.token, seat.label) -- the record may list a seat that its decision record lost
  take_seat(hold, { seat.index, seat.label, seat.price_paise })
end

for _, seat in ipairs(cjson.decode(ARGV[2])) do
  local state = redis.call('GETRANGE', STATES, seat.index, seat.index)
  local token = owner_of(seat.label) or ''
  if state == seat.was and token == seat.was_token and passes_fence(seat.label, fence, floor) then
    if token ~= '' then leave(token, seat.label) end
    if seat.state == 'H' then
      join_hold(seat)
    else
      paint_seat(seat.index, seat.label, seat.state)
    end
    repaired[#repaired + 1] = seat.label
  end
end
for _, hold in pairs(touched) do
  if #hold.seats == 0 then
    forget_hold(hold)
  else
    write_hold(hold)
    announce_hold(hold)
  end
end
-- Entries whose hold is gone point nowhere; nobody else would ever remove them.
local holders = redis.call('HGETALL', HOLDERS)
for i = 1, #holders, 2 do
  if redis.call('HEXISTS', HOLDS, holders[i + 1]) == 0 then redis.call('HDEL', HOLDERS, holders[i]) end
end
for _, token in ipairs(redis.call('ZRANGE', DEADLINES, 0, -1)) do
  if redis.call('HEXISTS', HOLDS, token) == 0 then redis.call('ZREM', DEADLINES, token) end
end
version = publish(epoch, version)
return { 'ok', now_ms, version, join(repaired) }

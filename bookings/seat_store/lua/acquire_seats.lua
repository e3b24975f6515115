-- Hold all of the named seats for one holder, or none.
--
-- KEYS[1]  show:{id}
-- ARGV     1 token to use if the holder has no hold yet   2 holder   3 valid_until_ms (0: any time)
--          4 hold_ms, length of a new hold   5 seats_max   6 budget_ms (0: the caller has judged the budget)
--          7… triples: seat index, label, price in paise
-- Returns  {'held', now_ms, version, token, expires_ms, since_ms, committed, amount, all idx, new idx, ended tokens}
--          {'seats_unavailable', now_ms, labels, ended tokens}     {'too_many_seats', now_ms, '', ended tokens}
--          {'budget', now_ms, held spans, ended tokens}            the caller judges and asks again with budget 0
--          {'not_ready', now_ms}   {'too_late', now_ms}            nothing was done
-- Atomic   the whole of it, with the message that shows it. Seats past their deadline are free: their hold is
--          ended here and its token returned, so that the caller can expire the booking.
-- Cost     O(seats asked + seats of ended holds).
assert(#KEYS == 1 and #ARGV >= 9 and (#ARGV - 6) % 3 == 0, 'acquire_seats: wrong arguments')

-- A call that a paused Redis runs late must not leave a lock that nobody owns.
local valid_until_ms = tonumber(ARGV[3])
if valid_until_ms > 0 and now_ms > valid_until_ms then return { 'too_late', now_ms } end
local epoch, version = read_show()
if not epoch then return { 'not_ready', now_ms } end

local holder, ended = ARGV[2], {}
local function end_if_due(hold)
  if hold and hold.expires_ms <= now_ms then
    end_hold(hold)
    ended[#ended + 1] = hold.token
    return nil
  end
  return hold
end

local mine = redis.call('HGET', HOLDERS, holder)
local hold = mine and end_if_due(read_hold(mine)) or nil

local wanted, refused = {}, {}
for i = 7, #ARGV, 3 do
  local idx, label = tonumber(ARGV[i]), ARGV[i + 1]
  local state = redis.call('GETRANGE', STATES, idx, idx)
  if state == 'H' then
    local token, expires_ms = owner_of(label)
    if hold and token == hold.token then
      state = 'mine'
    elseif expires_ms and expires_ms <= now_ms then
      end_if_due(read_hold(token))
      state = redis.call('GETRANGE', STATES, idx, idx)
    end
  end
  if state == 'A' then
    wanted[#wanted + 1] = { idx, label, tonumber(ARGV[i + 2]) }
  elseif state ~= 'mine' then
    refused[#refused + 1] = label
  end
end

local code, detail
if #refused > 0 then
  code, detail = 'seats_unavailable', join(refused)
elseif #wanted + (hold and #hold.seats or 0) > tonumber(ARGV[5]) then
  code, detail = 'too_many_seats', ''
elseif not hold and tonumber(ARGV[6]) > 0 then
  local spans, used_ms = redis.call('HGET', HELD_TIME, holder), 0
  for from, to in string.gmatch(spans or '', '(%d+)-(%d+)') do used_ms = used_ms + to - from end
  if used_ms >= tonumber(ARGV[6]) then code, detail = 'budget', spans end
end
if code then
  publish(epoch, version)
  return { code, now_ms, detail, join(ended) }
end

if #wanted > 0 then
  if not hold then
    hold = {
      token = ARGV[1], expires_ms = now_ms + tonumber(ARGV[4]), since_ms = now_ms, committed = '0',
      holder = holder, seats = {},
    }
    redis.call('HSET', HOLDERS, holder, hold.token)
    redis.call('ZADD', DEADLINES, text(hold.expires_ms), hold.token)
  end
  for _, seat in ipairs(wanted) do take_seat(hold, seat) end
  write_hold(hold)
end
version = publish(epoch, version)
return {
  'held', now_ms, version, hold.token, hold.expires_ms, hold.since_ms, tonumber(hold.committed), amount_of(hold),
  join(hold.seats, 1), join(wanted, 1), join(ended),
}

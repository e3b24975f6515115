-- Shared by every script of the seat store; it is put in front of each of them.
--
-- KEYS[1]  hash  show:{<id>}   fields epoch, version, fence_floor, gone_at_ms
-- Every other key of the show is named from the same hash tag, so all of them live in one slot:
--   seat_states:{id}      string  one letter per seat index: A free, H held, B booked, X blocked
--   reserved_seats:{id}   hash    label -> "<token> <expires_ms>"            (what scripts decide from)
--   holds:{id}            hash    token -> "<expires_ms> <since_ms> <committed> <holder> <idx>=<label>=<paise>,..."
--   holders:{id}          hash    holder -> token
--   hold_deadlines:{id}   zset    token -> expires_ms
--   seat_fence:{id}       hash    label -> last fence shown
--   held_time:{id}        hash    holder -> "<start_ms>-<end_ms>,..."         (the held-time budget)
--   seat_lock:{id}:<label>, seat_reservation:{id}:<holder>   strings with PX  (for eyes and wake-ups only)
-- A token is the id of the booking. Times are Unix milliseconds of Redis' own clock. Money is paise.

local SPANS_MAX = 48            -- held spans kept per holder
local SPANS_KEPT_MS = 86400000  -- as long as a strike is remembered (bookings/domain/holds.py)

local tag = string.match(KEYS[1], '{.-}')
local show_id = string.sub(tag, 2, -2)
local SHOW, STATES, RESERVED = KEYS[1], 'seat_states:' .. tag, 'reserved_seats:' .. tag
local HOLDS, HOLDERS, DEADLINES = 'holds:' .. tag, 'holders:' .. tag, 'hold_deadlines:' .. tag
local FENCES, HELD_TIME = 'seat_fence:' .. tag, 'held_time:' .. tag

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local changes, holds_changed, holds_ended = {}, {}, {}

local function text(number) return string.format('%.0f', number) end
local function seat_lock(label) return 'seat_lock:' .. tag .. ':' .. label end
local function seat_reservation(holder) return 'seat_reservation:' .. tag .. ':' .. holder end

-- A hold record, or nil: {token, expires_ms, since_ms, committed, holder, seats = {{idx, label, paise}, ...}}.
local function read_hold(token)
  local record = redis.call('HGET', HOLDS, token)
  if not record then return nil end
  local expires, since, committed, holder, seats = string.match(record, '^(%d+) (%d+) (%d) (%S+) (.*)$')
  local hold = {
    token = token, expires_ms = tonumber(expires), since_ms = tonumber(since),
    committed = committed, holder = holder, seats = {},
  }
  for idx, label, paise in string.gmatch(seats, '(%d+)=([^=]+)=(%d+)') do
    hold.seats[#hold.seats + 1] = { tonumber(idx), label, tonumber(paise) }
  end
  return hold
end

local function write_hold(hold)
  local seats, labels = {}, {}
  table.sort(hold.seats, function(a, b) return a[1] < b[1] end)
  for i, seat in ipairs(hold.seats) do
    seats[i] = text(seat[1]) .. '=' .. seat[2] .. '=' .. text(seat[3])
    labels[i] = '"' .. seat[2] .. '"'
  end
  local expires = text(hold.expires_ms)
  redis.call('HSET', HOLDS, hold.token, table.concat(
    { expires, text(hold.since_ms), hold.committed, hold.holder, table.concat(seats, ',') }, ' '))
  local left_ms = hold.expires_ms - now_ms
  if left_ms > 0 then
    redis.call('SET', seat_reservation(hold.holder), '{"booking":"' .. hold.token .. '","seats":['
      .. table.concat(labels, ',') .. '],"expires_ms":' .. expires .. '}', 'PX', text(left_ms))
  end
end

-- Give a seat to a hold: state, decision record and the key for eyes.
local function take_seat(hold, seat)
  redis.call('SETRANGE', STATES, seat[1], 'H')
  redis.call('HSET', RESERVED, seat[2], hold.token .. ' ' .. text(hold.expires_ms))
  local left_ms = hold.expires_ms - now_ms
  if left_ms > 0 then redis.call('SET', seat_lock(seat[2]), hold.token, 'PX', text(left_ms)) end
  hold.seats[#hold.seats + 1] = seat
  changes[#changes + 1] = { seat[1], 'H', hold.expires_ms }
end

-- Who reserves a seat: token, expires_ms; or nil.
local function owner_of(label)
  local reserved = redis.call('HGET', RESERVED, label)
  if not reserved then return nil end
  local token, expires = string.match(reserved, '^(%S+) (%d+)$')
  return token, tonumber(expires)
end

-- Take a seat out of whatever reserved it and paint it.
local function paint_seat(idx, label, state)
  redis.call('HDEL', RESERVED, label)
  redis.call('DEL', seat_lock(label))
  redis.call('SETRANGE', STATES, idx, state)
  changes[#changes + 1] = { idx, state }
end

-- True when this fence may still change the seat; remembers it. Lower fences come from the past.
local function passes_fence(label, fence, floor)
  if fence <= floor then return false end
  local last = redis.call('HGET', FENCES, label)
  if last and tonumber(last) > fence then return false end
  redis.call('HSET', FENCES, label, text(fence))
  if not last then redis.call('PEXPIREAT', FENCES, redis.call('HGET', SHOW, 'gone_at_ms')) end
  return true
end

-- Remember how long a holder kept seats, so that nobody locks them for ever by holding again and again.
-- Beyond SPANS_MAX the two neighbours with the smallest pause between them become one of the same held time: it
-- keeps their end and begins later, so that a pause is never charged.
local function remember_span(hold)
  local spans = {}
  local known = redis.call('HGET', HELD_TIME, hold.holder)
  for from, to in string.gmatch(known or '', '(%d+)-(%d+)') do
    if now_ms - to < SPANS_KEPT_MS then spans[#spans + 1] = { tonumber(from), tonumber(to) } end
  end
  spans[#spans + 1] = { hold.since_ms, math.min(now_ms, hold.expires_ms) }
  if #spans > SPANS_MAX then
    local closest = 2
    for i = 3, #spans do
      if spans[i][1] - spans[i - 1][2] < spans[closest][1] - spans[closest - 1][2] then closest = i end
    end
    local earlier = table.remove(spans, closest - 1)
    local later = spans[closest - 1]
    later[1] = later[1] - (earlier[2] - earlier[1])
  end
  local parts = {}
  for i, span in ipairs(spans) do parts[i] = text(span[1]) .. '-' .. text(span[2]) end
  redis.call('HSET', HELD_TIME, hold.holder, table.concat(parts, ','))
  if not known then redis.call('PEXPIREAT', HELD_TIME, redis.call('HGET', SHOW, 'gone_at_ms')) end
end

-- Remove the record of a hold that has no seats left.
local function forget_hold(hold)
  redis.call('HDEL', HOLDS, hold.token)
  redis.call('ZREM', DEADLINES, hold.token)
  if redis.call('HGET', HOLDERS, hold.holder) == hold.token then
    redis.call('HDEL', HOLDERS, hold.holder)
    redis.call('DEL', seat_reservation(hold.holder))
  end
  holds_ended[#holds_ended + 1] = { holder = hold.holder, booking = hold.token }
end

-- End a hold: every seat that still bears its token becomes free.
local function end_hold(hold)
  for _, seat in ipairs(hold.seats) do
    if owner_of(seat[2]) == hold.token then paint_seat(seat[1], seat[2], 'A') end
  end
  remember_span(hold)
  forget_hold(hold)
end

local function amount_of(hold)
  local amount = 0
  for _, seat in ipairs(hold.seats) do amount = amount + seat[3] end
  return amount
end

-- Say that a hold has changed; its holder's sockets hear of it. Of an unproven one nobody is told.
local function announce_hold(hold)
  if hold.committed ~= '1' then return end
  local seats = {}
  for i, seat in ipairs(hold.seats) do seats[i] = seat[1] end
  holds_changed[#holds_changed + 1] = {
    holder = hold.holder, booking = hold.token, status = 'pending', expires_ms = hold.expires_ms,
    amount_paise = amount_of(hold), seats = seats,
  }
end

-- Step the version and publish what happened, in the same script that made it happen: the state and its
-- message cannot part or swap. The wire format is channels_redis' own (msgpack to the group's channel).
-- Returns the version after it.
local function publish(epoch, version)
  local channel = 'asgi__group__show.' .. show_id
  if #changes > 0 then
    local from = version
    version = redis.call('HINCRBY', SHOW, 'version', 1)
    redis.call('PUBLISH', channel, cmsgpack.pack({
      type = 'show.changes', show = tonumber(show_id), epoch = epoch, from = from, version = version,
      ms = now_ms, changes = changes,
    }))
  end
  if #holds_changed > 0 or #holds_ended > 0 then
    redis.call('PUBLISH', channel, cmsgpack.pack({
      type = 'show.mine', show = tonumber(show_id), holds = holds_changed, ended = holds_ended,
    }))
  end
  return version
end

-- Epoch, version and fence floor; epoch is false when the show has no picture, or has lost its states.
local function read_show()
  if redis.call('EXISTS', STATES) == 0 then return false, 0, 0 end
  local fields = redis.call('HMGET', SHOW, 'epoch', 'version', 'fence_floor')
  return fields[1], tonumber(fields[2] or 0), tonumber(fields[3] or 0)
end

local function join(list, position)
  local parts = {}
  for i, item in ipairs(list) do parts[i] = position and text(item[position]) or item end
  return table.concat(parts, ',')
end

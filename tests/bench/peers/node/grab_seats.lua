-- Hold all of the named seats for one holder, or none.
--
-- KEYS[1]  hash    seat label -> "<holder> <expires_ms>"
-- KEYS[2]  string  version of the show
-- ARGV     1 holder   2 hold_ms   3 channel to tell of it ('': the caller tells)   4… pairs: seat index, label
-- Returns  {'held', version, expires_ms}   {'refused', labels…}
-- Atomic   the whole of it, with the message. A seat whose deadline has passed is free.
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local refused = { 'refused' }
for i = 4, #ARGV, 2 do
  local record = redis.call('HGET', KEYS[1], ARGV[i + 1])
  local expires_ms = record and tonumber(string.match(record, ' (%d+)$'))
  if expires_ms and expires_ms > now_ms then refused[#refused + 1] = ARGV[i + 1] end
end
if #refused > 1 then return refused end

local expires = string.format('%.0f', now_ms + ARGV[2])
local changes = {}
for i = 4, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i + 1], ARGV[1] .. ' ' .. expires)
  changes[#changes + 1] = '[' .. ARGV[i] .. ',"H",' .. expires .. ']'
end
local version = redis.call('INCR', KEYS[2])
if ARGV[3] ~= '' then
  redis.call('PUBLISH', ARGV[3], '{"type":"seats","version":' .. version
    .. ',"changes":[' .. table.concat(changes, ',') .. ']}')
end
return { 'held', version, expires }

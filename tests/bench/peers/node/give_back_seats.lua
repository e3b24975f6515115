-- Free the named seats as far as this holder has them.
--
-- KEYS[1]  hash    seat label -> "<holder> <expires_ms>"
-- KEYS[2]  string  version of the show
-- ARGV     1 holder   2 channel to tell of it ('': the caller tells)   3… pairs: seat index, label
-- Returns  the version after it
local changes = {}
for i = 3, #ARGV, 2 do
  local record = redis.call('HGET', KEYS[1], ARGV[i + 1])
  if record and string.match(record, '^(%S+) ') == ARGV[1] then
    redis.call('HDEL', KEYS[1], ARGV[i + 1])
    changes[#changes + 1] = '[' .. ARGV[i] .. ',"A"]'
  end
end
local version = redis.call('INCR', KEYS[2])
if ARGV[2] ~= '' then
  redis.call('PUBLISH', ARGV[2], '{"type":"seats","version":' .. version
    .. ',"changes":[' .. table.concat(changes, ',') .. ']}')
end
return version

-- Sends the requests of a file in turn, and reports in one line of JSON.
--   wrk ... -s load.lua URL -- FILE FIRST_NUMBER CHECK
-- Wherever a request holds the mark, another number of twelve digits is put in each time, from FIRST_NUMBER on.
-- With CHECK "errors", answers that hold errors are counted, which costs wrk some time for each.

local MARK = "@@@@@@@@@@@@"
local threads = {}
local count, place, number = 0, 0, 0
local requests = {}

failed = 0

function setup(thread)
  thread:set("thread_index", #threads)
  table.insert(threads, thread)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  number = tonumber(args[2]) + thread_index * 100000000
  while true do
    local length = file:read("*l")
    if not length then break end
    local text = file:read(tonumber(length))
    local parts, after = {}, 1
    while true do
      local from, to = text:find(MARK, after, true)
      table.insert(parts, text:sub(after, from and from - 1))
      if not from then break end
      after = to + 1
    end
    count = count + 1
    requests[count] = parts
  end
  file:close()
  place = thread_index * 17 % count
  if args[3] == "errors" then
    response = function(_, _, body)
      if body:find('"errors"', 1, true) then failed = failed + 1 end
    end
  end
end

function request()
  place = place % count + 1
  local parts = requests[place]
  if not parts[2] then return parts[1] end
  number = number + 1
  return table.concat(parts, string.format("%012d", number))
end

function done(summary, latency)
  local refused = 0
  for _, thread in ipairs(threads) do refused = refused + thread:get("failed") end
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"seconds":%.6f,"requests":%d,"bytes":%d,"mean":%.1f,"p50":%d,"p90":%d,"p99":%d,"p99_9":%d,"max":%d,'
      .. '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,"refused":%d}\n',
    summary.duration / 1000000, summary.requests, summary.bytes, latency.mean, latency:percentile(50),
    latency:percentile(90), latency:percentile(99), latency:percentile(99.9), latency.max,
    errors.connect, errors.read, errors.write, errors.status, errors.timeout, refused))
end

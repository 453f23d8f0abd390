-- Usage: wrk -s load.lua URL -- server|moto list|pairs APART
-- One line of numbers comes out: requests, microseconds, errors, p99 of a reply.

local fota = "/api/fota/v1/callbacks/"
local body = '{"name": "Fota", "url": "http://localhost:9001/fota"}'
local json = {["Content-Type"] = "application/json"}
local sns = {
  ["Authorization"] = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/sns/"
    .. "aws4_request, SignedHeaders=host, Signature=0"
}
-- The requests of a pair are 2 * APART turns from one another, so that the first
-- is answered before the second is sent, whichever connections they travel on:
-- accounts 1 to APART are there from the start.
local turn, makes, listing = 0, {}, ""

makes.server = {
  list = function() return wrk.format("GET", listing) end,
  first = function(n)
    return wrk.format("POST", string.format("%s%010d-00001", fota, n), json, body)
  end,
  second = function(n)
    return wrk.format("DELETE", string.format("%s%010d-00001/name/Fota", fota, n))
  end,
}
makes.moto = {
  list = function()
    return wrk.format("GET", "/?Action=ListSubscriptions&Version=2010-03-31", sns)
  end,
  first = function(n)
    return wrk.format(
      "GET", "/?Action=CreateTopic&Version=2010-03-31&Name=t" .. n, sns)
  end,
  second = function(n)
    return wrk.format("GET", "/?Action=DeleteTopic&Version=2010-03-31&TopicArn="
      .. "arn:aws:sns:us-east-1:123456789012:t" .. n, sns)
  end,
}

function init(args)
  local make, apart = makes[args[1]], tonumber(args[3])
  listing = fota .. "0242078689-00001"
  local list = make.list()
  request = function()
    if args[2] == "list" then return list end
    turn = turn + 1
    if turn % 2 == 1 then return make.first(apart + (turn + 1) / 2) end
    return make.second(turn / 2)
  end
end

function done(summary, latency)
  local errors = summary.errors.status + summary.errors.timeout
  io.write(string.format("\n%d %d %d %d\n",
    summary.requests, summary.duration, errors, latency:percentile(99)))
end

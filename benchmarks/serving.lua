-- One flower a request, each with an id and lengths of its own; what was measured is told as JSON.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local RECORD = '{"records": [{"flower": "%d", "sepal_length": %.1f, "sepal_width": %.1f, '
  .. '"petal_length": %.1f, "petal_width": %.1f}]}'
local sent = 0

function request()
  sent = sent + 1
  local lengths = {4.3 + 3.6 * math.random(), 2 + 2.4 * math.random(), 1 + 5.9 * math.random(), 0.1 + 2.4 * math.random()}
  return wrk.format(nil, nil, nil, RECORD:format(sent, lengths[1], lengths[2], lengths[3], lengths[4]))
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('{"requests": %d, "seconds": %.6f, "failed": %d, ', summary.requests, summary.duration / 1e6, failed))
  io.write(string.format('"median": %.6f, "p99": %.6f, "slowest": %.6f}\n',
    latency:percentile(50) / 1e6, latency:percentile(99) / 1e6, latency.max / 1e6))
end

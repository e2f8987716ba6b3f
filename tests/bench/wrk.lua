-- What wrk sends: one of four kinds of request, and, at the end, one line
-- of JSON with what came of them.
--
--	wrk ... -s wrk.lua URL -- check TOKENS
--	wrk ... -s wrk.lua URL -- page TOKENS PATH
--	wrk ... -s wrk.lua URL -- login USERS PASSWORD
--	wrk ... -s wrk.lua URL -- logout TOKENS FIRST THREADS
--
-- TOKENS is a file of session tokens, 43 characters and a newline each.  It
-- stays one string: a table of a million strings would be slow to collect.
-- check and page take a random one each time; logout takes each once, from the
-- number FIRST on, thread i of THREADS every THREADS-th.  USERS is how many
-- accounts there are; login picks one at random.
-- luacheck: globals wrk init request setup done

local TOKEN = 43
local threads = {}

function setup(thread)
	thread:set("id", #threads)
	table.insert(threads, thread)
end

local function head(method)
	return method .. " %s HTTP/1.1\r\nHost: localhost\r\n"
end

local function read(path)
	local file = assert(io.open(path, "rb"))
	local text = file:read("*a")
	file:close()
	return text
end

local makers = {}

local function with_any_token(tokens, before)
	local count = math.floor(#tokens / (TOKEN + 1))
	before = before .. "Cookie: session_id="
	return function()
		local at = math.random(0, count - 1) * (TOKEN + 1)
		return before .. tokens:sub(at + 1, at + TOKEN) .. "\r\n\r\n"
	end
end

function makers.check(args)
	return with_any_token(read(args[2]), head("GET"):format("/profile"))
end

-- As a browser asks for one.
function makers.page(args)
	return with_any_token(read(args[2]), head("GET"):format(args[3]) ..
	    "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n" ..
	    "Accept-Language: en-US,en;q=0.5\r\n")
end

function makers.login(args)
	local users = tonumber(args[2])
	local text = "email=user%06d%%40example.com&password=" .. args[3]
	local before = head("POST"):format("/sessions") ..
	    "Content-Type: application/x-www-form-urlencoded\r\n" ..
	    "Content-Length: " .. #text:format(0) .. "\r\n\r\n"
	return function()
		return before .. text:format(math.random(0, users - 1))
	end
end

function makers.logout(args)
	local tokens = read(args[2])
	local count = math.floor(#tokens / (TOKEN + 1))
	local step = tonumber(args[4])
	local before = head("DELETE"):format("/sessions") ..
	    "Cookie: session_id="
	next_token = tonumber(args[3]) + id
	return function()
		if next_token >= count then
			wrk.thread:stop()
			next_token = next_token - step
		end
		local at = next_token * (TOKEN + 1)
		next_token = next_token + step
		return before .. tokens:sub(at + 1, at + TOKEN) .. "\r\n\r\n"
	end
end

function init(args)
	math.randomseed(os.time() * 1000 + id)
	request = makers[args[1]](args)
end

function done(summary, latency, requests)
	local errors = summary.errors
	local last = 0
	for _, thread in ipairs(threads) do
		last = math.max(last, thread:get("next_token") or 0)
	end
	print(string.format('{"requests":%d,"seconds":%.6f,"p50":%.1f,' ..
	    '"p99":%.1f,"worst":%.1f,"next":%d,"connect":%d,"read":%d,' ..
	    '"write":%d,"status":%d,"timeout":%d}', summary.requests,
	    summary.duration / 1e6, latency:percentile(50),
	    latency:percentile(99), latency.max, last, errors.connect,
	    errors.read, errors.write, errors.status, errors.timeout))
end

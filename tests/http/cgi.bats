#!/usr/bin/env bats
# Without a web server: plain CGI, cgi-fcgi, spawn-fcgi, a socket handed over.
#
# helper.bash sets the variables that nothing here does.
# shellcheck disable=SC2154

load helper

setup_file() {
	gl_place
	gl_configure
	gl_start
}

teardown_file() {
	gl_end
}

# The environment of a CGI program, one variable a line; more as arguments.
cgi_env() {
	local method=$1 path=$2 body=$3

	shift 3
	env=(PATH="$PATH" GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1
		REQUEST_METHOD="$method" REQUEST_URI="$path"
		SCRIPT_NAME="${path%%\?*}" QUERY_STRING="" REMOTE_ADDR=127.0.0.1
		SERVER_NAME=localhost SERVER_PORT=80 SERVER_SOFTWARE=test
		CONTENT_LENGTH="${#body}"
		CONTENT_TYPE="${body:+application/x-www-form-urlencoded}")
	[ -z "${ASAN_OPTIONS-}" ] || env+=(ASAN_OPTIONS="$ASAN_OPTIONS")
	env+=("$@")
}

# as_cgi METHOD PATH BODY [NAME=VALUE...]
as_cgi() {
	local env

	cgi_env "$@"
	printf %s "$3" | env -i "${env[@]}" GATELODGE_CONF="$gl/gatelodge.conf" \
		"$GATELODGE" "${arguments[@]}" 2>>"$gl/cgi.log"
}

arguments=()

# on_a_socket METHOD PATH - as Apache's mod_cgid has it: standard input is a
# connected socket
on_a_socket() {
	local env

	cgi_env "$1" "$2" ''
	timeout 20 env -i "${env[@]}" GATELODGE_CONF="$gl/gatelodge.conf" \
		/usr/bin/python3 -c 'if True:
		import socket, subprocess, sys
		ours, theirs = socket.socketpair()
		ours.shutdown(socket.SHUT_WR)
		sys.exit(subprocess.run([sys.argv[1]],
		    stdin=theirs).returncode)' "$GATELODGE" 2>>"$gl/cgi.log"
}

# by_fcgi METHOD PATH BODY [NAME=VALUE...] - over the socket $sock
by_fcgi() {
	local env

	cgi_env "$@"
	printf %s "$3" | env -i "${env[@]}" cgi-fcgi -bind -connect \
		"${sock:-$gl/gatelodge.sock}"
}

# assert_cgi STATUS [BODY] - $output is an answer in the form of CGI.  run has
# taken the newlines off its end.
assert_cgi() {
	local end=$'\r\n\r\n'

	[[ $output$'\n' == "Status: $1 "*"$end"* ]] || fail "$output"
	if [ $# -gt 1 ]; then
		output+=$'\n'
		assert_equal "${output#*"$end"}" "${2:+$2$'\n'}"
	fi
}

@test "one request as plain CGI" {
	run -0 as_cgi GET / ''
	assert_cgi 200 '{"message":"Bienvenue"}'
	assert_line --regexp $'^Content-Type: application/json\r?$'
	assert_line --regexp $'^Cache-Control: no-store\r?$'
	run -0 as_cgi HEAD / ''
	assert_cgi 200 ''
	run -0 as_cgi GET /nope ''
	assert_cgi 404
	run -0 as_cgi GET /profile ''
	assert_cgi 403
	run -0 as_cgi OPTIONS /users ''
	assert_cgi 204
}

@test "accounts through plain CGI, beside the process that serves" {
	local id

	run -0 as_cgi POST /users 'email=cgi@example.com&password=b4l0u'
	assert_cgi 200 '{"email":"cgi@example.com","message":"user created"}'
	run -0 as_cgi POST /users 'email=CGI@example.com&password=b4l0u'
	assert_cgi 400 '{"message":"email already registered"}'
	run -0 as_cgi POST /sessions 'email=cgi@example.com&password=b4l0u'
	assert_cgi 200 '{"email":"cgi@example.com","message":"logged in"}'
	id=$(sed -n 's/^Set-Cookie: session_id=\([^;]*\).*/\1/p' <<<"$output")
	run -0 as_cgi GET /profile '' "HTTP_COOKIE=session_id=$id"
	assert_cgi 200 '{"email":"cgi@example.com"}'
	run -0 by_fcgi GET /profile '' "HTTP_COOKIE=session_id=$id"
	assert_cgi 200 '{"email":"cgi@example.com"}'
	run -0 as_cgi DELETE /sessions '' "HTTP_COOKIE=session_id=$id"
	assert_cgi 302
	run -0 by_fcgi GET /profile '' "HTTP_COOKIE=session_id=$id"
	assert_cgi 403
}

@test "a CGI body that is shorter, longer or too large" {
	local body='email=short@example.com&password=b4l0u'

	run -0 as_cgi POST /users "$body" CONTENT_LENGTH=100
	assert_cgi 400
	# What comes after CONTENT_LENGTH bytes is none of the request's.
	run -0 as_cgi POST /users "$body" CONTENT_LENGTH=23
	assert_cgi 400
	run -0 as_cgi POST /users "$body&x=$(repeat y 20000)"
	assert_cgi 413
	run -0 as_cgi POST /users "$body" CONTENT_LENGTH=abc
	assert_cgi 400
	run -0 as_cgi POST /sessions "$body"
	assert_cgi 401
}

@test "GATELODGE_CONF names the configuration of a CGI program" {
	local env

	cgi_env GET / ''
	run --separate-stderr -0 env -i "${env[@]}" \
		GATELODGE_CONF="$gl/gatelodge.conf" "$GATELODGE" </dev/null
	assert_cgi 200 '{"message":"Bienvenue"}'
	# What is wrong there is nobody's business but the log's.
	run --separate-stderr env -i "${env[@]}" \
		GATELODGE_CONF="$gl/missing.conf" "$GATELODGE" </dev/null
	[ "$status" -ne 0 ] || assert_cgi 500
	refute_output --partial "$gl"
	[[ $stderr == *"$gl/missing.conf"* ]]
}

@test "cgi-fcgi speaks to the socket" {
	run -0 by_fcgi GET / ''
	assert_cgi 200 '{"message":"Bienvenue"}'
	run -0 by_fcgi POST /users 'email=bind@example.com&password=b4l0u'
	assert_cgi 200 '{"email":"bind@example.com","message":"user created"}'
	run -0 by_fcgi POST /users ''
	[[ ${lines[0]} == *400* || ${lines[0]} == *415* ]]
}

@test "the cookie is Secure when the web server says HTTPS" {
	local value

	run -0 by_fcgi POST /users 'email=tls@example.com&password=b4l0u'
	for value in on ON 1; do
		run -0 by_fcgi POST /sessions \
			'email=tls@example.com&password=b4l0u' "HTTPS=$value"
		assert_cgi 200
		assert_line --regexp '^Set-Cookie: session_id=.*; *Secure'
	done
	run -0 by_fcgi POST /sessions 'email=tls@example.com&password=b4l0u' \
		REQUEST_SCHEME=https
	assert_cgi 200
	for value in off ''; do
		run -0 by_fcgi POST /sessions \
			'email=tls@example.com&password=b4l0u' "HTTPS=$value"
		assert_cgi 200
		refute_line --partial Secure
	done
	# A client's header is not the web server's word.
	run -0 by_fcgi POST /sessions 'email=tls@example.com&password=b4l0u' \
		HTTP_HTTPS=on HTTP_X_FORWARDED_PROTO=https
	refute_line --partial Secure
	# The cookie that a logout takes back has the same attributes.
	local id
	id=$(sed -n 's/^Set-Cookie: session_id=\([^;]*\).*/\1/p' <<<"$output")
	run -0 by_fcgi DELETE /sessions '' "HTTP_COOKIE=session_id=$id" HTTPS=on
	assert_cgi 302
	assert_line --regexp '^Set-Cookie: session_id=;.*; *Secure'
}

@test "SCRIPT_NAME and PATH_INFO serve where REQUEST_URI is not given" {
	local env

	cgi_env GET / '' SCRIPT_NAME=/profile PATH_INFO=
	env=("${env[@]/REQUEST_URI=*/UNUSED=}")
	run -0 env -i "${env[@]}" cgi-fcgi -bind -connect "$gl/gatelodge.sock"
	assert_cgi 403
	cgi_env GET / '' SCRIPT_NAME= PATH_INFO=/
	env=("${env[@]/REQUEST_URI=*/UNUSED=}")
	run -0 env -i "${env[@]}" cgi-fcgi -bind -connect "$gl/gatelodge.sock"
	assert_cgi 200 '{"message":"Bienvenue"}'
}

@test "a client's query is no command line" {
	# What a web server makes of "?-T", "?-V", "?-h" and "?-c+/etc/passwd".
	for arguments in -T -V -h -t -x --help nonsense; do
		run -0 as_cgi GET '/?x' '' QUERY_STRING=x
		assert_cgi 200 '{"message":"Bienvenue"}'
	done
	printf 'profile = "standard"\nstore = "%s"\n' "$gl/stolen.db" \
		>"$gl/stolen.conf"
	arguments=(-c "$gl/stolen.conf" -s "$gl/stolen.sock")
	run -0 as_cgi POST /users 'email=query@example.com&password=b4l0u'
	assert_cgi 200
	[ ! -e "$gl/stolen.db" ]
	[ ! -e "$gl/stolen.sock" ]
	arguments=(-c /dev/stdin)
	run -0 as_cgi GET / 'profile = "standard"'
	assert_cgi 200 '{"message":"Bienvenue"}'
}

@test "a connected socket as standard input is one request's" {
	run -0 on_a_socket GET /
	assert_cgi 200 '{"message":"Bienvenue"}'
}

# other [LINE...] - a configuration with a store and a socket of its own
other() {
	cp -p "$gl/gatelodge.conf" "$gl/kept.conf"
	gl_configure "store = \"$gl/other.db\"" "socket = \"$gl/wrong.sock\""
	mv "$gl/gatelodge.conf" "$gl/other.conf"
	mv "$gl/kept.conf" "$gl/gatelodge.conf"
	sock=$gl/other.sock
}

# Waits until the log says that it serves.
serving() {
	local i

	for ((i = 0; i < 1000; i++)); do
		! grep -q '"started"' "$1" || return 0
		sleep 0.01
	done
	cat "$1" >&2
	return 1
}

@test "spawn-fcgi hands the socket over as descriptor 0" {
	local spawned status=0

	other
	PATH=$PATH:/usr/sbin spawn-fcgi -s "$sock" -n -- "$GATELODGE" \
		-c "$gl/other.conf" >"$gl/spawn.log" 2>&1 3>&- &
	spawned=$!
	serving "$gl/spawn.log"
	run -0 by_fcgi GET / ''
	assert_cgi 200 '{"message":"Bienvenue"}'
	run -0 by_fcgi POST /users 'email=spawn@example.com&password=b4l0u'
	assert_cgi 200
	[ ! -e "$gl/wrong.sock" ]
	kill "$spawned"
	wait "$spawned" || status=$?
	assert_equal "$status" 0
	rm -f "$gl"/other.db* "$sock"
}

@test "a socket of the service manager, by LISTEN_FDS" {
	local held status=0

	other
	/usr/bin/python3 - "$sock" "$GATELODGE" "$gl/other.conf" \
		>"$gl/listen.log" 2>&1 3>&- <<-'PYTHON' &
	import os, socket, sys
	path, program, conf = sys.argv[1:]
	listener = socket.socket(socket.AF_UNIX)
	listener.bind(path)
	listener.listen(100)
	null = os.open("/dev/null", os.O_RDONLY)
	os.dup2(null, 0)
	os.dup2(listener.fileno(), 10)
	os.dup2(10, 3)
	os.environ["LISTEN_FDS"] = "1"
	os.environ["LISTEN_PID"] = str(os.getpid())
	os.execv(program, [program, "-c", conf])
	PYTHON
	held=$!
	serving "$gl/listen.log"
	run -0 by_fcgi GET / ''
	assert_cgi 200 '{"message":"Bienvenue"}'
	[ ! -e "$gl/wrong.sock" ]
	kill "$held"
	wait "$held" || status=$?
	assert_equal "$status" 0
	# The socket was not ours to remove.
	[ -S "$sock" ]
	rm -f "$gl"/other.db* "$sock"
}

@test "LISTEN_FDS meant for another process is not ours" {
	local pid status=0

	other
	sed -i "s|wrong.sock|other.sock|" "$gl/other.conf"
	LISTEN_FDS=1 LISTEN_PID=1 "$GATELODGE" -c "$gl/other.conf" \
		</dev/null >"$gl/listen.log" 2>&1 3>&- &
	pid=$!
	serving "$gl/listen.log"
	run -0 by_fcgi GET / ''
	assert_cgi 200 '{"message":"Bienvenue"}'
	kill "$pid"
	wait "$pid" || status=$?
	assert_equal "$status" 0
	rm -f "$gl"/other.db* "$sock"
}

@test "a second process on the same socket is refused with 69" {
	run --separate-stderr -69 timeout 20 "$GATELODGE" \
		-c "$gl/gatelodge.conf" </dev/null
	[[ $stderr == *"$gl/gatelodge.sock"* ]]
	run -0 by_fcgi GET / ''
	assert_cgi 200 '{"message":"Bienvenue"}'
}

@test "started from a terminal's shell with a CGI variable or two it serves" {
	local pid status=0

	other
	sed -i "s|wrong.sock|other.sock|" "$gl/other.conf"
	REQUEST_METHOD=GET "$GATELODGE" -c "$gl/other.conf" </dev/null \
		>"$gl/listen.log" 2>&1 3>&- &
	pid=$!
	serving "$gl/listen.log"
	kill "$pid"
	wait "$pid" || status=$?
	assert_equal "$status" 0
	rm -f "$gl"/other.db* "$sock"
}

trace_test

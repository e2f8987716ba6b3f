#!/usr/bin/env bats
# What the web server answers by itself, in the shape of our own answers.
#
# helper.bash sets the variables that nothing here does.
# shellcheck disable=SC2154

load helper

setup_file() {
	gl_begin
	register front@example.com b4l0u
}

teardown_file() {
	gl_end
}

setup() {
	# A worker that has just found nobody there must not remember it.
	req GET /
}

@test "a body over the cap, stopped by the web server" {
	head -c 200000 /dev/zero >"$reply/sent"
	req POST /users -H "Content-Type: $form_type" \
		--data-binary "@$reply/sent"
	assert_error 413
}

@test "nginx answers with problem+json where that is asked for" {
	local problem=application/problem+json

	[ "${WEBSERVER-nginx}" = nginx ] || skip "Apache has the plain form only"
	head -c 20000 /dev/zero >"$reply/sent"
	for accept in "$problem" "text/html;q=0.1, $problem;q=0.5" \
		"Application/Problem+JSON , */*"; do
		req POST /users -H "Content-Type: $form_type" \
			--data-binary "@$reply/sent" -H "Accept: $accept" \
			-H 'X-Request-Id: a-1'
		assert_code 413
		is Content-Type "$problem"
		is X-Request-Id a-1
		assert_equal "$(jq -c . "$reply/body")" '{"type":"about:blank","status":413,"detail":"request body too large","code":"body_too_large","request_id":"a-1","message":"request body too large"}'
	done
	for accept in "$problem;q=0" "$problem; q=0.00, */*" \
		application/json; do
		req POST /users -H "Content-Type: $form_type" \
			--data-binary "@$reply/sent" -H "Accept: $accept"
		assert_error 413
		is Content-Type application/json
	done
}

@test "no log has the token of a link, neither as a query nor as a Referer" {
	local token link i

	token=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d =)
	link="$base/undo?token=$token"
	req GET "/undo?token=$token"
	assert_code 200
	req HEAD "/report?token=$token&x=1"
	assert_code 200
	req GET /assets/style.css -e "$link"
	assert_code 200
	req POST /undo -e "$link" -H "Origin: $base" -d "token=$token"
	assert_code 403
	req PUT "/undo?token=$token"
	assert_code 405
	req GET "/nothing?token=$token" -e "$link" -A the-last-of-them
	assert_code 404
	# What is logged is logged after the answer.
	for ((i = 0; i < 1000; i++)); do
		! grep -q the-last-of-them "$gl/web/access.log" || break
		sleep 0.01
	done
	for line in 'GET /undo' 'HEAD /report' 'GET /assets/style.css' \
		'POST /undo' 'PUT /undo' 'GET /nothing'; do
		grep -qF "\"$line HTTP/1.1\"" "$gl/web/access.log" ||
			fail "$line is not logged"
	done
	run ! grep -F "$token" "$gl"/web/*log "$gl/log"
}

@test "no gatelodge there: 502 or 503 with Retry-After" {
	gl_stop
	req GET /
	[[ $code =~ ^50[23]$ ]]
	assert_error "$code"
	[[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
	req POST /sessions -d 'email=front@example.com&password=b4l0u'
	[[ $code =~ ^50[23]$ ]]
	assert_error "$code"
	gl_start
	req GET /
	assert_answer 200 '{"message":"Bienvenue"}'
}

@test "a gatelodge that does not answer: 504" {
	kill -STOP "$(gl_pid)"
	req GET /
	kill -CONT "$(gl_pid)"
	assert_error 504
	[[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
	req GET /
	assert_answer 200 '{"message":"Bienvenue"}'
}

@test "a gatelodge that was killed and comes back" {
	login front@example.com b4l0u
	kill -KILL "$(gl_pid)"
	for _ in {1..3000}; do
		[ ! -e "$gl/status" ] || break
		sleep 0.01
	done
	gl_start
	profile "$session"
	assert_answer 200 '{"email":"front@example.com"}'
}

@test "requests that are no HTTP are refused in the same shape" {
	say_raw() {
		/usr/bin/python3 - "$port" "$1" >"$reply/raw" <<-'PYTHON'
		import socket, sys
		with socket.create_connection(
		    ("127.0.0.1", int(sys.argv[1])), 10) as s:
		    s.sendall(sys.argv[2].encode().decode(
		        "unicode_escape").encode("latin-1"))
		    s.shutdown(socket.SHUT_WR)
		    while True:
		        more = s.recv(65536)
		        if not more:
		            break
		        sys.stdout.buffer.write(more)
		PYTHON
		code=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$reply/raw")
	}
	for text in 'GET / HTTP/1.1\r\n\r\n' \
		'POST /users HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef' \
		'POST /users HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n' \
		'POST /users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n' \
		'GET /%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'; do
		say_raw "$text"
		# Apache finds nothing at a path with NUL.
		[[ $code =~ ^(400|501|404)$ ]] || fail "$text: $code"
		grep -q '{"message":"' "$reply/raw" || fail "$text: shape"
		run -1 grep -i '<html' "$reply/raw"
	done
	req GET /
	assert_answer 200 '{"message":"Bienvenue"}'
}

@test "while gatelodge restarts, requests are answered or told to come back" {
	local asking

	for _ in 1 2 3; do
		rm -f "$reply/back"
		(
			# The last one after it is back, however long it takes.
			for ((n = 1, back = 0; n <= 40 || (!back && n < 2000); n++)); do
				[ ! -e "$reply/back" ] || back=1
				curl -sS -o /dev/null -w '%{http_code}\n' \
					--max-time 10 "$base/"
			done >"$reply/during"
		) 3>&- &
		asking=$!
		sleep 0.1
		gl_stop
		gl_start
		: >"$reply/back"
		wait "$asking"
		run sort -u "$reply/during"
		for line in "${lines[@]}"; do
			[[ $line =~ ^(200|502|503)$ ]] || fail "$line"
		done
	done
	assert_equal "$(tail -1 "$reply/during")" 200
}

trace_test

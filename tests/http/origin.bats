#!/usr/bin/env bats
# Another site's page cannot act.
#
# helper.bash sets the variables that nothing here does.
# shellcheck disable=SC2154

load helper

setup_file() {
	gl_begin 'origins = {"https://app.example", "http://other.example:8080"}'
	register page@example.com b4l0u
}

teardown_file() {
	gl_end
}

# The doors that act, with bodies that would succeed.
acting() {
	login page@example.com b4l0u
	local before
	before=$(db_state)
	req POST /users -d 'email=forged@example.com&password=b4l0u' "$@"
	assert_error 403
	req POST /sessions -d 'email=page@example.com&password=b4l0u' "$@"
	assert_error 403
	req DELETE /sessions -b "session_id=$session" "$@"
	assert_error 403
	req POST /reset_password -d 'email=page@example.com' "$@"
	assert_error 403
	req PUT /reset_password -d 'email=page@example.com' "$@" \
		-d "reset_token=$(repeat A 43)&new_password=x"
	assert_error 403
	assert_equal "$(db_state)" "$before"
	profile "$session"
	assert_code 200
}

passes() {
	req POST /sessions -d 'email=page@example.com&password=b4l0u' "$@"
	assert_code 200
}

refused() {
	req POST /sessions -d 'email=page@example.com&password=b4l0u' "$@"
	assert_error 403
}

@test "Sec-Fetch-Site cross-site and same-site are refused at every door" {
	acting -H 'Sec-Fetch-Site: cross-site'
	acting -H 'Sec-Fetch-Site: same-site'
	# Origin does not speak for it.
	acting -H 'Sec-Fetch-Site: cross-site' -H "Origin: $base"
	acting -H 'Sec-Fetch-Site: same-site' -H "Origin: $base"
}

@test "Sec-Fetch-Site same-origin and none pass" {
	passes -H 'Sec-Fetch-Site: same-origin'
	passes -H 'Sec-Fetch-Site: none'
	passes -H 'Sec-Fetch-Site: same-origin' -H "Origin: $base"
}

@test "a foreign Origin is refused at every door" {
	acting -H 'Origin: https://evil.example'
	acting -H 'Origin: null'
}

@test "neither header: not a browser" {
	passes
}

@test "our own origin, and the loopback names on its port" {
	local name

	for name in localhost 127.0.0.1 '[::1]' 0.0.0.0; do
		passes -H "Origin: http://$name:$port"
	done
}

@test "the origins of the configuration" {
	passes -H 'Origin: https://app.example'
	passes -H 'Origin: http://other.example:8080'
	refused -H 'Origin: http://app.example'
	refused -H 'Origin: https://app.example:8443'
	refused -H 'Origin: https://www.app.example'
	refused -H 'Origin: https://app.example.evil.example'
	refused -H 'Origin: http://other.example'
	refused -H 'Origin: http://other.example:80'
}

@test "origins that only look like ours" {
	local origin

	for origin in "http://localhost:$((port + 1))" http://localhost \
		"http://127.0.0.1:$((port - 1))" "http://[::1]:1" \
		"http://localhost.evil.example:$port" \
		"http://evil.example:$port" "http://localhost:$port.evil" \
		"http://127.0.0.1.evil.example:$port" \
		"http://localhost:$port@evil.example" \
		"http://evil.example/http://localhost:$port" \
		"http://evil.example#http://localhost:$port" \
		"http://notlocalhost:$port" "http://localhost:${port}0" \
		"ftp://localhost:$port" "localhost:$port" localhost \
		"//localhost:$port" "http://" ':' "http://:$port" \
		"http://10.0.0.1:$port" "http://128.0.0.1:$port" \
		"http://[::2]:$port" "null, http://localhost:$port" \
		"http://localhost:$port http://evil.example" \
		"http://localhost:$port, http://evil.example" \
		"http://localhost :$port" file://; do
		refused -H "Origin: $origin"
	done
}

@test "the Host header makes no origin ours" {
	refused -H 'Host: evil.example' -H 'Origin: http://evil.example'
	refused -H "Host: evil.example:$port" \
		-H "Origin: http://evil.example:$port"
	refused -H 'X-Forwarded-Host: evil.example' \
		-H 'Origin: http://evil.example'
}

@test "GET, HEAD and OPTIONS are open to links from elsewhere" {
	local how

	login page@example.com b4l0u
	for how in 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' \
		'Origin: https://evil.example' 'Origin: null'; do
		req GET / -H "$how"
		assert_answer 200 '{"message":"Bienvenue"}'
		req GET /profile -H "$how" -b "session_id=$session"
		assert_answer 200 '{"email":"page@example.com"}'
		req HEAD / -H "$how"
		assert_code 200
		req OPTIONS /sessions -H "$how"
		assert_code 204
	done
}

@test "the refusal comes before any other work" {
	local how='Sec-Fetch-Site: cross-site'

	req POST /users -H "$how" -d nonsense
	assert_error 403
	req POST /users -H "$how" -H 'Content-Type: text/plain' -d x
	assert_error 403
	req POST /users -H "$how" -H 'Content-Type: application/json' -d '{'
	assert_error 403
	req DELETE /sessions -H "$how"
	assert_error 403
	# Not even a look whether there is such a door.
	req POST /nope -H "$how"
	assert_error 403
	req PATCH /users -H "$how"
	assert_error 403
	req GET /nope -H "$how"
	assert_error 404
}

trace_test

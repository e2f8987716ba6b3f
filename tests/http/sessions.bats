#!/usr/bin/env bats
# One's own sessions, password and account, through a web server.
#
# helper.bash sets the variables that nothing here does.
# shellcheck disable=SC2030,SC2031,SC2154

load helper

setup_file() {
	gl_begin
}

teardown_file() {
	gl_end
}

# begin EMAIL - a new account with two sessions: $first and $session
begin() {
	register "$1" b4l0u
	assert_code 200
	login "$1" b4l0u
	first=$session
	login "$1" b4l0u
}

# with SESSION METHOD PATH [NAME=VALUE...]
with() {
	local args=() field
	for field in "${@:4}"; do
		args+=(--data-urlencode "$field")
	done
	req "$2" "$3" -b "session_id=$1" "${args[@]}"
}

# empty STATUS - without a body
empty() {
	[[ $code == "$1" && -z $body ]] || fail "not an empty $1: $code $body"
	assert_headers
}

# ids SESSION [FILTER]
ids() {
	with "$1" GET /sessions
	assert_code 200
	jq -r ".sessions[] | ${2-.} | .id" "$reply/body"
}

@test "one's sessions are listed with where and when they began" {
	begin list@example.com
	req POST /sessions -A 'Mozilla/5.0 "x"' -d email=list@example.com \
		-d password=b4l0u
	session=$(session_set)
	with "$session" GET /sessions
	assert_code 200
	assert_headers
	jq -e '.sessions | length == 3 and (map(.current) ==
		[true, false, false]) and (map(.id) | unique | length == 3) and
		.[0].user_agent == "Mozilla/5.0 \"x\"" and
		all(.network | test("^(127\\.0\\.0\\.0/24|::/48)$")) and
		all((.created | test("^20..-..-..T..:..:..\\....Z$")) and
			.created == .last_seen)' "$reply/body"
	[[ $body != *"$session"* && $body != *"$first"* ]]
	req GET /sessions
	assert_error 403 session
}

@test "one session is ended by its id, others stay" {
	local id

	begin end@example.com
	id=$(ids "$session" 'select(.current | not)')
	with "$session" DELETE "/sessions/$id"
	empty 204
	has_no Set-Cookie
	profile "$first"
	assert_error 403 session
	profile "$session"
	assert_code 200
	with "$session" DELETE "/sessions/$id"
	assert_error 404 session
	with "$session" DELETE "/sessions/$(ids "$session")"
	empty 204
	[[ $head == *$'\nSet-Cookie: session_id=;'* ]]
	profile "$session"
	assert_error 403 session
}

@test "8.2.2 another account's session is out of reach" {
	local mine

	begin mine@example.com
	mine=$session
	begin alien@example.com
	with "$mine" DELETE "/sessions/$(ids "$session" 'select(.current)')"
	assert_error 404 session
	profile "$session"
	assert_code 200
}

@test "the others are ended" {
	begin others@example.com
	with "$session" DELETE /sessions/others
	empty 204
	profile "$first"
	assert_error 403 session
	profile "$session"
	assert_code 200
}

@test "7.2.4 the eleventh session ends the oldest" {
	local i

	begin many@example.com
	for ((i = 0; i < 8; i++)); do
		login many@example.com b4l0u
	done
	profile "$first"
	assert_code 200
	login many@example.com b4l0u
	profile "$first"
	assert_error 403 session
	[ "$(ids "$session" | wc -l)" -eq 10 ]
}

@test "a stale proof of the password is asked for again" {
	begin proof@example.com
	db "UPDATE sessions SET proved_at = proved_at - 300001"
	with "$session" GET /profile/export
	assert_error 403 password
	with "$session" POST /sessions/confirm password=wrong
	assert_error 403 password
	with "$session" POST /sessions/confirm password=b4l0u
	empty 204
	with "$session" GET /profile/export
	assert_code 200
	jq -e '.email == "proof@example.com" and (.created | length == 24) and
		(.sessions | length == 2)' "$reply/body"
	with "$first" GET /profile/export
	assert_error 403 password
}

@test "a new password ends the other sessions and keeps this one" {
	begin change@example.com
	with "$session" PUT /profile/password new_password=next1
	assert_error 400 current_password
	with "$session" PUT /profile/password current_password=b4l0u
	assert_error 400 new_password
	with "$session" PUT /profile/password current_password=next1 \
		new_password=next1
	assert_error 403 password
	profile "$first"
	assert_code 200
	with "$session" PUT /profile/password current_password=b4l0u \
		new_password=next1
	assert_answer 200 '{"message":"Password updated"}'
	profile "$first"
	assert_error 403 session
	profile "$session"
	assert_code 200
	login change@example.com b4l0u
	assert_error 401
	login change@example.com next1
	assert_code 200
}

@test "a deleted account leaves nothing" {
	begin gone@example.com
	token_for gone@example.com
	with "$session" DELETE /profile password=wrong
	assert_error 403 password
	with "$session" DELETE /profile
	assert_error 400 password
	with "$session" DELETE /profile password=b4l0u
	empty 204
	[[ $head == *$'\nSet-Cookie: session_id=;'* ]]
	profile "$first"
	assert_error 403 session
	set_password gone@example.com "$token" next1
	assert_error 403 token
	login gone@example.com b4l0u
	assert_error 401
	[ -z "$(db "SELECT 1 FROM users WHERE email = 'gone@example.com'")" ]
}

@test "7.3.1 an idle session ends, and what has ended is swept" {
	begin idle@example.com
	db "UPDATE sessions SET expires_at = 1 WHERE token_hash =
		'$(printf %s "$first" | sha256sum | cut -c 1-64 | xxd -r -p |
			base64 -w 0 | tr '+/' '-_' | tr -d =)'"
	profile "$first"
	assert_error 403 session
	profile "$session"
	assert_code 200
	for ((i = 0; i < 150; i++)); do
		[ -n "$(db 'SELECT 1 FROM sessions WHERE expires_at = 1')" ] ||
			break
		sleep 0.1
	done
	[ "$i" -lt 150 ]
}

@test "b21 a page that is opened is noted, a poll is not" {
	local seen="SELECT count(*) FROM sessions s JOIN users u ON
		u.id = s.user_id WHERE u.email = 'seen@example.com' AND
		s.last_seen_at > s.created_at"

	begin seen@example.com
	db 'UPDATE sessions SET created_at = created_at - 61000,
		last_seen_at = last_seen_at - 61000'
	db 'UPDATE sessions SET last_seen_at = created_at'
	profile "$session"
	req GET /profile -b "session_id=$session" -H 'Sec-Fetch-Mode: cors'
	req GET /profile -b "session_id=$first" -H 'Sec-Fetch-Mode: navigate'
	assert_code 200
	for ((i = 0; i < 100; i++)); do
		[ "$(db "$seen")" -eq 0 ] || break
		sleep 0.05
	done
	[ "$(db "$seen")" -eq 1 ]
}

@test "b25 another site's page ends nothing" {
	begin site@example.com
	for door in 'DELETE /sessions/others' 'DELETE /profile' \
		'POST /sessions/confirm' 'PUT /profile/password'; do
		# shellcheck disable=SC2086 # two words
		req $door -b "session_id=$session" \
			-H 'Sec-Fetch-Site: same-site' -d password=b4l0u \
			-d current_password=b4l0u -d new_password=x
		assert_error 403 site
	done
	profile "$first"
	assert_code 200
}

trace_test

#!/usr/bin/env bats
# The session cookie: how it is set, and what is taken for one.
#
# helper.bash sets the variables that nothing here does.
# shellcheck disable=SC2154,SC2030,SC2031

load helper

setup_file() {
	gl_begin
	register jar@example.com b4l0u
}

teardown_file() {
	gl_end
}

setup() {
	login jar@example.com b4l0u
	assert_code 200
	set_cookie=$(header Set-Cookie)
}

welcome() {
	req GET /profile "$@"
	assert_answer 200 '{"email":"jar@example.com"}'
}

unwelcome() {
	req GET /profile "$@"
	assert_error 403
	req DELETE /sessions "$@"
	assert_error 403
}

# attributes COOKIE - all but name and value, in small letters, sorted
attributes() {
	tr ';' '\n' <<<"$1" | tail -n +2 | sed 's/^ *//; s/ *$//' |
		tr '[:upper:]' '[:lower:]' | sort | xargs
}

@test "name, value and attributes of the cookie" {
	[[ $set_cookie =~ ^session_id=[A-Za-z0-9_-]{43}\; ]]
	assert_equal "$(attributes "$set_cookie")" \
		'httponly max-age=604800 path=/ samesite=lax'
}

@test "logout clears that cookie and no other" {
	req DELETE /sessions -b "other=1; session_id=$session; third=2"
	assert_code 302
	once Set-Cookie
	[[ $(header Set-Cookie) =~ ^session_id=\; ]]
	assert_equal "$(attributes "$(header Set-Cookie)")" \
		'httponly max-age=0 path=/ samesite=lax'
	unwelcome -b "session_id=$session"
}

@test "only that session ends with a logout" {
	local first=$session

	login jar@example.com b4l0u
	req DELETE /sessions -b "session_id=$session"
	assert_code 302
	welcome -b "session_id=$first"
}

@test "among other cookies, in any place" {
	welcome -b "session_id=$session"
	welcome -b "a=1; session_id=$session"
	welcome -b "session_id=$session; a=1"
	welcome -b "a=1; session_id=$session; b=2"
	welcome -b "session_idx=1; session_id=$session; xsession_id=2"
	welcome -b "a=session_id=x; session_id=$session"
	welcome -b "; ;session_id=$session;;"
}

@test "two session cookies in one header are none" {
	local first=$session

	login jar@example.com b4l0u
	unwelcome -b "session_id=$first; session_id=$session"
	unwelcome -b "session_id=$session; session_id=$session"
	unwelcome -b "session_id=x; session_id=$session"
	unwelcome -b "session_id=$session; session_id="
	unwelcome -b "session_id=; a=1; session_id=$session"
	welcome -b "session_id=$first"
	welcome -b "session_id=$session"
}

@test "two session cookies in two headers are none" {
	local first=$session

	login jar@example.com b4l0u
	unwelcome -H "Cookie: session_id=$first" \
		-H "Cookie: session_id=$session"
	unwelcome -H "Cookie: session_id=$session" \
		-H "Cookie: session_id=$session"
	unwelcome -H "Cookie: session_id=$session" -H "Cookie: session_id=x"
	unwelcome -H "Cookie: session_id=" -H "Cookie: session_id=$session"
	# Apache joins them with a comma, which parts no cookies: that is none.
	[ "$WEBSERVER" != apache ] || return 0
	welcome -H "Cookie: a=1" -H "Cookie: session_id=$session"
	welcome -H "Cookie: session_id=$session" -H "Cookie: a=1"
}

@test "names that are not the cookie's" {
	local name

	gather
	for name in SESSION_ID Session_Id session-id session_idx xsession_id \
		session%5fid %73ession_id __Host-session_id \
		__Secure-session_id session_id%00 'session_id[]' '"session_id"' \
		; do
		unwelcome -b "$name=$session"
	done
	settle
}

@test "values that match nobody" {
	local value

	gather
	for value in '' '""' null None undefined NULL 0 true '*' % \
		"$(repeat A 43)" "$(repeat A 42)" "$(repeat A 44)" \
		"$(repeat _ 43)" "' OR '1'='1" "jar@example.com" \
		"$(repeat 0 64)" "$(db 'SELECT token_hash FROM sessions LIMIT 1')" \
		"$(db 'SELECT id FROM users LIMIT 1')"; do
		unwelcome -b "session_id=$value"
	done
	settle
}

@test "every character of the token counts" {
	local i c
	local one=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-
	local other=BADCFEHGJILKNMPORQTSVUXWZYbadcfehgjilknmporqtsvuxwzy1032547698-_

	gather
	# The last one has two bits that base64url leaves open: they count too.
	for ((i = 0; i < 43; i++)); do
		c=${session:i:1}
		# The neighbour in the alphabet differs in the lowest bit.
		c=${one%%"$c"*}
		c=${other:${#c}:1}
		req GET /profile \
			-b "session_id=${session:0:i}$c${session:i+1}"
		assert_error 403
	done
	settle
	welcome -b "session_id=$session"
}

@test "a part of the token, more than the token, another spelling" {
	local i

	gather
	for i in 1 2 8 16 21 32 40 41 42; do
		unwelcome -b "session_id=${session:0:i}"
		unwelcome -b "session_id=${session:i}"
	done
	for i in A = == - _ ' A' %00 %20 .; do
		unwelcome -b "session_id=$session$i"
	done
	unwelcome -b "session_id=${session^^}"
	unwelcome -b "session_id=${session,,}"
	unwelcome -b "session_id=$(printf %%%s "$(printf %s "$session" | xxd -p |
		fold -w 2 | paste -sd %)")"
	unwelcome -b "session_id=${session:0:20} ${session:20}"
	settle
}

@test "a quoted value is the value or nothing" {
	req GET /profile -b "session_id=\"$session\""
	[ "$code" = 403 ] || assert_answer 200 '{"email":"jar@example.com"}'
	unwelcome -b "session_id=\"$session"
	unwelcome -b "session_id=$session\""
	unwelcome -b "session_id='$session'"
}

@test "a session id of the client's choice is never adopted" {
	local chosen

	for chosen in "$(repeat A 43)" chosen "$(repeat x 200)"; do
		req POST /sessions -b "session_id=$chosen" \
			-d 'email=jar@example.com&password=b4l0u'
		assert_code 200
		session=$(session_set)
		assert_not_equal "$session" "$chosen"
		unwelcome -b "session_id=$chosen"
		welcome -b "session_id=$session"
	done
	assert_equal "$(db "SELECT count(*) FROM sessions
		WHERE length(token_hash) <> 43")" 0
}

@test "a login ends the session that it was made with" {
	local first=$session second

	req POST /sessions -b "session_id=$first" \
		-d 'email=jar@example.com&password=b4l0u'
	assert_code 200
	second=$(session_set)
	assert_not_equal "$second" "$first"
	unwelcome -b "session_id=$first"
	welcome -b "session_id=$second"
}

@test "a failed login ends nothing" {
	req POST /sessions -b "session_id=$session" \
		-d 'email=jar@example.com&password=wrong'
	assert_error 401
	welcome -b "session_id=$session"
}

@test "a reset token is no session, and a session no reset token" {
	token_for jar@example.com
	unwelcome -b "session_id=$token"
	set_password jar@example.com "$session" stolen
	assert_error 403
	welcome -b "session_id=$session"
}

@test "sessions live as long as their cookie and no longer" {
	local row

	row=$(db 'SELECT DISTINCT expires_at - created_at FROM sessions')
	assert_equal "$row" 604800000
	db 'UPDATE sessions SET created_at = created_at - 604790000,
		expires_at = expires_at - 604790000'
	welcome -b "session_id=$session"
	db 'UPDATE sessions SET created_at = created_at - 20000,
		expires_at = expires_at - 20000'
	unwelcome -b "session_id=$session"
}

@test "a session is dead everywhere at once" {
	req DELETE /sessions -b "session_id=$session"
	assert_code 302
	run -0 xargs -P 16 -I{} curl -sS -b "session_id=$session" \
		-o /dev/null -w '%{http_code}\n' "$base/profile" < <(seq 64)
	assert_equal "$(sort <<<"$output" | uniq -c | xargs)" '64 403'
}

@test "nothing that anybody asks adds sessions" {
	local before i forged

	before=$(db 'SELECT count(*) FROM sessions')
	forged=$(repeat A 43)
	for ((i = 0; i < 50; i++)); do
		ask "$base/" -b "session_id=$forged"
		ask "$base/profile"
		ask "$base/sessions" -X DELETE -b "session_id=$i"
	done
	at_once
	assert_equal "$statuses" '50 200 100 403'
	# Those that an earlier test has made expire are swept at any time.
	(("$(db 'SELECT count(*) FROM sessions')" <= before))
}

@test "the store knows no token, only its hash" {
	token_for jar@example.com
	run grep -aFq -e "$session" -e "$token" "$gl/gatelodge.db" \
		"$gl/gatelodge.db-wal"
	assert_failure
	assert_equal "$(db "SELECT count(*) FROM sessions WHERE token_hash = '$(
		hash_of "$session")'")" 1
}

# What the store keeps of a token.
hash_of() {
	printf %s "$1" | sha256sum | cut -c 1-64 | xxd -r -p | base64 -w 0 |
		tr '+/' '-_' | tr -d =
}

trace_test

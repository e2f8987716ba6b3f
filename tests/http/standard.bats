#!/usr/bin/env bats
# The standard profile, as long as no mail can be sent.
#
# helper.bash sets the variables that nothing here does.
# shellcheck disable=SC2154

load helper

# The store is filled through the compat profile: standard has no door for it.
setup_file() {
	gl_place
	export base_url=https://auth.example
	gl_configure
	gl_start
	web_start
	register member@example.com b4l0u
	standard
}

teardown_file() {
	gl_end
}

# standard [LINE...]
standard() {
	gl_restart 'profile = "standard"' "base_url = \"$base_url\"" \
		'hash_cost = 5' "$@"
}

# give_token EMAIL - a reset as the mail would carry it; leaves $token
give_token() {
	token=$(head -c 32 /dev/urandom | base64 -w 0 | tr '+/' '-_' | tr -d =)
	db "INSERT INTO tickets (kind, user_id, email, email_key,
			password_hash, language, code_hash, tries,
			token_hash, created_at, expires_at)
		SELECT 'reset', id, email, email_key, '', '', '', 0,
			'$(hash_of "$token")',
			CAST(strftime('%s') AS INTEGER) * 1000,
			CAST(strftime('%s') AS INTEGER) * 1000 + 3600000
		FROM users WHERE email = '$1'"
}

# The delay of a second would be over on a slow machine.
wait_longer() {
	db "UPDATE limits SET blocked_until = blocked_until + 60000"
}

# What the answer sets, with X for each token.
cookies() {
	header Set-Cookie | sed -E 's/=[A-Za-z0-9_-]{43};/=X;/' | sort
}

# code_points FIRST STEP COUNT - characters in no order, of 89 that follow
# one another
code_points() {
	local i hex text=''

	for ((i = 1; i <= $3; i++)); do
		printf -v hex %08x $(($1 + i * i * $2 % 89))
		printf -v text "%s\\U$hex" "$text"
	done
	printf %s "$text"
}

hash_of() {
	printf %s "$1" | sha256sum | cut -c 1-64 | xxd -r -p | base64 -w 0 |
		tr '+/' '-_' | tr -d =
}

@test "GET / greets" {
	req GET /
	assert_answer 200 '{"message":"Bienvenue"}'
}

@test "registration is the same 503 for everybody" {
	local first before

	before=$(db_state)
	say form POST /users email=member@example.com \
		'password=a long enough password'
	assert_error 503
	[[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
	first=$(<"$reply/body")
	for f in form json multipart; do
		say "$f" POST /users email=stranger@example.com \
			'password=a long enough password'
		assert_error 503
		[[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
		assert_equal "$(<"$reply/body")" "$first"
	done
	assert_equal "$(db_state)" "$before"
}

@test "asking for a reset is the same 503 for everybody" {
	local first before

	before=$(db_state)
	say form POST /reset_password email=member@example.com
	assert_error 503
	[[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
	first=$(<"$reply/body")
	for f in form json multipart; do
		say "$f" POST /reset_password email=stranger@example.com
		assert_error 503
		assert_equal "$(<"$reply/body")" "$first"
	done
	assert_equal "$(db_state)" "$before"
}

@test "the cookie is __Host-session_id, and Secure without being asked" {
	login member@example.com b4l0u
	assert_answer 200 '{"email":"member@example.com","message":"logged in"}'
	assert_equal "$(cookies)" \
		'__Host-device_id=X; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure
__Host-session_id=X; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure'
	req GET /profile -b "__Host-session_id=$session"
	assert_answer 200 '{"email":"member@example.com"}'
	for name in session_id __Secure-session_id __host-session_id \
		%5F%5FHost-session_id __%48ost-session_id _Host-session_id; do
		req GET /profile -b "$name=$session"
		assert_error 403
	done
	req GET /profile \
		-b "__Host-session_id=$session; __Host-session_id=$session"
	assert_error 403
	# The compat cookie beside it says nothing.
	req GET /profile -b "__Host-session_id=$session; session_id=x"
	assert_code 200
	req DELETE /sessions -b "__Host-session_id=$session"
	assert_code 302
	[[ $(header Set-Cookie) =~ ^__Host-session_id=\; ]]
	[[ $(header Set-Cookie) == *Max-Age=0* ]]
	[[ $(header Set-Cookie) == *Secure* ]]
	req GET /profile -b "__Host-session_id=$session"
	assert_error 403
}

@test "a new password has fifteen characters or more" {
	local password

	give_token member@example.com
	for password in 12345678901234 "$(repeat $'\U0001f511' 8)" \
		"$(repeat $'\u00e9' 14)" "$(repeat $'e\u0301' 14)" x; do
		set_password member@example.com "$token" "$password"
		assert_error 400 new_password
	done
	login member@example.com b4l0u
	assert_code 200
	set_password member@example.com "$token" 482917365028417
	assert_answer 200 \
		'{"email":"member@example.com","message":"Password updated"}'
	login member@example.com 482917365028417
	assert_code 200
	for password in "$(code_points 1072 7 15)" \
		"$(code_points 127744 11 15)" "$(code_points 127744 7 127)" \
		"$(code_points 33 7 511)"; do
		give_token member@example.com
		set_password member@example.com "$token" "$password"
		assert_code 200
		login member@example.com "$password"
		assert_code 200
	done
	give_token member@example.com
	set_password member@example.com "$token" "$(repeat p 512)"
	assert_error 400 new_password
}

@test "a password that is easy to guess is refused, and told what would help" {
	local password

	give_token member@example.com
	for password in passwordpassword qwertyuiop12345 aaaaaaaaaaaaaaa \
		123456789012345 ppaasssswwoorrdd "$(repeat $'\u00e9' 15)" \
		"$(repeat $'\U0001f511' 127)" "$(repeat p 511)" \
		"$(repeat 12 255)" $'\uff50\uff41\uff53\uff53word password'; do
		set_password member@example.com "$token" "$password"
		assert_error 400 new_password
		[[ $body == *'is too easy to guess: add '* ]] ||
			fail "$password: $body"
	done
	for password in member@example.com auth.example.auth.example \
		Member_Example_2024 memberauthexamplecom; do
		set_password member@example.com "$token" "$password"
		assert_error 400 new_password
		[[ $body == *'words of the site or the address'* ]] ||
			fail "$password: $body"
	done
	req PUT /reset_password -H 'Accept: application/problem+json' \
		-d "email=member@example.com&reset_token=$token" \
		-d 'new_password=passwordpassword'
	assert_code 400
	assert_equal "$(jq -r .code "$reply/body")" password_weak
	# The token is still good, and these words do not belong together.
	set_password member@example.com "$token" 'password of an example lemon'
	assert_code 200
}

@test "settings cannot ask for less than the profile, nor name no list" {
	sed 's/^log.*/password_bits = 29/' "$gl/gatelodge.conf" >"$gl/loose"
	chmod 600 "$gl/loose"
	run -78 "$GATELODGE" -t -c "$gl/loose"
	assert_output --partial 'password_bits must be at least 30'
	sed "s|^log.*|password_list = \"$gl/loose\"|" "$gl/gatelodge.conf" \
		>"$gl/list.conf"
	chmod 600 "$gl/list.conf"
	run -78 "$GATELODGE" -c "$gl/list.conf"
	assert_output --partial \
		"password_list $gl/loose: is no compiled list of passwords"
}

# One entry: the SHA-256 of the password in lower case, its first 8 bytes.
@test "what is on the list of the operator is refused, until it is not" {
	local entry

	give_token member@example.com
	entry=$(printf %s 'bicycle with lemon ice' | sha256sum | cut -c 1-16)
	xxd -r -p >"$gl/words" <<<"$(printf 'gatelodge list 1' | xxd -p
		)0000000000000001$entry"
	standard "password_list = \"$gl/words\""
	set_password member@example.com "$token" 'Bicycle with Lemon ice'
	assert_error 400 new_password
	assert_equal "$body" '{"message":"new_password is on the list of passwords that this site refuses"}'$'\n'
	# A file that was cut off under it is a fault, not a way round.
	truncate -s 24 "$gl/words"
	set_password member@example.com "$token" 'Bicycle with Lemon ice'
	assert_code 500
	standard
	set_password member@example.com "$token" 'Bicycle with Lemon ice'
	assert_code 200
}

@test "a login is not judged by the length of its password" {
	login member@example.com short
	assert_error 401
	login stranger@example.com short
	assert_error 401
}

@test "a token ends all sessions and works once, as ever" {
	give_token member@example.com
	set_password member@example.com "$token" 'one bicycle with lemon ice'
	assert_code 200
	login member@example.com 'one bicycle with lemon ice'
	local old=$session
	give_token member@example.com
	set_password member@example.com "$token" 'two bicycles with lemon ice'
	assert_code 200
	req GET /profile -b "__Host-session_id=$old"
	assert_error 403
	set_password member@example.com "$token" 'no bicycle but lemon ice'
	assert_error 403
	login member@example.com 'two bicycles with lemon ice'
	assert_code 200
}

@test "only the origin of base_url is ours, no loopback name" {
	local origin

	for origin in "$base" http://localhost http://127.0.0.1 null \
		http://auth.example https://auth.example:8443; do
		req POST /sessions -H "Origin: $origin" \
			-d 'email=member@example.com&password=x'
		assert_error 403
	done
	req POST /sessions -H 'Origin: https://auth.example' \
		-d 'email=member@example.com&password=x'
	assert_error 401
}

@test "no answer of the standard profile ever holds a token" {
	give_token member@example.com
	for f in form json; do
		say "$f" POST /reset_password email=member@example.com
		run grep -q -e reset_token -e "$token" "$reply/body" \
			"$reply/head"
		assert_failure
	done
}

@test "with a cookie_domain the cookie is __Secure-session_id" {
	give_token member@example.com
	set_password member@example.com "$token" 'the password of the domain'
	standard 'cookie_domain = "auth.example"'
	login member@example.com 'the password of the domain'
	assert_code 200
	assert_equal "$(cookies)" \
		'__Secure-device_id=X; Path=/; Max-Age=31536000; Domain=auth.example; HttpOnly; SameSite=Lax; Secure
__Secure-session_id=X; Path=/; Max-Age=604800; Domain=auth.example; HttpOnly; SameSite=Lax; Secure'
	req GET /profile -b "__Secure-session_id=$session"
	assert_code 200
	req GET /profile -b "__Host-session_id=$session"
	assert_error 403
	standard
}

@test "under a base_path every door has the prefix, and only that" {
	standard 'base_path = "/auth"'
	req GET /auth/
	assert_answer 200 '{"message":"Bienvenue"}'
	req GET /
	assert_error 404
	req POST /sessions -d 'email=member@example.com&password=x'
	assert_error 404
	req POST /authsessions -d 'email=member@example.com&password=x'
	assert_error 404
	req POST /auth/sessions \
		-d 'email=member@example.com&password=the password of the domain'
	assert_code 200
	session=$(session_set)
	[[ $(header Set-Cookie) == *'; Path=/;'* ]]
	req DELETE /auth/sessions -b "__Host-session_id=$session"
	assert_code 302
	is Location /auth/
	standard
}

@test "standard cannot be loosened to a hash cost below five" {
	sed 's/^hash_cost.*/hash_cost = 4/' "$gl/gatelodge.conf" >"$gl/loose"
	chmod 600 "$gl/loose"
	run -78 "$GATELODGE" -t -c "$gl/loose"
	assert_output --partial "$gl/loose:"
}

@test "b34 wrong passwords are limited, and a known browser is let in" {
	local device i

	standard
	give_token member@example.com
	set_password member@example.com "$token" 'a password of some length'
	login member@example.com 'a password of some length'
	assert_code 200
	device=$(header Set-Cookie | sed -n 's/^\(__Host-device_id=[^;]*\).*/\1/p')
	for ((i = 0; i < 5; i++)); do
		login member@example.com wrong
		assert_error 401
	done
	wait_longer
	login member@example.com 'a password of some length'
	assert_error 429
	[[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
	for ((i = 0; i < 5; i++)); do
		login nobody@example.com wrong
		assert_error 401
	done
	wait_longer
	login nobody@example.com wrong
	assert_error 429
	# The owner has been here before, and is known to it.
	req POST /sessions -b "$device" -d email=member@example.com \
		--data-urlencode 'password=a password of some length'
	assert_code 200
	req GET /profile -b "__Host-session_id=$(session_set)"
	assert_answer 200 '{"email":"member@example.com"}'
	# A cookie of one's own making is nobody's.
	req POST /sessions -b "__Host-device_id=$(printf 'A%.0s' {1..43})" \
		-d email=nobody@example.com -d password=wrong
	assert_error 429
}

@test "b35 a restart forgets no failure" {
	for ((i = 0; i < 5; i++)); do
		login other@example.com wrong
	done
	assert_error 401
	wait_longer
	standard
	login other@example.com wrong
	assert_error 429
}

trace_test

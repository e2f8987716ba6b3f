#!/usr/bin/env bats
# The seven doors, each in the three formats of a body.
#
# helper.bash sets the variables that nothing here does.
# shellcheck disable=SC2154

load helper

setup_file() {
	gl_begin
}

teardown_file() {
	gl_end
}

formats=(form json multipart)

@test "GET / greets" {
	req GET /
	assert_answer 200 '{"message":"Bienvenue"}'
	has_no Set-Cookie
	req GET '/?x=1&email'
	assert_answer 200 '{"message":"Bienvenue"}'
}

@test "both loopback addresses and any Host are answered" {
	local name

	for name in 127.0.0.1 '[::1]' localhost; do
		base=http://$name:$port req GET /
		assert_answer 200 '{"message":"Bienvenue"}'
	done
	req GET / -H 'Host: somewhere.example'
	assert_answer 200 '{"message":"Bienvenue"}'
}

@test "POST /users makes an account, once" {
	local f

	for f in "${formats[@]}"; do
		say "$f" POST /users "email=new-$f@example.com" password=b4l0u
		assert_answer 200 \
			"{\"email\":\"new-$f@example.com\",\"message\":\"user created\"}"
		has_no Set-Cookie
		for other in "${formats[@]}"; do
			say "$other" POST /users "email=new-$f@example.com" \
				password=other
			assert_answer 400 \
				'{"message":"email already registered"}'
		done
	done
}

@test "POST /sessions opens a session" {
	local f

	register enter@example.com b4l0u
	for f in "${formats[@]}"; do
		say "$f" POST /sessions email=enter@example.com password=b4l0u
		assert_answer 200 \
			'{"email":"enter@example.com","message":"logged in"}'
		once Set-Cookie
		[[ $(session_set) =~ ^[A-Za-z0-9_-]{43}$ ]]
		profile "$(session_set)"
		assert_answer 200 '{"email":"enter@example.com"}'
	done
}

@test "POST /sessions refuses a wrong password and an unknown address alike" {
	local f wrong

	register shut@example.com b4l0u
	for f in "${formats[@]}"; do
		say "$f" POST /sessions email=shut@example.com password=wrong
		assert_error 401
		wrong=$(<"$reply/body")
		say "$f" POST /sessions email=nobody@example.com password=b4l0u
		assert_error 401
		assert_equal "$(<"$reply/body")" "$wrong"
	done
}

@test "GET /profile without a session" {
	req GET /profile
	assert_error 403
}

@test "DELETE /sessions logs out and sends to /" {
	register leave@example.com b4l0u
	login leave@example.com b4l0u
	req DELETE /sessions -b "session_id=$session"
	assert_code 302
	assert_headers
	is Location /
	once Set-Cookie
	has_no Clear-Site-Data
	[ ! -s "$reply/body" ] || assert_one_object
	profile "$session"
	assert_error 403
	req DELETE /sessions -b "session_id=$session"
	assert_error 403
}

@test "the redirect of a logout leads to the greeting" {
	register follow@example.com b4l0u
	login follow@example.com b4l0u
	# As python-requests does it: a 302 is followed with GET.
	code=$(curl -sS -L --request DELETE --request-target /sessions \
		-o /dev/null -w '%{redirect_url}' --max-redirs 0 \
		-b "session_id=$session" "$base/sessions" || true)
	assert_equal "$code" "$base/"
	req GET /
	assert_answer 200 '{"message":"Bienvenue"}'
}

@test "DELETE /sessions without a session" {
	req DELETE /sessions
	assert_error 403
}

@test "POST /reset_password gives a token" {
	local f

	register forgot@example.com b4l0u
	for f in "${formats[@]}"; do
		say "$f" POST /reset_password email=forgot@example.com
		assert_code 200
		assert_headers
		assert_one_object
		is Content-Type application/json
		jq -e 'keys == ["email", "reset_token"]
			and .email == "forgot@example.com"
			and (.reset_token | test("^[A-Za-z0-9_-]{43}$"))' \
			"$reply/body"
		has_no Set-Cookie
	done
}

@test "POST /reset_password for an unknown address" {
	local f

	for f in "${formats[@]}"; do
		say "$f" POST /reset_password email=nobody@example.com
		assert_error 403
	done
}

@test "PUT /reset_password sets the password" {
	local f

	register renew@example.com b4l0u
	for f in "${formats[@]}"; do
		token_for renew@example.com
		say "$f" PUT /reset_password email=renew@example.com \
			"reset_token=$token" "new_password=t4rt1-$f"
		assert_answer 200 \
			'{"email":"renew@example.com","message":"Password updated"}'
		has_no Set-Cookie
		login renew@example.com "t4rt1-$f"
		assert_answer 200 \
			'{"email":"renew@example.com","message":"logged in"}'
		login renew@example.com b4l0u
		assert_error 401
	done
}

@test "PUT /reset_password refuses a token that was never given" {
	local f

	register keep@example.com b4l0u
	for f in "${formats[@]}"; do
		say "$f" PUT /reset_password email=keep@example.com \
			"reset_token=$(repeat A 43)" new_password=stolen
		assert_error 403
		say "$f" PUT /reset_password email=nobody@example.com \
			"reset_token=$(repeat A 43)" new_password=stolen
		assert_error 403
	done
	login keep@example.com stolen
	assert_error 401
	login keep@example.com b4l0u
	assert_code 200
}

@test "one value means the same in every format" {
	local password=$'p+q %26&= \u00e4\u20ac\U0001f511 "\\/' f

	say form POST /users email=same@example.com "password=$password"
	assert_code 200
	for f in "${formats[@]}"; do
		say "$f" POST /sessions email=same@example.com \
			"password=$password"
		assert_code 200
		say "$f" POST /sessions email=same@example.com \
			"password=${password/+/ }"
		assert_error 401
	done
	# By hand: + is a space, and a percent sign is decoded once.
	say json POST /users email=hand@example.com 'password=a b%41'
	req POST /sessions -d 'email=hand%40example.com&password=a+b%2541'
	assert_code 200
	req POST /sessions -d '%65mail=hand@example.com&password=a%20b%2541'
	assert_code 200
	req POST /sessions -d 'email=hand@example.com&password=a+b%41'
	assert_error 401
}

@test "JSON escapes, blanks and the order of members do not matter" {
	register order@example.com b4l0u
	req POST /sessions -H 'Content-Type: application/json' --data-binary \
		$' \t\r\n{ "password" : "b4l0\\u0075",\n "\\u0065mail":"order@example.com" } \n'
	assert_answer 200 '{"email":"order@example.com","message":"logged in"}'
}

@test "content types with parameters and in capitals" {
	local type

	register type@example.com b4l0u
	for type in 'application/json; charset=utf-8' APPLICATION/JSON \
		'application/json;charset=UTF-8'; do
		req POST /sessions -H "Content-Type: $type" --data-binary \
			'{"email":"type@example.com","password":"b4l0u"}'
		assert_code 200
	done
	for type in "$form_type; charset=utf-8" \
		Application/X-WWW-Form-Urlencoded; do
		req POST /sessions -H "Content-Type: $type" \
			--data-binary 'email=type@example.com&password=b4l0u'
		assert_code 200
	done
}

@test "multipart as browsers write it" {
	local b=----WebKitFormBoundaryAbCd1234 type

	register parts@example.com b4l0u
	for type in "multipart/form-data; boundary=$b" \
		"multipart/form-data; boundary=\"$b\"" \
		"Multipart/Form-Data; charset=utf-8; boundary=$b"; do
		req POST /sessions -H "Content-Type: $type" --data-binary \
			"--$b"$'\r\nContent-Disposition: form-data; name="email"\r\n\r\nparts@example.com\r\n'"--$b"$'\r\nContent-Disposition: form-data; name="password"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nb4l0u\r\n'"--$b--"$'\r\n'
		assert_answer 200 \
			'{"email":"parts@example.com","message":"logged in"}'
	done
}

@test "no answer gives a header twice" {
	register twice@example.com b4l0u
	names_once
	login twice@example.com b4l0u
	names_once
	profile "$session"
	names_once
	req DELETE /sessions -b "session_id=$session"
	names_once
	req GET /nope
	names_once
	req PUT /users
	names_once
}

names_once() {
	assert_equal "$(cut -d : -f 1 "$reply/head" | tr '[:upper:]' \
		'[:lower:]' | sort | uniq -d | tr -d '\r\n')" ''
}

@test "the six command lines of the contract" {
	local at=localhost:$port id t

	run -0 curl -sS -XPOST "$at/users" -d 'email=example@example.com' \
		-d 'password=MySecretPwd'
	assert_output \
		'{"email":"example@example.com","message":"user created"}'
	run -0 curl -sS -i -XPOST "$at/sessions" \
		-d 'email=example@example.com' -d 'password=MySecretPwd'
	assert_line --partial \
		'{"email":"example@example.com","message":"logged in"}'
	id=$(sed -n 's/^[Ss]et-[Cc]ookie: session_id=\([^;]*\).*/\1/p' \
		<<<"$output")
	run -0 curl -sS -XGET "$at/profile" -b "session_id=$id"
	assert_output '{"email":"example@example.com"}'
	run -0 curl -sS -o /dev/null -w '%{http_code}' -XDELETE \
		"$at/sessions" -b "session_id=$id"
	assert_output 302
	run -0 curl -sS -XPOST "$at/reset_password" \
		-d 'email=example@example.com'
	t=$(jq -r .reset_token <<<"$output")
	run -0 curl -sS -XPUT "$at/reset_password" \
		-d 'email=example@example.com' -d "reset_token=$t" \
		-d 'new_password=NewSecretPwd'
	assert_output \
		'{"email":"example@example.com","message":"Password updated"}'
}

trace_test

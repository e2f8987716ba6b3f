#!/usr/bin/env bats
# What holds at every door: fields, limits, methods, headers, error answers.
#
# helper.bash sets the variables that nothing here does.
# shellcheck disable=SC2154

load helper

setup_file() {
	gl_begin "session_limit = 100"
	register known@example.com b4l0u
	login known@example.com b4l0u
	token_for known@example.com
	export session token
}

teardown_file() {
	gl_end
}

setup() {
	# The four doors that read a body, each with what would succeed.
	doors=(
		"POST /users email=fresh@example.com password=b4l0u"
		"POST /sessions email=known@example.com password=b4l0u"
		"POST /reset_password email=known@example.com"
		"PUT /reset_password email=known@example.com reset_token=$token new_password=n3w"
	)
	before=$(db_state)
}

unchanged() {
	assert_equal "$(db_state)" "$before"
}

# each_field COMMAND - for every door, field and format: COMMAND gets the
# format, the field and the other fields, and sets fields[]; 400 has to come
each_field() {
	local door method path f i only=${2:-form json multipart}
	local -a row fields

	gather
	for door in "${doors[@]}"; do
		read -r -a row <<<"$door"
		method=${row[0]} path=${row[1]}
		for ((i = 2; i < ${#row[@]}; i++)); do
			name=${row[i]%%=*}
			rest=("${row[@]:2}")
			unset "rest[i - 2]"
			for f in $only; do
				"$1"
				say "$f" "$method" "$path" "${fields[@]}"
				assert_error 400 "$name"
			done
		done
	done
	settle
	unchanged
}

@test "a missing field" {
	lacking() { fields=("${rest[@]}"); }
	each_field lacking
}

@test "an empty field" {
	emptied() { fields=("${rest[@]}" "$name="); }
	each_field emptied
}

@test "a field given twice, with the same value or another" {
	twice() { fields=("${row[@]:2}" "${row[i]}"); }
	each_field twice
	other() { fields=("${row[@]:2}" "$name=other@example.com"); }
	each_field other
	blank() { fields=("$name=" "${row[@]:2}"); }
	each_field blank
}

@test "a field that is too long" {
	lengthy() {
		case $name in
		email) fields=("email=$(repeat a 60)@$(repeat b 60).$(repeat c \
			60).$(repeat d 60).example.com") ;;
		reset_token) fields=("reset_token=$(repeat A 5000)") ;;
		*) fields=("$name=$(repeat p 512)") ;;
		esac
		fields+=("${rest[@]}")
	}
	each_field lengthy
}

@test "a name in other capitals is another field" {
	capitals() { fields=("${rest[@]}" "${name^^}=${row[i]#*=}"); }
	each_field capitals
}

@test "bytes that are not UTF-8" {
	local bytes

	broken() { fields=("${rest[@]}" "$name=a$bytes"); }
	# A lone byte, an overlong slash, a surrogate, beyond U+10FFFF, cut.
	for bytes in $'\xff' $'\xc0\xaf' $'\xed\xa0\x80' $'\xf4\x90\x80\x80' \
		$'\xe2\x82'; do
		each_field broken 'json multipart'
	done
}

@test "bytes that are not UTF-8, in a form" {
	local door method path bytes
	local -a row

	gather
	for door in "${doors[@]}"; do
		read -r -a row <<<"$door"
		method=${row[0]} path=${row[1]}
		for ((i = 2; i < ${#row[@]}; i++)); do
			name=${row[i]%%=*}
			for bytes in %ff %c0%af %ed%a0%80 %f4%90%80%80 \
				%e2%82 $'\xff'; do
				req "$method" "$path" -d "$(IFS='&'
					echo "${row[*]:2}")$bytes" \
					-H "Content-Type: $form_type"
				assert_error 400 "${row[-1]%%=*}"
			done
		done
	done
	settle
	unchanged
}

@test "NUL in a value" {
	local door method path f
	local -a row

	for door in "${doors[@]}"; do
		read -r -a row <<<"$door"
		method=${row[0]} path=${row[1]}
		name=${row[-1]%%=*}
		req "$method" "$path" -d "$(IFS='&'; echo "${row[*]:2}")%00"
		assert_error 400 "$name"
		req "$method" "$path" -d "$(IFS='&'; echo "${row[*]:2}")%00x"
		assert_error 400 "$name"
		json_object "${row[@]:2}" | sed 's/"}$/\\u0000x"}/' \
			>"$reply/sent"
		req "$method" "$path" -H 'Content-Type: application/json' \
			--data-binary "@$reply/sent"
		assert_error 400 "$name"
		json_object "${row[@]:2}" | sed 's/"}$/\x00"}/' >"$reply/sent"
		req "$method" "$path" -H 'Content-Type: application/json' \
			--data-binary "@$reply/sent"
		assert_error 400
		multipart_of "${row[@]:2}" | sed "s/^\(${row[-1]#*=}\)/\1\x00x/" \
			>"$reply/sent"
		req "$method" "$path" --data-binary "@$reply/sent" \
			-H 'Content-Type: multipart/form-data; boundary=cut'
		assert_error 400 "$name"
	done
	unchanged
}

# multipart_of NAME=VALUE... - as a body with the boundary "cut"
multipart_of() {
	local field

	for field in "$@"; do
		printf -- '--cut\r\nContent-Disposition: form-data; name="%s"\r\n' \
			"${field%%=*}"
		printf '\r\n%s\r\n' "${field#*=}"
	done
	printf -- '--cut--\r\n'
}

@test "JSON values that are not text" {
	local door method path text value
	local -a row fields

	gather
	for door in "${doors[@]}"; do
		read -r -a row <<<"$door"
		method=${row[0]} path=${row[1]}
		for ((i = 2; i < ${#row[@]}; i++)); do
			name=${row[i]%%=*}
			for value in 1 0 -1.5e3 null true false '[]' '{}' \
				'["known@example.com"]' '{"a":"b"}'; do
				fields=("${row[@]:2}")
				text=$(json_object \
					"${fields[@]/#"$name="*/$name=VALUE}")
				[[ $text == *'"VALUE"'* ]]
				req "$method" "$path" \
					-H 'Content-Type: application/json' \
					--data-binary \
					"${text/'"VALUE"'/"$value"}"
				assert_error 400 "$name"
			done
		done
	done
	settle
	unchanged
}

@test "malformed addresses" {
	local email

	gather
	while IFS= read -r email; do
		say json POST /users "email=$email" password=b4l0u
		assert_error 400 email
		say form POST /sessions "email=$email" password=b4l0u
		assert_error 400 email
		say multipart POST /reset_password "email=$email"
		assert_error 400 email
	done <<-'ADDRESSES'
	nobody
	@
	@example.com
	nobody@
	no body@example.com
	nobody@exam ple.com
	a@good@evil
	a@good.example@evil.example
	"quoted"@example.com
	"a@b"@example.com
	nobody(comment)@example.com
	(comment)nobody@example.com
	nobody@[127.0.0.1]
	nobody@[IPv6:::1]
	<nobody@example.com>
	Nobody <nobody@example.com>
	a@example.com,b@example.com
	a@example.com;b@example.com
	nobody@-example.com
	nobody@example-.com
	nobody@example..com
	nobody@.example.com
	nobody@exa_mple.com
	nobody@exa/mple.com
	nobody@example.com/
	nobody@example.com:25
	nobody\@example.com
	nobody@example.com>
	ADDRESSES
	for email in $'nobody@example.com\r\nBcc: x@example.com' \
		$'nobody@example.com\n' $'no\tbody@example.com' \
		$'nobody@example.com\x7f' $'nobody\x01@example.com' \
		$'nobody\uff20example.com' $'nobody@exam\u200bple.com ' \
		"nobody@$(repeat a 64).com"; do
		req POST /users --data-urlencode "email=$email" -d password=x
		assert_error 400 email
	done
	settle
	unchanged
}

@test "the longest address, 254 bytes, and one byte more" {
	local domain email

	domain=$(repeat b 60).$(repeat c 60).$(repeat d 60).example.com
	email=$(repeat a $((254 - 1 - ${#domain})))@$domain
	assert_equal "${#email}" 254
	register "$email" b4l0u
	assert_answer 200 "{\"email\":\"$email\",\"message\":\"user created\"}"
	register "a$email" b4l0u
	assert_error 400 email
}

@test "addresses of every character that a mailbox may have" {
	local email

	for email in "a.b!#\$%&'*+/=?^_\`{|}~-@example.com" x@localhost \
		1@2.example a@xn--nxasmq6b.example -@example.com; do
		for f in form json multipart; do
			say "$f" POST /reset_password "email=$email"
			assert_error 403
		done
		register "$email" b4l0u
		assert_equal "$(jq -r .email "$reply/body")" "$email"
		login "$email" b4l0u
		profile "$session"
		assert_equal "$(jq -r .email "$reply/body")" "$email"
	done
}

@test "an empty body and a body of other things only" {
	local door method path type
	local -a row

	for door in "${doors[@]}"; do
		read -r -a row <<<"$door"
		method=${row[0]} path=${row[1]}
		for type in "$form_type" application/json; do
			req "$method" "$path" -H "Content-Type: $type" -d ''
			assert_error 400
		done
		req "$method" "$path"
		[ "$code" = 415 ] || assert_error 400
		req "$method" "$path" -d '&&=&a=b&='
		assert_error 400 email
		req "$method" "$path" -H 'Content-Type: application/json' \
			-d '{}'
		assert_error 400 email
		req "$method" "$path" \
			-H 'Content-Type: multipart/form-data; boundary=cut' \
			--data-binary $'--cut--\r\n'
		assert_error 400
	done
	unchanged
}

@test "forms that are not well formed" {
	local text

	for text in 'email=known@example.com&password=%' \
		'email=known@example.com&password=%4' \
		'email=known@example.com&password=%zz' \
		'email=known@example.com&password=b4l0u%'; do
		req POST /sessions -d "$text"
		assert_error 400 password
		req POST /users -d "${text/known/fresh}"
		assert_error 400 password
	done
	req POST /sessions -d 'email=%&password=b4l0u'
	assert_error 400 email
	req POST /sessions -d 'email=known@example.com&password=b4l0u&%=x'
	assert_error 400
	# A semicolon parts nothing.
	req POST /sessions -d 'email=known@example.com;password=b4l0u'
	assert_error 400
	unchanged
}

@test "fields in the query of the address are no fields" {
	req POST '/users?email=fresh@example.com&password=b4l0u'
	[ "$code" = 415 ] || assert_error 400
	req POST '/users?email=fresh@example.com' -d password=b4l0u
	assert_error 400 email
	req POST '/users?email=evil@example.com' \
		-d 'email=fresh@example.com&password=b4l0u'
	assert_error 400 email
	unchanged
	req POST '/sessions?next=/a' \
		-d 'email=known@example.com&password=b4l0u'
	assert_code 200
}

@test "JSON texts that are not JSON" {
	local text

	while IFS= read -r text; do
		req POST /sessions -H 'Content-Type: application/json' \
			--data-binary "$text"
		assert_error 400 || fail "read: $text"
	done <<-'TEXTS'
	{"email":"known@example.com","password":"b4l0u"
	{"email":"known@example.com","password":"b4l0u"}}
	{"email":"known@example.com","password":"b4l0u"} x
	{"email":"known@example.com","password":"b4l0u"}{}
	{"email":"known@example.com","password":"b4l0u",}
	{"email":"known@example.com" "password":"b4l0u"}
	{"email":"known@example.com","password":"b4l0u","x":01}
	{"email":"known@example.com","password":"b4l0u","x":1.}
	{"email":"known@example.com","password":"b4l0u","x":.5}
	{"email":"known@example.com","password":"b4l0u","x":+1}
	{"email":"known@example.com","password":"b4l0u","x":0x1}
	{"email":"known@example.com","password":"b4l0u","x":1e}
	{"email":"known@example.com","password":"b4l0u","x":NaN}
	{"email":"known@example.com","password":"b4l0u","x":Infinity}
	{"email":"known@example.com","password":"b4l0u","x":True}
	{"email":"known@example.com","password":"b4l0u","x":nul}
	{"email":"known@example.com","password":"b4l0u","x":}
	{"email":"known@example.com","password":"b4l0u","x":[1,]}
	{"email":"known@example.com","password":"b4l0u","x":[}
	{"email":"known@example.com","password":"b4l0u","x":"\x41"}
	{"email":"known@example.com","password":"b4l0u","x":"\u12"}
	{"email":"known@example.com","password":"b4l0u","x":"\ud800"}
	{"email":"known@example.com","password":"b4l0u","x":"\udc00\ud800"}
	{"email":"known@example.com","password":"b4l0u","x":"\u0000"}
	{"email":"known@example.com","password":"b4l0u","\u0000":1}
	{"email":"known@example.com","password":"b4l0u","x":"}
	{"email":"known@example.com","password":"b4l0u","x":'y'}
	{"email":"known@example.com","password":"b4l0u","x":1 /* y */}
	{email:"known@example.com","password":"b4l0u"}
	{'email':'known@example.com','password':'b4l0u'}
	{"email\u0000":"known@example.com","password":"b4l0u"}
	{"email\u0000z":"known@example.com","password":"b4l0u"}
	["email","known@example.com"]
	[{"email":"known@example.com","password":"b4l0u"}]
	"known@example.com"
	null
	1
	email=known@example.com&password=b4l0u
	TEXTS
	unchanged
}

@test "JSON with a byte order mark, raw control characters, odd blanks" {
	local good='"email":"known@example.com","password":"b4l0u"' text

	for text in $'\xef\xbb\xbf'"{$good}" $'\v'"{$good}" $'\f'"{$good}" \
		"{$good}"$'\x0c' "{$good}"$'\xc2\xa0' $'\xa0'"{$good}" \
		"{$good,"$'"x":"a\tb"}' "{$good,"$'"x":"a\nb"}' \
		"{$good,"$'"x":"\x1f"}' "{$good,"$'"x\t":1}' \
		"{$good,"$'"x":"\xff"}' "{$good,"$'"\xff":1}' \
		"{$good,"$'"x":"\xed\xa0\x80"}'; do
		req POST /sessions -H 'Content-Type: application/json' \
			--data-binary "$text"
		assert_error 400 || fail "read: $text"
	done
	req POST /sessions -H 'Content-Type: application/json' --data-binary \
		"{$good,"$'"x":"\x7f\xc2\x80\xef\xbf\xbf"}'
	assert_code 200
}

@test "JSON members given twice, also spelled with an escape" {
	local more

	for more in '"email":"known@example.com"' \
		'"\u0065mail":"other@example.com"' '"email":null' \
		'"emai\u006c":""'; do
		req POST /sessions -H 'Content-Type: application/json' -d \
			"{\"email\":\"known@example.com\",\"password\":\"b4l0u\",$more}"
		assert_error 400 email
		req POST /sessions -H 'Content-Type: application/json' -d \
			"{$more,\"email\":\"known@example.com\",\"password\":\"b4l0u\"}"
		assert_error 400 email
	done
	req POST /sessions -H 'Content-Type: application/json' -d \
		'{"email":"known@example.com","password":"b4l0u","x":1,"x":2}'
	assert_error 400
}

@test "JSON four deep is read, five deep is not" {
	local good='"email":"known@example.com","password":"b4l0u"'

	for x in '[[[]]]' '{"a":{"b":{}}}' '[{"a":[1]}]'; do
		req POST /sessions -H 'Content-Type: application/json' \
			-d "{$good,\"x\":$x}"
		assert_code 200
	done
	for x in '[[[[]]]]' '{"a":{"b":{"c":{}}}}' '[{"a":[{}]}]' \
		"$(repeat '[' 1000)$(repeat ']' 1000)" "$(repeat '[' 5000)"; do
		req POST /sessions -H 'Content-Type: application/json' \
			-d "{$good,\"x\":$x}"
		assert_error 400
	done
}

@test "JSON of sixteen members is read, of seventeen not" {
	local good='"email":"known@example.com","password":"b4l0u"' i

	for ((i = 0; i < 14; i++)); do
		good+=",\"x$i\":$i"
	done
	req POST /sessions -H 'Content-Type: application/json' -d "{$good}"
	assert_code 200
	req POST /sessions -H 'Content-Type: application/json' \
		-d "{$good,\"y\":1}"
	assert_error 400
}

@test "unknown fields are ignored" {
	say json POST /sessions email=known@example.com password=b4l0u \
		role=admin
	assert_answer 200 '{"email":"known@example.com","message":"logged in"}'
	say form POST /sessions email=known@example.com password=b4l0u \
		id=1 role=admin session_id=x Email=x
	assert_answer 200 '{"email":"known@example.com","message":"logged in"}'
	say multipart POST /sessions email=known@example.com password=b4l0u \
		hashed_password=x
	assert_answer 200 '{"email":"known@example.com","message":"logged in"}'
	req POST /sessions -H 'Content-Type: application/json' -d \
		'{"email":"known@example.com","password":"b4l0u","x":[1,null],"EMAIL":5}'
	assert_answer 200 '{"email":"known@example.com","message":"logged in"}'
}

@test "multipart bodies that are not well formed" {
	local type='Content-Type: multipart/form-data; boundary=cut' text

	for text in '' cut --cut $'--cut\r\n' $'--cut--' \
		$'--cut\r\nContent-Disposition: form-data; name="email"\r\n\r\nknown@example.com' \
		$'--cut\r\nContent-Disposition: form-data; name="email"\r\n\r\nknown@example.com\r\n--cut\r\n' \
		$'--cut\r\nContent-Disposition: form-data; name="email\r\n\r\nx\r\n--cut--\r\n' \
		$'--cut\r\nContent-Disposition: form-data\r\n\r\nx\r\n--cut--\r\n' \
		$'--cut\r\n\r\nx\r\n--cut--\r\n' \
		$'--cut\r\nname="email"\r\n\r\nx\r\n--cut--\r\n'; do
		req POST /sessions -H "$type" --data-binary "$text"
		assert_error 400 || fail "read: $text"
	done
	multipart_of email=known@example.com password=b4l0u >"$reply/sent"
	for type in multipart/form-data 'multipart/form-data; boundary=' \
		'multipart/form-data; boundary=other' \
		'multipart/form-data; x=cut' \
		"multipart/form-data; boundary=$(repeat b 300)"; do
		req POST /sessions -H "Content-Type: $type" \
			--data-binary "@$reply/sent"
		[ "$code" = 415 ] || assert_error 400
	done
	# A file is no text.
	printf known@example.com >"$reply/file"
	req POST /sessions -F "email=@$reply/file" --form-string password=b4l0u
	assert_error 400 email
	unchanged
}

@test "other content types are refused with 415" {
	local door method path type
	local -a row

	for door in "${doors[@]}"; do
		read -r -a row <<<"$door"
		method=${row[0]} path=${row[1]}
		for type in text/plain application/xml text/json \
			application/jsonx application/json+x x \
			application/x-www-form-urlencodedx multipart/mixed \
			'application/octet-stream'; do
			req "$method" "$path" -H "Content-Type: $type" -d \
				'email=fresh@example.com&password=b4l0u'
			assert_error 415
		done
		req "$method" "$path" -H 'Content-Type:' -d \
			'email=fresh@example.com&password=b4l0u'
		assert_error 415
	done
	unchanged
}

@test "a body of 16 KiB is read, a byte more is 413" {
	local good='email=known@example.com&password=b4l0u&x='

	printf '%s%s' "$good" "$(repeat y $((16384 - ${#good})))" \
		>"$reply/sent"
	assert_equal "$(wc -c <"$reply/sent")" 16384
	req POST /sessions -H "Content-Type: $form_type" \
		--data-binary "@$reply/sent"
	assert_code 200
	before=$(db_state)
	printf y >>"$reply/sent"
	for door in "${doors[@]}"; do
		read -r -a row <<<"$door"
		req "${row[0]}" "${row[1]}" -H "Content-Type: $form_type" \
			--data-binary "@$reply/sent"
		assert_error 413
	done
	head -c 3000000 /dev/zero >"$reply/sent"
	req POST /users -H 'Content-Type: application/json' \
		--data-binary "@$reply/sent"
	assert_error 413
	# Chunked, so that nothing announces the length.
	req POST /users -H 'Content-Type: application/json' \
		-H 'Transfer-Encoding: chunked' --data-binary "@$reply/sent"
	assert_error 413
	unchanged
}

@test "the largest body after headers of twenty kilobytes" {
	local good='email=known@example.com&password=b4l0u&x='

	printf '%s%s' "$good" "$(repeat y $((16384 - ${#good})))" \
		>"$reply/sent"
	req POST /sessions --data-binary "@$reply/sent" \
		-b "a=$(repeat b 7000)" -A "$(repeat c 7000)" \
		-e "http://localhost/$(repeat d 6000)"
	assert_answer 200 '{"email":"known@example.com","message":"logged in"}'
	req POST /sessions -H 'Transfer-Encoding: chunked' \
		--data-binary "@$reply/sent" \
		-b "a=$(repeat b 7000)" -A "$(repeat c 7000)" \
		-e "http://localhost/$(repeat d 6000)"
	assert_answer 200 '{"email":"known@example.com","message":"logged in"}'
}

@test "a chunked body is read like any other" {
	req POST /sessions -H 'Transfer-Encoding: chunked' \
		-d 'email=known@example.com&password=b4l0u'
	assert_answer 200 '{"email":"known@example.com","message":"logged in"}'
}

@test "unknown paths are 404, whatever the method" {
	local path method

	for path in /nope /users/ /USERS /Users /usersx /user //users \
		/users/1 /users/. /sessions/ '/users;x' /users%2f /index.html \
		/.gatelodge-error /favicon.ico '/profile/..%2fusers' \
		/profile%00; do
		req GET "$path"
		case $path:$code in
		*%00:400) ;;
		*) assert_error 404 ;;
		esac
	done
	for method in POST PUT PATCH DELETE OPTIONS FOO; do
		req "$method" /nope -d x=1
		assert_error 404
	done
	req HEAD /nope
	assert_code 404
}

# allowed PATH METHOD... - exactly these are in Allow, and all others are 405
allowed() {
	local path=$1 method given

	shift
	req OPTIONS "$path"
	assert_code 204
	assert_headers
	[ ! -s "$reply/body" ]
	given=$(header Allow)
	assert_equal "$(tr -d ' ' <<<"$given" | tr , '\n' | sort | xargs)" \
		"$(printf '%s\n' "$@" | sort | xargs)"
	for method in GET POST PUT PATCH DELETE FOO PROPFIND; do
		[[ " $* " != *" $method "* ]] || continue
		req "$method" "$path"
		assert_error 405
		is Allow "$given"
	done
	if [[ " $* " != *" HEAD "* ]]; then
		req HEAD "$path"
		assert_code 405
		is Allow "$given"
	fi
}

@test "other methods are 405 with Allow; OPTIONS is 204 with Allow" {
	allowed / GET HEAD OPTIONS
	allowed /users POST OPTIONS
	allowed /sessions GET HEAD POST DELETE OPTIONS
	allowed /sessions/confirm POST OPTIONS
	allowed /sessions/others DELETE OPTIONS
	allowed "/sessions/$(repeat A 43)" DELETE OPTIONS
	allowed /profile GET HEAD DELETE OPTIONS
	allowed /profile/password PUT OPTIONS
	allowed /profile/export GET HEAD OPTIONS
	allowed /reset_password POST PUT OPTIONS
	unchanged
}

@test "TRACE and lower case methods reach no door" {
	req TRACE /
	assert_error 405
	req get /
	[[ $code =~ ^(400|405)$ ]]
	req post /users -d 'email=fresh@example.com&password=b4l0u'
	[[ $code =~ ^(400|405)$ ]]
	unchanged
}

@test "HEAD answers as GET does, without a body" {
	local type

	req GET /
	type=$(header Content-Type)
	req HEAD /
	assert_code 200
	assert_headers
	is Content-Type "$type"
	req HEAD /profile -b "session_id=$session"
	assert_code 200
	req HEAD /profile
	assert_code 403
	# On the wire: nothing after the empty line.
	run -0 curl -sS -X HEAD --max-time 5 --ignore-content-length \
		-o "$reply/body" -w '%{size_download}' "$base/" \
		-H 'Connection: close'
	assert_output 0
}

@test "X-Request-Id differs from answer to answer" {
	local first

	req GET /
	first=$(header X-Request-Id)
	req GET /
	assert_not_equal "$(header X-Request-Id)" "$first"
	# A client's own may be kept, but never one that harms a log.
	req GET / -H 'X-Request-Id: "x", "event":"forged"'
	assert_headers
}

@test "no answer opens itself to other origins" {
	local door

	for door in 'GET /' 'GET /profile' 'OPTIONS /users' 'GET /nope'; do
		# shellcheck disable=SC2086 # two words
		req $door -H 'Origin: https://evil.example' \
			-H 'Access-Control-Request-Method: POST'
		[[ ${head,,} != *$'\n'access-control-* ]]
	done
}

problem() {
	assert_code "$1"
	assert_headers
	is Content-Type application/problem+json
	assert_one_object
	jq -e --argjson status "$1" '(.code | test("^[a-z][a-z0-9_]*$"))
		and (.title | length > 0)
		and .status == $status and (.type | type == "string")' \
		"$reply/body"
	problem_code=$(jq -r .code "$reply/body")
}

@test "whoever accepts problem+json gets RFC 9457 with a stable code" {
	local accept='Accept: application/problem+json, application/json' c
	local -a seen=()

	req GET / -H "$accept"
	assert_answer 200 '{"message":"Bienvenue"}'

	req GET /profile -H "$accept"
	problem 403
	c=$problem_code
	req DELETE /sessions -H "$accept" -b session_id=nonsense
	problem 403
	assert_equal "$problem_code" "$c"
	seen+=("$c")

	say form POST /sessions email=known@example.com password=wrong
	req POST /sessions -H "$accept" \
		-d 'email=known@example.com&password=wrong'
	problem 401
	is WWW-Authenticate Session
	c=$problem_code
	req POST /sessions -H "$accept" \
		-d 'email=unknown@example.com&password=wrong'
	problem 401
	assert_equal "$problem_code" "$c"
	seen+=("$c")

	req POST /users -H "$accept" -d 'email=known@example.com&password=x'
	problem 400
	seen+=("$problem_code")
	req POST /users -H "$accept" -d 'email=fresh@example.com'
	problem 400
	seen+=("$problem_code")
	req GET /nope -H "$accept"
	problem 404
	seen+=("$problem_code")
	req PUT /users -H "$accept"
	problem 405
	[ -n "$(header Allow)" ]
	seen+=("$problem_code")
	req POST /users -H "$accept" -H 'Content-Type: text/plain' -d x
	problem 415
	seen+=("$problem_code")
	req POST /users -H "$accept" -H 'Sec-Fetch-Site: cross-site' -d x=1
	problem 403
	seen+=("$problem_code")
	req PUT /reset_password -H "$accept" -d \
		"email=known@example.com&new_password=x&reset_token=$(repeat A 43)"
	problem 403
	seen+=("$problem_code")
	# Each says something else.
	assert_equal "$(printf '%s\n' "${seen[@]}" | sort -u | wc -l)" \
		"${#seen[@]}"
	unchanged
}

@test "cookies that are no cookies do no harm" {
	local cookie

	for cookie in ';' '=;=' '   ' '=' 'session_id' 'session_id=' \
		"$(repeat ';' 4000)" "$(repeat 'a=b; ' 800)" \
		"session_id=$(repeat A 4000)" '"' 'session_id="'; do
		req GET /profile -H "Cookie: $cookie"
		assert_error 403 || fail "cookie: $cookie"
	done
	# Apache refuses control characters itself.
	req GET /profile -H $'Cookie: \x01\x02'
	[ "$WEBSERVER:$code" = apache:400 ] || assert_error 403
}

@test "headers too large are refused in the same shape" {
	req GET / -H "X-Long: $(repeat a 20000)"
	[[ $code =~ ^(400|431|494)$ ]]
	assert_error "$code"
	req GET "/$(repeat a 20000)"
	[[ $code =~ ^(414|400)$ ]]
	assert_error "$code"
	req GET /
	assert_code 200
}

@test "forwarding headers change nothing" {
	local name

	for name in X-Real-IP X-Forwarded-For X-Forwarded-Proto Forwarded \
		X-Forwarded-Host X-Original-URI X-Rewrite-URL X-User \
		Remote-User Proxy Remote_Addr HTTPS X-HTTP-Method-Override; do
		req POST /sessions -H "$name: https" -H "$name: 192.0.2.1" \
			-d 'email=known@example.com&password=b4l0u'
		assert_answer 200 \
			'{"email":"known@example.com","message":"logged in"}'
		[[ $(header Set-Cookie) != *Secure* ]]
	done
	gl_log | grep -c '192\.0\.2\.1' | grep -qx 0
}

trace_test

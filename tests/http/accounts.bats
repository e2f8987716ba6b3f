#!/usr/bin/env bats
# Addresses, passwords and resets: who is one account, and what opens it.
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

# only_one FIRST SECOND - not two accounts
only_one() {
	local first

	say form POST /users "email=$1" password=first
	first=$code
	[[ $first =~ ^(200|400)$ ]] || fail "$1: $first"
	say form POST /users "email=$2" password=second
	[[ $code =~ ^(200|400)$ ]] || fail "$2: $code"
	[ "$first$code" != 200200 ] || fail "two accounts: $1 and $2"
	# The one's password does not open the other.
	if [ "$first" = 200 ]; then
		login "$2" second
		[[ $code =~ ^(400|401)$ ]] || fail "$2 opened: $code"
	fi
}

# same FIRST SECOND - one account with two spellings
same() {
	register "$1" first
	assert_code 200
	register "$2" second
	assert_answer 400 '{"message":"email already registered"}'
	login "$2" first
	assert_code 200
	jq -e --arg one "$1" --arg two "$2" \
		'.email == $one or .email == $two' "$reply/body"
	profile "$session"
	assert_equal "$(jq -r .email "$reply/body")" "$1"
	token_for "$2"
	set_password "$1" "$token" third
	assert_code 200
	profile "$session"
	assert_error 403
	login "$1" third
	assert_code 200
}

@test "capitals make no other account, and are echoed as given" {
	register Bob.Smith@Example.COM b4l0u
	assert_answer 200 \
		'{"email":"Bob.Smith@Example.COM","message":"user created"}'
	same Alice@Example.com alice@example.com
	same carol@example.com CAROL@EXAMPLE.COM
	same dave@sub.example.com DaVe@SUB.eXaMpLe.CoM
}

@test "an international domain and its ASCII form are one" {
	only_one $'a@m\u00fcnchen.example' a@xn--mnchen-3ya.example
	only_one b@xn--mnchen-3ya.example $'b@M\u00dcNCHEN.example'
	only_one $'c@m\u00fcnchen.example' $'c@mu\u0308nchen.example'
	only_one d@XN--MNCHEN-3YA.example d@xn--mnchen-3ya.example
}

@test "letters that look or fold alike are one account or refused" {
	only_one sam@example.com $'\u017fam@example.com'
	only_one $'mas\u017f@example.com' mass@example.com
	only_one kim@kim.example $'kim@\u212aim.example'
	only_one mike@example.org $'m\u0131ke@example.org'
	only_one kim@example.com $'\u212aim@example.com'
	only_one $'\u0130da@example.com' ida@example.com
	only_one $'stra\u00dfe@example.com' strasse@example.com
	only_one full@example.com $'full\uff20example.com'
	only_one wide@example.com $'\uff57ide@example.com'
	only_one $'ren\u00e9@example.com' $'rene\u0301@example.com'
	only_one $'\u00c5sa@example.com' $'\u212bsa@example.com'
	only_one $'o\ufb03ce@example.com' office@example.com
	only_one $'soft\u00adhyphen@example.com' softhyphen@example.com
	only_one $'zero\u200bwidth@example.com' zerowidth@example.com
	only_one wide@wide.example $'wide@\uff57ide.example'
	only_one long@slong.example $'long@\u017flong.example'
	only_one dot@dot.example $'dot@dot\u3002example'
	only_one end@end.example end@end.example.
}

@test "blanks round an address make no other account" {
	only_one trim@example.com ' trim@example.com'
	only_one trim2@example.com 'trim2@example.com '
	only_one trim3@example.com $'trim3@example.com\n'
	only_one trim4@example.com $'trim4@example.com\u00a0'
}

@test "fifty registrations of one address at once: one succeeds" {
	local round

	for round in 1 2 3; do
		parallel 50 "$base/users" -d "email=many$round@example.com" \
			-d password=b4l0u
		assert_equal "$statuses" '1 200 49 400'
		assert_equal "$(db "SELECT count(*) FROM users
			WHERE email_key = 'many$round@example.com'")" 1
		login "many$round@example.com" b4l0u
		assert_code 200
	done
}

@test "fifty registrations in different capitals at once: one succeeds" {
	local i name=mixedcase letters letter email

	for ((i = 0; i < 50; i++)); do
		email=''
		for ((letters = 0; letters < ${#name}; letters++)); do
			letter=${name:letters:1}
			((i >> (letters % 6) & 1)) || letter=${letter^}
			email+=$letter
		done
		ask "$base/users" -d "email=$email@example.com" -d password=x
	done
	at_once
	assert_equal "$statuses" '1 200 49 400'
	login mixedCASE@example.com x
	assert_code 200
}

@test "fifty uses of one reset token at once: one succeeds" {
	local round

	register race@example.com b4l0u
	for round in 1 2 3; do
		token_for race@example.com
		parallel 50 "$base/reset_password" -X PUT \
			-d email=race@example.com -d "reset_token=$token" \
			-d "new_password=round$round"
		assert_equal "$statuses" '1 200 49 403'
		login race@example.com "round$round"
		assert_code 200
	done
}

@test "one token and fifty different passwords: the one that won opens" {
	local i

	register lottery@example.com b4l0u
	token_for lottery@example.com
	for i in {1..50}; do
		ask "$base/reset_password" -X PUT -w "$i %{http_code}\n" \
			-d email=lottery@example.com -d "reset_token=$token" \
			-d "new_password=pick$i"
	done
	at_once
	cp "$reply/statuses" "$reply/picks"
	assert_equal "$(grep -c ' 200$' "$reply/picks")" 1
	i=$(sed -n 's/ 200$//p' "$reply/picks")
	login lottery@example.com "pick$i"
	assert_code 200
	login lottery@example.com "pick$((i % 50 + 1))"
	assert_error 401
}

@test "a reset ends all sessions of that account and of no other" {
	local -a mine=()
	local theirs i

	register owner@example.com b4l0u
	register other@example.com b4l0u
	for i in 1 2 3; do
		login owner@example.com b4l0u
		mine+=("$session")
	done
	login other@example.com b4l0u
	theirs=$session
	token_for owner@example.com
	profile "${mine[0]}"
	assert_code 200
	set_password owner@example.com "$token" n3w
	assert_code 200
	for i in "${mine[@]}"; do
		profile "$i"
		assert_error 403
		req DELETE /sessions -b "session_id=$i"
		assert_error 403
	done
	profile "$theirs"
	assert_code 200
}

@test "a token works once, and only the newest one does" {
	local old

	register once@example.com b4l0u
	token_for once@example.com
	old=$token
	token_for once@example.com
	assert_not_equal "$token" "$old"
	set_password once@example.com "$old" stolen
	assert_error 403
	set_password once@example.com "$token" n3w
	assert_code 200
	set_password once@example.com "$token" stolen
	assert_error 403
	set_password once@example.com "$old" stolen
	assert_error 403
	login once@example.com n3w
	assert_code 200
	assert_equal "$(db "SELECT count(*) FROM tickets JOIN users
		ON id = user_id WHERE users.email = 'once@example.com'")" 0
}

@test "a token belongs to its address" {
	local hers

	register ann@example.com b4l0u
	register ben@example.com b4l0u
	token_for ben@example.com
	hers=$token
	token_for ann@example.com
	set_password ben@example.com "$token" stolen
	assert_error 403
	set_password ann@example.com "$hers" stolen
	assert_error 403
	set_password nobody@example.com "$token" stolen
	assert_error 403
	for who in ann ben; do
		login "$who@example.com" stolen
		assert_error 401
		login "$who@example.com" b4l0u
		assert_code 200
	done
	# A try with the wrong address has used nothing up.
	set_password ann@example.com "$token" n3w
	assert_code 200
	set_password ben@example.com "$hers" n3w
	assert_code 200
}

@test "a wrong, a used and an expired token get one and the same answer" {
	local wrong

	register equal@example.com b4l0u
	token_for equal@example.com
	set_password equal@example.com "$token" n3w
	set_password equal@example.com "$token" n3w
	assert_error 403
	wrong=$(<"$reply/body")
	set_password equal@example.com "$(repeat A 43)" n3w
	assert_equal "$(<"$reply/body")" "$wrong"
	set_password nobody@example.com "$(repeat A 43)" n3w
	assert_equal "$(<"$reply/body")" "$wrong"
	token_for equal@example.com
	age_resets 3600001
	set_password equal@example.com "$token" n3w
	assert_error 403
	assert_equal "$(<"$reply/body")" "$wrong"
}

age_resets() {
	db "UPDATE tickets SET created_at = created_at - $1,
		expires_at = expires_at - $1"
}

@test "a token lives for sixty minutes" {
	register hour@example.com b4l0u
	token_for hour@example.com
	assert_equal "$(db 'SELECT DISTINCT expires_at - created_at
		FROM tickets')" 3600000
	age_resets 3540000
	set_password hour@example.com "$token" n3w
	assert_code 200
	token_for hour@example.com
	age_resets 3600001
	set_password hour@example.com "$token" late
	assert_error 403
	login hour@example.com n3w
	assert_code 200
}

@test "tokens that are none" {
	local bad before i

	register forge@example.com b4l0u
	# There is nothing pending here that an empty token could match.
	for bad in null None undefined 0 '""' '*' % ' ' "$(repeat A 43)" \
		"$(repeat A 42)" "' OR '1'='1" \
		"$(db "SELECT id FROM users WHERE email = 'forge@example.com'")" \
		; do
		set_password forge@example.com "$bad" stolen
		[ "$code" = 403 ] || assert_error 400 reset_token
	done
	token_for forge@example.com
	before=$(db_state)
	for ((i = 1; i < 43; i += 3)); do
		set_password forge@example.com "${token:0:i}" stolen
		[ "$code" = 403 ] || assert_error 400 reset_token
		set_password forge@example.com "${token:i}" stolen
		[ "$code" = 403 ] || assert_error 400 reset_token
	done
	for bad in "${token}A" "$token=" "A$token" " $token" "$token " \
		"${token^^}" "${token,,}" "$(db 'SELECT token_hash FROM tickets
		ORDER BY created_at DESC LIMIT 1')"; do
		set_password forge@example.com "$bad" stolen
		[ "$code" = 403 ] || assert_error 400 reset_token
	done
	assert_equal "$(db_state)" "$before"
	set_password forge@example.com "$token" n3w
	assert_code 200
}

@test "a refused new password uses no token up" {
	register again@example.com b4l0u
	token_for again@example.com
	set_password again@example.com "$token" ''
	assert_error 400 new_password
	set_password again@example.com "$token" "$(repeat p 512)"
	assert_error 400 new_password
	set_password again@example.com "$token" n3w
	assert_code 200
}

@test "a password is the same composed and decomposed" {
	register nfc@example.com $'caf\u00e9\u1e69'
	login nfc@example.com $'cafe\u0301s\u0323\u0307'
	assert_code 200
	login nfc@example.com $'cafe\u0301s\u0307\u0323'
	assert_code 200
	login nfc@example.com $'cafe\u1e69'
	assert_error 401
	register nfd@example.com $'cafe\u0301'
	login nfd@example.com $'caf\u00e9'
	assert_code 200
	# But nothing looser: a ligature is not its letters.
	register ligature@example.com $'o\ufb03ce'
	login ligature@example.com office
	assert_error 401
}

@test "a password of one byte and of 511 bytes, but not of 512" {
	local long

	register short@example.com x
	assert_code 200
	login short@example.com x
	assert_code 200
	long=$(repeat p 511)
	register long@example.com "$long"
	assert_code 200
	login long@example.com "$long"
	assert_code 200
	login long@example.com "${long:0:510}"
	assert_error 401
	login long@example.com "${long:0:510}q"
	assert_error 401
	login long@example.com "${long}p"
	assert_error 400 password
	register longer@example.com "${long}p"
	assert_error 400 password
	# 127 characters of four bytes are 508 bytes, 128 are 512.
	register emoji@example.com "$(repeat $'\U0001f511' 127)"
	assert_code 200
	login emoji@example.com "$(repeat $'\U0001f511' 127)"
	assert_code 200
	login emoji@example.com "$(repeat $'\U0001f511' 126)"
	assert_error 401
	register emoji2@example.com "$(repeat $'\U0001f511' 128)"
	assert_error 400 password
}

@test "every byte, case and blank of a password counts" {
	local long other

	long=$(repeat p 72)a$(repeat p 100)z
	register exact@example.com "$long"
	assert_code 200
	for other in "$(repeat p 72)b$(repeat p 100)z" \
		"$(repeat p 72)a$(repeat p 100)y" "${long:0:72}" \
		"${long:0:73}" "${long:0:173}" "${long}z" "${long^^}" \
		"$long " " $long"; do
		login exact@example.com "$other"
		assert_error 401
	done
	login exact@example.com "$long"
	assert_code 200
	register blank@example.com ' '
	assert_code 200
	login blank@example.com '  '
	assert_error 401
	login blank@example.com ' '
	assert_code 200
}

@test "passwords in other scripts, with control characters and lines" {
	local password number=0

	for password in $'\u043f\u0430\u0440\u043e\u043b\u044c' \
		$'\u05d0\u05d1\u05d2' $'line\nfeed' $'tab\tbed' '   ' \
		'"\/{}[]:,' '%n%s%x' $'\U0001f511\u200d\U0001f525' \
		'*0' '*1' "\$y\$j75\$" '*'; do
		number=$((number + 1))
		register "script$number@example.com" "$password"
		assert_code 200
		login "script$number@example.com" "$password"
		assert_code 200
		login "script$number@example.com" "$password "
		assert_error 401
		login "script$number@example.com" '*2'
		assert_error 401
	done
}

@test "a stored failure token or no hash at all opens to nobody" {
	local hash password

	register ruin@example.com b4l0u
	# shellcheck disable=SC2016 # hashes
	for hash in '$' '$y$' '$y$j75$' '$0' '$*0' '$y$j75$salt$*0'; do
		db "UPDATE users SET password_hash = '$hash'
			WHERE email = 'ruin@example.com'"
		for password in '*0' '*1' "$hash" b4l0u x; do
			login ruin@example.com "$password"
			[[ $code =~ ^(401|500)$ ]] || fail "$hash opened"
			[ -z "$session" ]
		done
	done
	# The schema itself refuses a failure token.
	run db "UPDATE users SET password_hash = '*0'
		WHERE email = 'ruin@example.com'"
	assert_failure
	req GET /
	assert_code 200
}

@test "no stored hash is a failure token, all are yescrypt" {
	assert_equal "$(db "SELECT count(*) FROM users
		WHERE password_hash NOT LIKE '\$y\$%'
		AND email <> 'ruin@example.com'")" 0
}

@test "an empty token can match nothing: the schema refuses it" {
	local value

	for value in "''" NULL "'A'"; do
		run db "UPDATE sessions SET token_hash = $value"
		assert_failure
		run db "INSERT INTO tickets SELECT $value, 'reset', id, email,
			email_key, '', '', '', 0, 0, 9999999999999
			FROM users WHERE email = 'short@example.com'"
		assert_failure
	done
}

stored_hash() {
	db "SELECT password_hash FROM users WHERE email = '$1'"
}

@test "a hash that is weaker than configured is renewed at the next login" {
	local weak strong

	register upgrade@example.com b4l0u
	login upgrade@example.com b4l0u
	local kept=$session
	weak=$(stored_hash upgrade@example.com)
	gl_restart 'hash_cost = 3'
	assert_equal "$(stored_hash upgrade@example.com)" "$weak"
	login upgrade@example.com wrong
	assert_error 401
	assert_equal "$(stored_hash upgrade@example.com)" "$weak"
	login upgrade@example.com b4l0u
	assert_code 200
	strong=$(stored_hash upgrade@example.com)
	assert_not_equal "$strong" "$weak"
	[[ $strong == "\$y\$"* ]]
	assert_not_equal "${strong%%"${strong#\$y\$*\$}"}" \
		"${weak%%"${weak#\$y\$*\$}"}"
	# Sessions stay, and the next login changes nothing.
	profile "$kept"
	assert_code 200
	login upgrade@example.com b4l0u
	assert_code 200
	assert_equal "$(stored_hash upgrade@example.com)" "$strong"
	# A lower cost makes no hash weaker.
	gl_restart
	login upgrade@example.com b4l0u
	assert_code 200
	assert_equal "$(stored_hash upgrade@example.com)" "$strong"
}

@test "fifty first logins at once renew a weak hash and all succeed" {
	register crowd@example.com b4l0u
	gl_restart 'hash_cost = 2'
	parallel 30 "$base/sessions" -d email=crowd@example.com \
		-d password=b4l0u
	assert_equal "$statuses" '30 200'
	login crowd@example.com b4l0u
	assert_code 200
	gl_restart
}

@test "accounts and sessions are there after a restart" {
	register stays@example.com b4l0u
	login stays@example.com b4l0u
	token_for stays@example.com
	gl_restart
	profile "$session"
	assert_answer 200 '{"email":"stays@example.com"}'
	set_password stays@example.com "$token" n3w
	assert_code 200
	login stays@example.com n3w
	assert_code 200
}

@test "each of eight people sees only their own name" {
	local -a whose=()
	local i

	for i in {1..8}; do
		register "person$i@example.com" b4l0u
		login "person$i@example.com" b4l0u
		whose[i]=$session
	done
	for i in {1..8}; do
		curl -sS -b "session_id=${whose[i]}" "$base/profile?"{1..25} \
			>"$reply/seen$i" &
	done
	wait
	for i in {1..8}; do
		assert_equal "$(jq -r .email "$reply/seen$i" | uniq -c |
			xargs)" "25 person$i@example.com"
	done
}

trace_test

#!/usr/bin/env bats
# Registration, resets and addresses by mail, through nginx and the courier,
# whose mails become files.
#
# helper.bash sets the variables that nothing here does.
# shellcheck disable=SC2154

load helper

GATELODGECTL=${GATELODGECTL:-$(dirname "$GATELODGE")/gatelodgectl}
long='four words nobody says'
other='other words nobody says'

# with_mail COMMAND [LINE...] - with the lines of this file before those
with_mail() {
	"$1" 'profile = "standard"' 'hash_cost = 5' \
		'base_url = "https://auth.example"' "mail_dir = \"$gl/mail\"" \
		"${@:2}"
}

setup_file() {
	gl_place
	mkdir "$gl/mail"
	with_mail gl_configure
	gl_start
	web_start
}

teardown_file() {
	gl_end
}

# deliver - what waits is sent; $mail is the text of the newest one, as it was
# before it was wrapped and quoted
deliver() {
	rm -f "$gl"/mail/*.eml
	timeout 60 "$(dirname "$GATELODGE")/gatelodge-courier" \
		-c "$gl/gatelodge.conf" -1 2>>"$gl/log"
	mail=$(/usr/bin/python3 - "$gl/mail" <<'PYTHON'
import email, email.policy, glob, sys
for name in sorted(glob.glob(sys.argv[1] + "/*.eml")):
    with open(name, "rb") as f:
        mail = email.message_from_binary_file(f, policy=email.policy.default)
    print("To:", mail["To"])
    print("Subject:", mail["Subject"])
    print(mail.get_content())
PYTHON
	)
	link=$(grep -o 'https://[^ ]*' <<<"$mail" | tail -n 1) || true
	ticket=${link#*=}
	typed=$(grep -oE '^[0-9]{4} [0-9]{4}$' <<<"$mail" | tail -n 1) || true
}

# ctl WORD... - as the tests' own user
ctl() {
	timeout 60 "$GATELODGECTL" -c "$gl/gatelodge.conf" "$@"
}

# The counts of a test are not the next one's, nor are its settings.
setup() {
	db 'DELETE FROM limits'
	if grep -q '^registration' "$gl/gatelodge.conf"; then
		with_mail gl_restart
	fi
}

# member EMAIL PASSWORD - an account as everybody gets one
member() {
	register "$1" "$2"
	assert_answer 202 '{"message":"check your mail"}'
	deliver
	say form POST /users/confirm "token=$ticket"
	assert_code 200
}

@test "registration: confirmed by the link, once, and then the password opens it" {
	register Alice@example.com "$long"
	assert_answer 202 '{"message":"check your mail"}'
	login alice@example.com "$long"
	assert_error 401
	deliver
	[[ $mail == *'To: Alice@example.com'* ]]
	[[ $link == https://auth.example/confirm?token=* ]]
	# A scanner that follows the link confirms nothing.
	req GET "/confirm?token=$ticket"
	req HEAD "/confirm?token=$ticket"
	assert_equal "$(db 'SELECT count(*) FROM users')" 0
	say json POST /users/confirm "token=$ticket"
	assert_answer 200 '{"email":"Alice@example.com","message":"user created"}'
	has_no Set-Cookie
	say json POST /users/confirm "token=$ticket"
	assert_error 403
	login alice@example.com "$long"
	assert_code 200
}

@test "registration: the code does what the link does, in each format" {
	local format

	for format in form json multipart; do
		say "$format" POST /users "email=$format@example.com" \
			"password=$long"
		assert_code 202
		deliver
		say "$format" POST /users/confirm \
			"email=$format@example.com" "token=$typed"
		assert_code 200
		say "$format" POST /users/confirm \
			"email=$format@example.com" "token=$typed"
		assert_error 403
	done
}

@test "three wrong codes burn it, the link still works" {
	register burn@example.com "$long"
	deliver
	local try wrong=${typed:0:8}$(((${typed:8} + 1) % 10))
	for try in 1st 2nd 3rd; do
		echo "the $try"
		say form POST /users/confirm email=burn@example.com \
			"token=$wrong"
		assert_error 403
	done
	say form POST /users/confirm email=burn@example.com "token=$typed"
	assert_error 403
	say form POST /users/confirm "token=$ticket"
	assert_code 200
}

@test "b9: a taken address is answered as a free one is, and its owner told" {
	member taken@example.com "$long"
	register taken@example.com "$other"
	assert_answer 202 '{"message":"check your mail"}'
	local answer=$head
	register free@example.com "$other"
	assert_answer 202 '{"message":"check your mail"}'
	assert_equal "$(cut -d: -f1 <<<"$answer")" "$(cut -d: -f1 <<<"$head")"
	deliver
	[[ $mail == *'To: taken@example.com'*'already have an account'* ]]
	login taken@example.com "$long"
	assert_code 200
}

@test "b5: of fifty who use one link at once one makes the account" {
	register many@example.com "$long"
	deliver
	parallel 50 "$base/users/confirm" -d "token=$ticket"
	assert_equal "$statuses" '1 200 49 403'
	assert_equal "$(db "SELECT count(*) FROM users
		WHERE email = 'many@example.com'")" 1
}

@test "b5: of fifty who use one reset at once one sets the password" {
	member once@example.com "$long"
	say form POST /reset_password email=once@example.com
	assert_code 202
	deliver
	parallel 50 "$base/reset_password" -X PUT -d email=once@example.com \
		-d "reset_token=$ticket" --data-urlencode "new_password=$other"
	assert_equal "$statuses" '1 200 49 403'
}

@test "reset: known and unknown alike, the token by mail alone" {
	member reset@example.com "$long"
	say form POST /reset_password email=reset@example.com
	assert_answer 202 '{"message":"if the account exists, a mail was sent"}'
	say form POST /reset_password email=nobody@example.com
	assert_answer 202 '{"message":"if the account exists, a mail was sent"}'
	deliver
	assert_equal "$(grep -c ^To: <<<"$mail")" 1
	[[ $mail == *'To: reset@example.com'* ]]
	set_password reset@example.com "$ticket" "$other"
	assert_answer 200 \
		'{"email":"reset@example.com","message":"Password updated"}'
	login reset@example.com "$other"
	assert_code 200
	req GET /profile -b "__Host-session_id=$session"
	assert_answer 200 '{"email":"reset@example.com"}'
	deliver
	[[ $mail == *'password for'*'was changed'* ]]
	say form POST /report "token=$ticket"
	assert_code 200
	req GET /profile -b "__Host-session_id=$session"
	assert_error 403
	login reset@example.com "$other"
	assert_error 401
}

@test "b2: whatever a request calls the host, the link is base_url's" {
	member host@example.com "$long"
	req POST /reset_password -d email=host@example.com \
		-H 'Host: evil.example' -H 'X-Forwarded-Host: evil.example' \
		-H 'X-Forwarded-Proto: evil' -H 'Forwarded: host=evil.example'
	assert_code 202
	deliver
	[[ $link == https://auth.example/reset?token=* ]]
	[[ $mail != *evil* ]]
}

@test "whoever asks for a mail puts no word of their own into it" {
	local words='account locked, go to https://evil.example/'

	req POST /users -A "$words" --data-urlencode email=ann@example.com \
		--data-urlencode "password=$long"
	assert_code 202
	deliver
	[ -n "$ticket" ]
	[[ $mail != *evil* && $mail != *locked* && $mail != *Browser:* ]]
	req POST /users -A "Mozilla/5.0 ($words) Linux Firefox/1" \
		--data-urlencode email=ann@example.com \
		--data-urlencode "password=$long"
	assert_code 202
	deliver
	[[ $mail != *evil* && $mail != *locked* ]]
	grep -qx 'Browser: Firefox, Linux' <<<"$mail"
}

@test "address: the new one confirms, the former one can undo it" {
	member old@example.com "$long"
	login old@example.com "$long"
	say form PUT /profile/email email=new@example.com
	assert_error 403 'no session'
	req PUT /profile/email -b "__Host-session_id=$session" -d email=new@example.com
	assert_answer 202 '{"message":"check your mail"}'
	deliver
	[[ $mail == *'To: new@example.com'* ]]
	say form POST /profile/email/confirm "token=$ticket"
	assert_answer 200 '{"email":"new@example.com","message":"address changed"}'
	req GET /profile -b "__Host-session_id=$session"
	assert_answer 200 '{"email":"new@example.com"}'
	deliver
	[[ $mail == *'To: old@example.com'* ]]
	say form POST /profile/email/undo "token=$ticket"
	assert_code 200
	req GET /profile -b "__Host-session_id=$session"
	assert_error 403
	assert_equal "$(db "SELECT count(*) FROM users
		WHERE email = 'old@example.com'")" 1
}

@test "user address: the former mailbox is told, and can take nothing back" {
	local undo

	member first@example.com "$long"
	login first@example.com "$long"
	req PUT /profile/email -b "__Host-session_id=$session" \
		-d email=second@example.com
	deliver
	say form POST /profile/email/confirm "token=$ticket"
	assert_code 200
	deliver
	undo=$ticket
	run -0 ctl user address second@example.com third@example.com
	deliver
	[[ $mail == *'To: second@example.com'*'another address'* ]]
	[[ $mail == *'those who run the site:'*'https://auth.example/'* ]]
	[[ $mail != *token* ]]
	say form POST /profile/email/undo "token=$undo"
	assert_error 403
	login third@example.com "$long"
	assert_code 200
}

@test "session end: the owner is told" {
	member ended@example.com "$long"
	run -0 ctl session end ended@example.com
	deliver
	[[ $mail == *'To: ended@example.com'*'You were logged out'* ]]
	[[ $mail == *'https://auth.example/login'* ]]
}

@test "mails that say to tell those who run the site name their contact" {
	member leaves@example.com "$long"
	with_mail gl_configure 'site_contact = "help@example.org"'
	run -0 ctl user delete --yes leaves@example.com
	deliver
	with_mail gl_configure
	[[ $mail == *'To: leaves@example.com'*'run the site:'*help@example.org* ]]
	[[ $mail != *https://* ]]
}

@test "the fourth mail to an address is 429, known or not" {
	local email

	member limit@example.com "$long"
	db 'DELETE FROM limits'
	for email in {limit,nobody}@example.com{,,}; do
		say form POST /reset_password "email=$email"
		assert_code 202
	done
	say form POST /reset_password email=limit@example.com
	assert_error 429
	once Retry-After
	say form POST /reset_password email=nobody@example.com
	assert_error 429
	for _ in 1 2 3; do
		say form POST /users email=limit@example.com "password=$long"
		assert_code 202
	done
	say form POST /users email=limit@example.com "password=$long"
	assert_error 429
}

@test "invite --mail: the link in the mail lets its reader choose a password" {
	local language said

	with_mail gl_restart 'registration = "invite"'
	register guest@example.com "$long"
	assert_error 403
	for language in en fr; do
		run --separate-stderr -0 ctl user invite --mail \
			--language "$language" "Guest.$language@example.com"
		assert_output "Guest.$language@example.com"$'\tmailed'
		assert_equal "$stderr" ''
		deliver
		[[ $mail == *"To: Guest.$language@example.com"* ]]
		said='An account for you at auth.example'
		[ $language = en ] || said='Un compte pour vous sur auth.example'
		[[ $mail == *"Subject: $said"$'\n'* ]]
		[[ $link == https://auth.example/reset?token=* ]]
		[ ${#ticket} -eq 43 ]
		req GET "${link#https://auth.example}" -H 'Accept: text/html'
		assert_code 200
		[[ $body == *'<h1>Choose your password</h1>'* ]]
		[[ $body != *orgot* ]]
		req POST /reset/password -H 'Accept: text/html' \
			-d "reset_token=$ticket" \
			--data-urlencode "new_password=$long"
		assert_code 303
		is Location '/login?done=password_updated'
		login "guest.$language@example.com" "$long"
		assert_code 200
		assert_equal "$(ctl user show --json \
			"guest.$language@example.com" | jq -r .language)" \
			"$language"
	done
	run -65 ctl user invite --mail guest.fr@example.com
}

@test "invite --mail: the code does what the link does, --json shows neither" {
	run --separate-stderr -0 ctl user invite --json --mail code@example.com
	assert_output '{"email":"code@example.com","done":"mailed"}'
	deliver
	[[ $mail == *'for 24 hours'* ]]
	set_password code@example.com "$typed" "$long"
	assert_code 200
	set_password code@example.com "$ticket" "$other"
	assert_error 403
	login code@example.com "$long"
	assert_code 200
}

@test "reset-link --mail: as if its owner had asked" {
	member link@example.com "$long"
	run --separate-stderr -0 ctl user reset-link --mail LINK@example.com
	assert_output $'LINK@example.com\tmailed'
	deliver
	[[ $mail == *'To: link@example.com'*'set a new password'* ]]
	set_password link@example.com "$ticket" "$other"
	assert_code 200
	run -66 ctl user reset-link --mail nobody@example.com
}

@test "what was mailed to an account goes with it, but for the last word" {
	member gone@example.com "$long"
	say form POST /reset_password email=gone@example.com
	assert_code 202
	run -0 ctl user export gone@example.com
	assert_equal "$(jq -r '.mails[] | "\(.kind) \(.state)"' \
		<<<"$output" | xargs)" 'reset waiting'
	ctl user delete --yes gone@example.com
	assert_equal "$(db "SELECT kind, state FROM mails
		WHERE recipient = 'gone@example.com'")" 'account_deleted|waiting'
	deliver
	[[ $mail == *'To: gone@example.com'*'was deleted'* ]]
	[[ $mail != *token* ]]
}

@test "what is waiting is still there, and sent, after kill -9 of both" {
	member last@example.com "$long"
	say form POST /reset_password email=last@example.com
	assert_code 202
	kill -s KILL "$(gl_pid)"
	while kill -0 "$(gl_pid)" 2>/dev/null; do sleep 0.05; done
	rm -f "$gl/status"
	gl_start
	deliver
	set_password last@example.com "$ticket" "$other"
	assert_code 200
}

@test "a mail that no courier sends ends, and what it says is gone" {
	local i

	register waits@example.com "$long"
	assert_code 202
	db "UPDATE mails SET expires_at = 1 WHERE recipient = 'waits@example.com'"
	# A start is followed by a sweep.
	gl_stop
	gl_start
	for ((i = 0; i < 1000; i++)); do
		[ "$(db "SELECT state || content || reason FROM mails
			WHERE recipient = 'waits@example.com'")" != \
			'deadits time is over' ] || break
		sleep 0.02
	done
	((i < 1000))
	# By the one that stops, where it had not come to its first one yet.
	grep -q "\"event\":\"mail.expired\",\"mails\":1" "$gl/log"
}

@test "no token, no code and no address is in the log" {
	register quiet@example.com "$long"
	deliver
	say form POST /users/confirm email=quiet@example.com "token=$typed"
	assert_code 200
	run ! grep -E "quiet@example|$ticket|${typed% *}.?${typed#* }" "$gl/log"
}

trace_test

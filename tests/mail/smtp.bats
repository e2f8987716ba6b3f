#!/usr/bin/env bats
# Mails to a mail server, and to one that does not behave.
# shellcheck disable=SC2154,SC2030,SC2031 # the helpers set variables

load helper

setup() {
	mail_begin
}

teardown() {
	mail_end
}

teardown_file() {
	sink_end
}

@test "a mail arrives as it was written, by a connection that is kept" {
	sink_start
	smtp_settings
	post bob@example.com
	post a..b@example.com
	post carol+tag@example.net
	once
	got 3
	assert_equal "$(grep -c connected "$gl/sink/said")" 1
	said 'EHLO auth.example.org'
	said 'RCPT TO:<bob@example.com>'
	said 'RCPT TO:<"a..b"@example.com>'
	said QUIT
	assert_equal "$(jq -r .from "$gl/sink/got/00001.json")" \
		noreply@auth.example.org
	run -0 read_mail "$gl/sink/got/00001.eml"
	assert_line 'To: bob@example.com'
	assert_line 'From: noreply@auth.example.org'
	assert_line 'Auto-Submitted: auto-generated'
	assert_line 'https://auth.example.org/'
	assert_equal "$(sql "SELECT group_concat(DISTINCT state) FROM mails")" \
		sent
	assert_equal "$(sql "SELECT max(length(content)) FROM mails")" 0
}

# faults NUMBER - so often at least the store has refused to mark a mail
faults() {
	[ "$(grep -c store.fault "$gl/log")" -ge "$1" ]
}

@test "what cannot be marked as sent is not sent again, as long as we live" {
	sink_start
	smtp_settings 'mail_timeout = 1'
	sql "CREATE TRIGGER unmarked BEFORE UPDATE ON mails
		WHEN NEW.state = 'sent'
		BEGIN SELECT RAISE(ABORT, 'not now'); END"
	row test bob@example.com '{"link":"/"}' '' 86400
	courier_start
	# Each time that it is marked at once, and then once more.
	eventually 60 faults 22
	got 1
	sql 'DROP TRIGGER unmarked'
	eventually 10 states sent 1
	got 1
	assert_equal "$(sql 'SELECT attempts FROM mails')" 1
}

@test "what is refused for now is tried again, and each time later" {
	local n due least most

	sink_start
	smtp_settings
	mode 'RCPT 450 4.2.1 not now'
	row test bob@example.com '{"link":"/"}' '' 86400
	least=24 most=37
	for n in 1 2 3 4 5; do
		once
		waits 'RCPT: 450 4.2.1'
		due=$(sql "SELECT (due_at - $((${EPOCHREALTIME//[.,]/} / 1000)))
			/ 1000 FROM mails")
		((due >= least - 3 && due <= most)) ||
			fail "try $n: $due s, not $least to $most"
		least=$((least * 4)) most=$((most * 4))
		((least <= 2880)) || least=2880 most=4320
		once
		assert_equal "$(sql 'SELECT attempts FROM mails')" "$n"
		ctl mail retry >/dev/null
	done
	mode
	once
	got 1
	assert_equal "$(state "$id")" 'sent '
}

@test "421 to a recipient or a text is of that mail, before it of the server" {
	local how

	sink_start
	smtp_settings
	for how in RCPT DATA mail; do
		mode "$how 421 4.3.2 too much for now"
		post bob@example.com
		post carol@example.com
		once
		run -0 last_state
		assert_output --regexp '^waiting (RCPT|DATA): 421 4\.3\.2$'
		assert_equal "$(sql 'SELECT min(attempts), max(attempts)
			FROM mails')" '1|1'
		sql 'DELETE FROM mails'
	done
	mode 'MAIL 421 4.3.2 we are closing'
	post bob@example.com
	post carol@example.com
	run -75 once
	assert_equal "$(sql 'SELECT sum(attempts) FROM mails')" 1
	mode
	ctl mail retry >/dev/null
	once
	got 2
}

@test "greylisting delays a mail and loses none" {
	sink_start
	smtp_settings
	mode 'grey 0.2'
	post bob@example.com
	once
	waits 'RCPT: 450 4.7.1'
	sleep 0.2
	ctl mail retry >/dev/null
	once
	got 1
}

@test "what is refused for good is dead, and nothing is left of it" {
	local how

	sink_start
	smtp_settings
	for how in 'RCPT 550 5.1.1 no such user' \
		'RCPT 553 <bob@example.com> is not here' \
		'DATA 554 5.7.1 no' 'mail 552 5.3.4 too much'; do
		mode "$how"
		post bob@example.com
		once
		logged mail.dead
		run -0 last_state
		assert_output --regexp '^dead (RCPT|DATA): 55[0-9]( 5\.[0-9.]+)?$'
		# Neither is what the server says of it.
		run -1 grep -F bob@example.com "$gl/once"
	done
	got 0
	assert_equal "$(sql "SELECT max(length(content)) FROM mails")" 0
	ctl mail queue --json | jq -se 'length == 4 and
		all(.state == "dead" and .due == "-")'
}

@test "where a login may be missing, a mail waits for it" {
	local how

	sink_start
	smtp_settings
	for how in '554 5.7.1 relay access denied' '530 log in' \
		'550 5.7.26 no'; do
		mode "RCPT $how"
		row test bob@example.com '{"link":"/"}'
		once
		run -0 last_state
		assert_output --regexp '^waiting RCPT: 5[0-9]+( 5\.7\.[0-9]+)?$'
		mode
		ctl mail retry "$id"
		once
		assert_equal "$(last_state)" 'sent '
	done
	got 3
}

@test "a server that refuses the sender is not told to refuse each mail" {
	sink_start
	smtp_settings
	row reset bad@example.com '{"link":"/reset","code":"1"}'
	mode 'MAIL 550 5.7.1 we do not like you'
	run -75 once
	waits 'MAIL: 550 5.7.1'
	mode
	ctl mail retry "$id"
	post bob@example.com
	once
	got 2
}

@test "a server that is slow to begin has its time and no more" {
	local start=$SECONDS

	sink_start
	smtp_settings
	courier_start
	post bob@example.com
	eventually 10 states sent 1
	# By the connection that is kept from then, and by a new one.
	mode 'idle 30'
	post carol@example.com
	eventually 10 grep -q '"reason":"DATA: Timeout was reached"' "$gl/log"
	courier_stop
	ctl mail retry >/dev/null
	once
	waits 'DATA: Timeout was reached'
	got 1
	((SECONDS - start < 20))
	mode 'idle 0.5'
	ctl mail retry >/dev/null
	once
	got 2
}

# What it has taken and not answered yet would come to it twice.
@test "a server that has the whole mail may answer long after the time" {
	sink_start
	smtp_settings
	mode 'late 6'
	post bob@example.com
	post carol@example.com
	once
	got 2
	states sent 2
	assert_equal "$(sql 'SELECT max(attempts) FROM mails')" 1
}

@test "a mail whose answer is late is in nobody else's hands" {
	local left

	sink_start
	smtp_settings
	mode 'late 3'
	post bob@example.com
	courier_start
	eventually 10 got 1
	left=$(sql "SELECT (due_at - $((${EPOCHREALTIME//[.,]/} / 1000)))
		/ 1000 FROM mails")
	# The time of a connection that was kept, of a new one, and the answer.
	((left > 2 + 2 + 600))
	eventually 10 states sent 1
	courier_stop
}

@test "TERM does not wait longer than that time for a late answer" {
	local start

	sink_start
	smtp_settings
	mode 'late 60'
	post bob@example.com
	courier_start
	eventually 10 got 1
	start=$SECONDS
	courier_stop TERM
	((SECONDS - start < 10))
	waits 'DATA: Timeout was reached'
}

@test "a connection that is lost within the text leaves the mail waiting" {
	sink_start
	smtp_settings
	mode drop
	post bob@example.com
	once
	run -0 last_state
	assert_output --partial 'waiting DATA: '
	got 0
	mode
	ctl mail retry >/dev/null
	once
	got 1
	assert_equal "$(jq -r '.to[]' "$gl"/sink/got/*.json)" bob@example.com
}

@test "a server that closes an idle connection costs no try" {
	sink_start
	smtp_settings
	courier_start
	post bob@example.com
	eventually 10 got 1
	sink_stop
	sink_start
	post carol@example.com
	eventually 10 got 2
	assert_equal "$(sql 'SELECT max(attempts) FROM mails')" 1
}

@test "while the server is down all is written, and delivered after" {
	local n

	sink_start
	smtp_settings
	sink_stop
	courier_start
	for n in 1 2 3 4 5 6; do
		post "user$n@example.com"
	done
	eventually 10 grep -q '"mail.failed"' "$gl/log"
	states waiting 6
	sink_start
	eventually 60 states sent 6
	got 6
	assert_equal "$(jq -r '.to[]' "$gl"/sink/got/*.json | sort -u |
		wc -l)" 6
	courier_stop
	grep -q '"reason":"connection: ' "$gl/log"
}

@test "a server that is down is asked once, not once for each mail" {
	local n

	sink_start
	smtp_settings
	sink_stop
	for n in 1 2 3 4 5; do
		post "user$n@example.com"
	done
	run -75 once
	assert_equal "$(sql 'SELECT sum(attempts) FROM mails')" 1
}

# failures NUMBER - so many tries have failed
failures() {
	[ "$(grep -c '"mail.failed"' "$gl/log")" -ge "$1" ]
}

@test "HUP ends the wait for a server that was down" {
	local n

	sink_start
	smtp_settings
	sink_stop
	for n in 1 2 3 4 5; do
		post "user$n@example.com"
	done
	courier_start
	# After 1, 2 and 4 seconds; now it waits for 8.
	eventually 20 failures 4
	sink_start
	kill -HUP "$(courier_pid)"
	eventually 4 got 1
	courier_stop
}

# ------------------------------------------------------------------------ TLS

@test "TLS by STARTTLS: what is before it says nothing" {
	certificate good localhost
	sink_start --cert "$gl/good.pem" --key "$gl/good.key"
	smtp_settings 'smtp_tls = "always"' "smtp_ca = \"$gl/ca.pem\""
	post bob@example.com
	once
	got 1
	assert_equal "$(jq -r .tls "$gl/sink/got/00001.json")" true
	assert_equal "$(head -n 3 "$gl/sink/said" | paste -sd ' ')" \
		'connected EHLO auth.example.org STARTTLS'
}

@test "TLS from the start" {
	certificate good localhost
	sink_start --cert "$gl/good.pem" --key "$gl/good.key" --tls
	settings "smtp_url = \"smtps://localhost:$(<"$gl/sink/port")\"" \
		'smtp_tls = "always"' "smtp_ca = \"$gl/ca.pem\""
	post bob@example.com
	once
	got 1
}

# no_word_in_clear - the sink has heard a greeting, and nothing after it
no_word_in_clear() {
	run -1 grep -E '^(MAIL|RCPT|DATA|AUTH)' "$gl/sink/said"
	got 0
}

@test "a server without STARTTLS hears no word" {
	sink_start --user courier --password secret
	echo secret >"$gl/password"
	chmod 600 "$gl/password"
	smtp_settings 'smtp_tls = "always"' 'smtp_user = "courier"' \
		"smtp_password_file = \"$gl/password\""
	post bob@example.com
	run -75 once
	no_word_in_clear
	said 'EHLO auth.example.org'
	logged mail.failed
	run -0 last_state
	assert_output --partial 'SSL'
}

@test "a certificate that is not good" {
	certificate other mail.example.net
	sink_start --cert "$gl/other.pem" --key "$gl/other.key"
	smtp_settings 'smtp_tls = "always"' "smtp_ca = \"$gl/ca.pem\""
	post bob@example.com
	run -75 once
	no_word_in_clear
	run -0 last_state
	assert_output --partial 'certificate'
	sink_stop
	certificate good localhost
	sink_start --cert "$gl/good.pem" --key "$gl/good.key"
	smtp_settings 'smtp_tls = "always"'
	ctl mail retry >/dev/null
	run -75 once
	no_word_in_clear
	# The same server with the certificate's maker named.
	smtp_settings 'smtp_tls = "always"' "smtp_ca = \"$gl/ca.pem\""
	ctl mail retry >/dev/null
	once
	got 1
}

@test "neither do environment and home change the way" {
	sink_start
	smtp_settings
	echo 'machine localhost login x password y' >"$gl/.netrc"
	post bob@example.com
	HOME=$gl http_proxy=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 \
		ALL_PROXY=http://127.0.0.1:1 once
	got 1
	run ! said AUTH
}

# ---------------------------------------------------------------------- login

@test "it logs in with the password of the file" {
	sink_start --user courier --password 'p@ss word'
	echo 'p@ss word' >"$gl/password"
	chmod 600 "$gl/password"
	smtp_settings 'smtp_user = "courier"' \
		"smtp_password_file = \"$gl/password\""
	post bob@example.com
	once
	got 1
	run -1 grep -rF 'p@ss word' "$gl/log" "$gl/once"

	echo wrong >"$gl/password"
	post carol@example.com
	run -75 once
	waits 'AUTH: 535 5.7.8'
	got 1
	run -1 grep -rF wrong "$gl/once"
}

@test "a password that others could read, or none, is refused" {
	sink_start
	echo secret >"$gl/password"
	chmod 640 "$gl/password"
	smtp_settings 'smtp_user = "courier"' \
		"smtp_password_file = \"$gl/password\""
	run -78 once
	grep -q 'may be used by others' "$gl/once"
	: >"$gl/password"
	chmod 600 "$gl/password"
	run -78 once
	rm "$gl/password"
	run -78 once
	mkdir "$gl/password"
	run -78 once
}

trace_test

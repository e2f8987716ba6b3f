#!/usr/bin/env bats
# Mails to a mail server that others use, and what it delivers.
#
# Postfix runs as root does it, but in a directory of its own, with settings of
# its own, at a port of loopback; it sends nothing anywhere.
# shellcheck disable=SC2154,SC2030,SC2031 # the helpers set variables

load helper

setup_file() {
	[ -x /usr/sbin/postfix ] || skip 'there is no Postfix here'
	[ "$(id -u)" -eq 0 ] || skip 'only root can start Postfix'
	mta_make
	mta_start
}

teardown_file() {
	[ -n "${mta-}" ] || return 0
	mta_stop
	rm -rf "$mta"
}

setup() {
	rm -rf "$mta"/boxes/*
	mail_begin
	echo 'p@ss word' >"$gl/password"
	chmod 600 "$gl/password"
	mta_settings
}

teardown() {
	mail_end
}

# ------------------------------------------------------------- a mail server

mta_make() {
	mta=$(mktemp -d "${TMPDIR:-/tmp}/gatelodge-mta.XXXXXX")
	export mta
	chmod 755 "$mta"
	mkdir -p "$mta/etc/sasl" "$mta/queue" "$mta/data" "$mta/boxes"
	chown postfix "$mta/data"
	chown nobody "$mta/boxes"
	mta_port=$(free_port)
	export mta_port
	certificate mx localhost "$mta"
	mta_logins
	printf '%s bob/\n' bob@example.com '"a..b"@example.com' \
		>"$mta/etc/boxes"
	mta_main >"$mta/etc/main.cf"
	mta_services >"$mta/etc/master.cf"
}

# Who may send, as Cyrus SASL keeps it.
mta_logins() {
	cat >"$mta/etc/sasl/smtpd.conf" <<-CONF
	pwcheck_method: auxprop
	auxprop_plugin: sasldb
	sasldb_path: $mta/logins.db
	CONF
	/usr/bin/python3 - "$mta/logins" <<-'PYTHON'
	import dbm.ndbm, sys
	with dbm.ndbm.open(sys.argv[1], "c", 0o600) as db:
	    db[b"courier\0mx.example.com\0userPassword"] = b"p@ss word"
	PYTHON
	chown postfix "$mta/logins.db"
}

# Nothing in clear, nothing without a login, and no bare LF.
mta_main() {
	cat <<-CONF
	compatibility_level = 3.7
	queue_directory = $mta/queue
	data_directory = $mta/data
	maillog_file = $mta/log
	maillog_file_prefixes = $mta
	myhostname = mx.example.com
	inet_interfaces = 127.0.0.1
	inet_protocols = ipv4
	disable_dns_lookups = yes
	smtpd_peername_lookup = no
	mydestination =
	alias_maps =
	alias_database =
	default_transport = error:nothing is sent from here
	in_flow_delay = 0
	smtpd_error_sleep_time = 0
	virtual_mailbox_domains = example.com
	virtual_mailbox_base = $mta/boxes
	virtual_mailbox_maps = texthash:$mta/etc/boxes
	virtual_uid_maps = static:$(id -u nobody)
	virtual_gid_maps = static:$(id -g nobody)
	smtpd_tls_security_level = encrypt
	smtpd_tls_cert_file = $mta/mx.pem
	smtpd_tls_key_file = $mta/mx.key
	smtpd_sasl_auth_enable = yes
	smtpd_recipient_restrictions = permit_sasl_authenticated, reject
	smtpd_forbid_bare_newline = reject
	smtpd_forbid_bare_newline_exclusions =
	CONF
}

mta_services() {
	cat <<-CONF
	127.0.0.1:$mta_port inet n - n - - smtpd
	pickup unix n - n 60 1 pickup
	cleanup unix n - n - 0 cleanup
	qmgr unix n - n 300 1 qmgr
	tlsmgr unix - - n 1000? 1 tlsmgr
	proxymap unix - - n - - proxymap
	rewrite unix - - n - - trivial-rewrite
	bounce unix - - n - 0 bounce
	defer unix - - n - 0 bounce
	error unix - - n - - error
	retry unix - - n - - error
	virtual unix - n n - - virtual
	anvil unix - - n - 1 anvil
	postlog unix-dgram n - n - 1 postlogd
	CONF
}

mta_start() {
	postfix -c "$mta/etc" start >"$mta/out" 2>&1 3>&- 4>&- ||
		fail "no Postfix: $(<"$mta/out")"
	read -r mta_pid <"$mta/queue/pid/master.pid"
	export mta_pid
}

mta_stop() {
	postfix -c "$mta/etc" stop >"$mta/out" 2>&1
	eventually 20 is_gone "$mta_pid"
}

# mta_settings [LINE...]
mta_settings() {
	settings "smtp_url = \"smtp://localhost:$mta_port\"" \
		'smtp_tls = "always"' "smtp_ca = \"$mta/ca.pem\"" \
		'smtp_user = "courier"' \
		"smtp_password_file = \"$gl/password\"" 'mail_timeout = 30' \
		'site_name = "Café Zoë"' "$@"
}

# delivered NUMBER - so many mails came to bob, and no other is on its way
delivered() {
	[ "$(find "$mta/boxes/bob/new" -type f 2>/dev/null | wc -l)" -eq "$1" ] &&
		[ -z "$(find "$mta"/queue/{maildrop,incoming,active,deferred} \
			-type f)" ]
}

# comes NUMBER
comes() {
	eventually 30 delivered "$1" || fail "not $1: $(<"$mta/log")"
}

# the_mail - the one that is delivered: $gl/bob.eml, its lines ended as on the
# way; and as Python reads it: $gl/read, its text in $gl/text
the_mail() {
	comes 1
	sed 's/$/\r/' "$mta"/boxes/bob/new/* >"$gl/bob.eml"
	read_mail "$gl/bob.eml" >"$gl/read"
	sed '1,/^$/d' "$gl/read" >"$gl/text"
}

# in_french KEY - what the catalogue says
in_french() {
	jq -r --arg key "$1" '.[$key]' "$tests_top/conf/lang/fr.json" |
		sed 's/{{site}}/Café Zoë/g'
}

password_changed='{"link":"/x?token=abc&email=b%40c","time":"12:00 UTC"}'

# the_mail_is_whole ID - as the catalogue has it, and each header once
the_mail_is_whole() {
	local header link='https://auth.example.org/x?token=abc&email=b%40c'

	the_mail
	run -0 cat "$gl/read"
	for header in From To Subject Date Message-ID Auto-Submitted \
		MIME-Version Content-Type Content-Transfer-Encoding; do
		assert_equal "$(sed '/^\r$/q' "$gl/bob.eml" |
			grep -ci "^$header:")" 1
	done
	assert_line 'From: noreply@auth.example.org'
	assert_line 'To: bob@example.com'
	assert_line "Subject: $(in_french mail.password_changed.subject)"
	assert_line "Message-ID: <$1@auth.example.org>"
	assert_line 'Auto-Submitted: auto-generated'
	assert_line 'Return-Path: <noreply@auth.example.org>'
	assert_output --partial "$(in_french mail.password_changed.what)"
	assert_equal "$(grep -o 'https\?:.*' <<<"$output")" "$link"
}

# ----------------------------------------------------------------------- SMTP

@test "Postfix takes a mail by TLS and login, and delivers it whole" {
	row password_changed bob@example.com "$password_changed" fr
	once
	assert_equal "$(state "$id")" 'sent '
	the_mail_is_whole "$id"
	grep -qF 'sasl_username=courier' "$mta/log"
	grep -q 'by mx.example.com (Postfix) with ESMTPSA id' "$gl/bob.eml"
}

log_ends_with() {
	[[ $(<"$mta/log") == *"$1" ]]
}

@test "Postfix hears nothing by a certificate that is not good" {
	mta_settings 'smtp_ca = ""'
	row test bob@example.com '{"link":"/"}'
	run -75 once
	run -0 state "$id"
	assert_output --partial certificate
	eventually 10 log_ends_with ' ehlo=1 starttls=0/1 commands=1/2'
}

@test "Postfix wants a login, and the right one" {
	mta_settings 'smtp_user = ""' 'smtp_password_file = ""'
	post bob@example.com
	once
	waits 'RCPT: 554 5.7.1'
	echo wrong >"$gl/password"
	mta_settings
	post bob@example.com
	run -75 once
	waits 'AUTH: 535 5.7.8'
	delivered 0
}

# lines_arrive LINE... - a mail has them for its text
lines_arrive() {
	mkdir -p "$gl/own/mail"
	printf '%s\n' "$@" >"$gl/lines"
	printf '%s\n' 'Own' '' "$@" >"$gl/own/mail/test.txt"
	row test bob@example.com '{"link":"/"}'
	once
	the_mail
	diff "$gl/lines" "$gl/text"
}

@test "lines that are encoded arrive as they are" {
	mta_settings "templates = \"$gl/own\""
	lines_arrive . .. .dot ..dots 'From here' é \
		"$(printf 'x%.0s' {1..1200})" 'blank ' $'\t' =3D .
	grep -q '^Content-Transfer-Encoding: quoted-printable' "$gl/bob.eml"
}

@test "lines that are not encoded arrive as they are" {
	mta_settings "templates = \"$gl/own\""
	lines_arrive . .. .dot ..dots '' .
	grep -q '^Content-Transfer-Encoding: 7bit' "$gl/bob.eml"
}

@test "an address with two dots is the same to Postfix" {
	row test a..b@example.com '{"link":"/"}'
	once
	the_mail
	grep -qx $'To: "a..b"@example.com\r' "$gl/bob.eml"
}

@test "whom Postfix does not know gets none, and the queue says so" {
	post nobody@example.com
	post bob@example.com
	once
	logged mail.dead
	run -0 ctl mail queue --json
	jq -se 'length == 1 and (.[0] | .recipient == "nobody@example.com" and
		.state == "dead" and .reason == "RCPT: 550 5.1.1")' <<<"$output"
	comes 1
}

@test "while Postfix is down mails wait, and each arrives once" {
	courier_start
	row test bob@example.com '{"link":"/1"}'
	comes 1
	# Nothing is lost by the connection that the courier keeps.
	mta_stop
	row test bob@example.com '{"link":"/2"}'
	row test bob@example.com '{"link":"/3"}'
	eventually 20 grep -q '"mail.failed"' "$gl/log"
	states waiting 2
	mta_start
	ctl mail retry >/dev/null
	eventually 60 states sent 3
	courier_stop
	comes 3
	assert_equal "$(grep -h '^Message-ID:' "$mta"/boxes/bob/new/* |
		sort -u | wc -l)" 3
}

# -------------------------------------------------------------------- sendmail

# Its own program, with the settings of this test's.
mta_sendmail() {
	printf '#!/bin/sh\nexec /usr/sbin/sendmail -C %s "$@"\n' "$mta/etc" \
		>"$gl/sendmail"
	chmod 755 "$gl/sendmail"
	settings "sendmail = \"$gl/sendmail\"" 'mail_timeout = 30' \
		'site_name = "Café Zoë"' "$@"
}

@test "Postfix's sendmail delivers a mail whole" {
	mta_sendmail
	row password_changed bob@example.com "$password_changed" fr
	once
	assert_equal "$(state "$id")" 'sent '
	the_mail_is_whole "$id"
}

@test "Postfix's sendmail takes dots and odd addresses as they are" {
	mta_sendmail "templates = \"$gl/own\""
	lines_arrive . .. .dot '' .
	rm -r "$mta"/boxes/*
	row test a..b@example.com '{"link":"/"}'
	once
	the_mail
}

@test "Postfix's sendmail keeps a mail while Postfix is down" {
	mta_sendmail
	mta_stop
	post bob@example.com
	once
	assert_equal "$(last_state)" 'sent '
	mta_start
	comes 1
}

trace_test

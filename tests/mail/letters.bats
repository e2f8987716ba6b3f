#!/usr/bin/env bats
# What is written: into files and to a program, by the templates.
# shellcheck disable=SC2154,SC2030,SC2031 # the helpers set variables

load helper

setup() {
	mail_begin "mail_dir = \"/nowhere\""
	settings "mail_dir = \"$gl/mail\""
}

teardown() {
	mail_end
}

# the_mail - the file that came last
the_mail() {
	find "$gl/mail" -name '*.eml' | sort | tail -n 1
}

full='{"link":"/x?token=abc&email=b%40c","code":"123456","minutes":"60",
"hours":"24","time":"2026-01-01 12:00 UTC","network":"192.0.2.0/24",
"browser":"Firefox"}'

@test "each kind of mail in each language is one that Python reads" {
	local file kind tag
	local -A ids=()

	for file in "$tests_top"/conf/templates/mail/*.txt; do
		kind=${file##*/} kind=${kind%.txt}
		[[ $kind != foot && $kind != where ]] || continue
		for tag in en fr; do
			row "$kind" bob@example.com "$full" "$tag"
			ids[$kind $tag]=$id
		done
	done
	once
	states sent "${#ids[@]}"
	files "${#ids[@]}"
	read_mail "$gl"/mail/*.eml
	for kind in "${!ids[@]}"; do
		run -0 cat "$gl"/mail/*-"${ids[$kind]}.eml.txt"
		assert_line "Message-ID: <${ids[$kind]}@auth.example.org>"
		assert_line 'To: bob@example.com'
		# A link to the site itself has nothing after it.
		assert_line --partial https://auth.example.org
		refute_output --partial '{{'
		refute_line --regexp '^Subject: *$'
		[[ $kind != *' fr' ]] || assert_output --partial Bonjour
	done
}

@test "a file is whole, its owner's, and in the order of time" {
	row test one@example.com '{"link":"/"}'
	row test two@example.com '{"link":"/"}'
	once
	files 2
	run -0 find "$gl/mail" -type f ! -name '*.eml'
	assert_output ''
	run -0 find "$gl/mail" -type f -perm /077
	assert_output ''
	grep -q $'^To: two@example.com\r' "$(the_mail)"
}

@test "a directory that is not there leaves mails waiting" {
	rmdir "$gl/mail"
	row test one@example.com '{"link":"/"}'
	run -75 once
	assert_equal "$(state "$id")" \
		'waiting mail_dir: No such file or directory'
	mkdir "$gl/mail"
	ctl mail retry "$id"
	once
	files 1
}

@test "the link is base_url and what the mail says, byte for byte" {
	settings "mail_dir = \"$gl/mail\"" 'base_path = "/auth"' \
		'base_url = "https://www.example.org:8443/"'
	row reset bob@example.com "$full"
	once
	run -0 read_mail "$(the_mail)"
	assert_line 'https://www.example.org:8443/auth/x?token=abc&email=b%40c'

	# What is no path is no link.
	row reset bob@example.com '{"link":"https://evil.example/"}'
	once
	assert_output_of_state waiting
}

assert_output_of_state() {
	[[ $(state "$id") == "$1 "* ]] || fail "$(state "$id")"
}

@test "no value ends a line, and none makes a header" {
	mkdir -p "$gl/own/mail"
	printf '%s\n' 'To {{browser}}' '' 'Hello {{browser}}' \
		>"$gl/own/mail/reset.txt"
	settings "mail_dir = \"$gl/mail\"" "templates = \"$gl/own\""
	row reset bob@example.com '{"browser":"a\r\nBcc: x@example.com\r\n\r\nb",
		"link":"/"}'
	once
	run -0 read_mail "$(the_mail)"
	assert_line 'Subject: To a??Bcc: x@example.com????b'
	refute_line --regexp '^Bcc:'
	refute_line --regexp '^b$'
}

@test "a recipient that is more than an address" {
	local to
	local -a refused=()

	for to in $'bob@example.com\r\nBcc: x@example.com' 'a@b, c@d' '<a@b>' \
		'bob@example.com ' '-f@' 'a@b@c' 'bob' 'ü@example.com'; do
		row test "$to" '{"link":"/"}'
		refused+=("$id")
	done
	once
	for id in "${refused[@]}"; do
		assert_equal "$(state "$id")" 'dead the recipient is no address'
	done
	files 0
}

@test "names beyond ASCII come out as they went in" {
	local long='Käserei „Zum goldenen Löffel“, Groß- und Kleinhandel ☕'

	settings "mail_dir = \"$gl/mail\"" "site_name = \"$long $long\"" \
		"mail_from_name = \"$long\"" 'mail_from = "post@k.example"'
	post bob@example.com
	once
	run -0 read_mail "$(the_mail)"
	assert_line "Subject: Messages from $long $long arrive"
	assert_line "From: $long <post@k.example>"
}

@test "a template that cannot be used leaves the mail waiting" {
	mkdir -p "$gl/own/mail"
	settings "mail_dir = \"$gl/mail\"" "templates = \"$gl/own\""
	printf '{{network}}\n\nWords\n' >"$gl/own/mail/test.txt"
	row test bob@example.com '{"link":"/"}'
	once
	assert_equal "$(state "$id")" \
		'waiting the template has no subject with an empty line after it'
	echo '{{no end' >"$gl/own/mail/test.txt"
	run -78 once
	echo 'no subject, {{site}}' >"$gl/own/mail/test.txt"
	run -78 once
	printf 'Own\n\nWords for {{site}}.\n' >"$gl/own/mail/test.txt"
	ctl mail retry "$id"
	once
	run -0 read_mail "$(the_mail)"
	assert_line 'Subject: Own'
	assert_line 'Words for auth.example.org.'
}

@test "what is no content, or of no kind, waits and harms nothing" {
	local one

	for one in '{' '[]' '{"link":1}' '{"link":["/"]}' '{"a":{"b":"c"}}' ''; do
		row test bob@example.com "$one"
	done
	row ../../etc/passwd bob@example.com '{"link":"/"}'
	row nothing bob@example.com '{"link":"/"}'
	once
	assert_equal "$(sql "SELECT count(*) FROM mails
		WHERE state = 'waiting' AND attempts = 1 AND reason <> ''")" 8
	files 0
}

# ------------------------------------------------------------------- sendmail

# sendmail_is - the program, from standard input
sendmail_is() {
	{
		echo '#!/bin/bash'
		cat
	} >"$gl/sendmail"
	chmod 755 "$gl/sendmail"
	settings "sendmail = \"$gl/sendmail\""
}

@test "sendmail gets arguments, a mail, and little else" {
	sendmail_is <<-PROGRAM
	printf '%s\\n' "\$@" >"$gl/arguments"
	cat >"$gl/mail/1.eml"
	env >"$gl/environment"
	ls -l /proc/self/fd >"$gl/open"
	kill -TERM \$\$ # not blocked
	PROGRAM
	row test 'a..b@example.com' '{"link":"/"}'
	SECRET=x once
	assert_equal "$(state "$id")" 'waiting sendmail ended by signal 15'
	assert_equal "$(<"$gl/arguments")" "-i
-f
noreply@auth.example.org
--
\"a..b\"@example.com"
	read_mail "$gl/mail/1.eml" | grep -x "Message-ID: <$id@.*>"
	run -1 grep SECRET "$gl/environment"
	run -1 grep -F gatelodge.db "$gl/open"
}

@test "a recipient that looks like an option is none to sendmail" {
	sendmail_is <<-PROGRAM
	printf '%s\\n' "\$@" >"$gl/arguments"
	cat >/dev/null
	PROGRAM
	row test '-oQ/tmp@example.com' '{"link":"/"}'
	once
	assert_equal "$(tail -n 2 "$gl/arguments" | paste -sd ' ')" \
		'-- -oQ/tmp@example.com'
}

@test "what sendmail's codes come to" {
	local code
	local -A ids=()

	sendmail_is <<-'PROGRAM'
	cat >/dev/null
	exit "${*//[^0-9]/}"
	PROGRAM
	for code in 0 65 67 68 1 64 69 70 75 127; do
		row test "$code@example.com" '{"link":"/"}'
		ids[$code]=$id
	done
	once
	for code in "${!ids[@]}"; do
		case $code in
		0) assert_equal "$(state "${ids[0]}")" 'sent ' ;;
		6[578])
			assert_equal "$(state "${ids[$code]}")" \
				"dead sendmail ended with $code"
			;;
		*)
			assert_equal "$(state "${ids[$code]}")" \
				"waiting sendmail ended with $code"
			;;
		esac
	done
}

@test "a sendmail that hangs is ended, with what it has started" {
	sendmail_is <<-PROGRAM
	sleep 60 &
	echo "\$! \$\$" >"$gl/pids"
	wait
	PROGRAM
	row test bob@example.com '{"link":"/"}'
	once
	assert_equal "$(state "$id")" 'waiting sendmail: time is up'
	eventually 5 is_gone "$(cut -d ' ' -f 1 "$gl/pids")"
	is_gone "$(cut -d ' ' -f 2 "$gl/pids")"
}

@test "a sendmail that is not there, or does not listen, sends nothing" {
	settings "sendmail = \"$gl/none\""
	row test bob@example.com '{"link":"/"}'
	run -75 once
	assert_equal "$(state "$id")" \
		'waiting sendmail: No such file or directory'
	sendmail_is <<<'exec <&-; sleep 0.2; exit 75'
	ctl mail retry "$id"
	once
	assert_equal "$(state "$id")" 'waiting sendmail ended with 75'
}

trace_test

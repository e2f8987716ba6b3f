#!/usr/bin/env bats
# The program itself: options, settings, signals, the store, and what the
# administrator sees.
# shellcheck disable=SC2154,SC2030,SC2031 # the helpers set variables

load helper

setup() {
	mail_begin
	settings "mail_dir = \"$gl/mail\""
}

teardown() {
	mail_end
}

teardown_file() {
	sink_end
}

courier() {
	timeout 60 "$COURIER" -c "$gl/gatelodge.conf" "$@"
}

# libraries PROGRAM - what it is linked with
libraries() {
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

@test "the courier alone is linked with a library that has a network" {
	libraries "$COURIER" | grep '^libcurl'
	run -0 libraries "$GATELODGE"
	assert_output --partial libsqlite3
	refute_output --partial libcurl
	run -0 libraries "$GATELODGECTL"
	assert_output --partial libsqlite3
	refute_output --partial libcurl
}

@test "options" {
	run -0 courier -h
	assert_output --partial 'usage: gatelodge-courier'
	run -0 courier --version
	assert_line --regexp '^gatelodge-courier [0-9.]+$'
	assert_line --regexp '^libcurl [0-9.]+'
	run -64 courier -x
	run -64 courier --once more
	run -64 courier --sometimes
	GATELODGE_CONF=$gl/gatelodge.conf run -0 timeout 60 "$COURIER" -1
	run -74 bash -c "'$COURIER' -h >/dev/full"
}

@test "settings without a way to send, with two, or unreadable, are refused" {
	settings
	run -78 courier -1
	assert_output --partial 'none of smtp_url, sendmail and mail_dir is set'
	settings "mail_dir = \"$gl/mail\"" 'sendmail = "/usr/sbin/sendmail"'
	run -78 courier -1
	assert_output --partial 'one of smtp_url, sendmail and mail_dir'
	rm "$gl/gatelodge.conf"
	run -78 courier -1
}

@test "a refusal names the setting and the file" {
	local secret='smtp_user = "me"' port=smtp://localhost:9

	settings "smtp_url = \"$port\"" "$secret" \
		"smtp_password_file = \"$gl/none\""
	run -78 courier -1
	assert_output "gatelodge-courier: smtp_password_file $gl/none: No such file or directory"
	echo secret >"$gl/secret"
	chmod 644 "$gl/secret"
	settings "smtp_url = \"$port\"" "$secret" \
		"smtp_password_file = \"$gl/secret\""
	run -78 courier -t
	assert_output "gatelodge-courier: smtp_password_file $gl/secret: may be used by others than its owner"
}

@test "-t looks at the settings and at what the courier alone opens" {
	rm -f "$gl"/gatelodge.db*
	run -0 courier -t
	assert_output "gatelodge-courier: $gl/gatelodge.conf is ok"
	assert [ ! -e "$gl/gatelodge.db" ]
	run -0 courier --test -1
	settings
	run -78 courier -t
	assert_output --partial 'none of smtp_url, sendmail and mail_dir is set'
	settings 'smtp_tls = "never"'
	run -78 courier -t
	opens_not mail_dir "$gl/none" 'No such file or directory'
	opens_not mail_dir "$gl/gatelodge.conf" 'is no directory'
	opens_not sendmail "$gl/none" 'No such file or directory'
	opens_not sendmail "$gl" 'is no file'
	opens_not sendmail "$gl/gatelodge.conf" 'Permission denied'
	opens_not smtp_ca "$gl/none" 'No such file or directory' \
		'smtp_url = "smtp://localhost"'
	settings 'smtp_url = "smtps://localhost"' \
		"smtp_ca = \"$gl/gatelodge.conf\"" 'smtp_user = "me"' \
		"smtp_password_file = \"$gl/secret\""
	(umask 077 && echo secret >"$gl/secret")
	run -0 courier -t
}

# opens_not KEY PATH REASON [LINE...]
opens_not() {
	settings "$1 = \"$2\"" "${@:4}"
	run -78 courier -t
	assert_output "gatelodge-courier: $1 $2: $3"
}

@test "a mail that nobody gets is dropped, one whose time is over is dead" {
	local dropped

	row reset '' '{"link":"/reset?token=1"}'
	dropped=$id
	row reset bob@example.com '{"link":"/reset?token=1"}' '' -1
	once
	assert_equal "$(state "$dropped")" 'dropped nobody gets it'
	assert_equal "$(state "$id")" 'dead its time is over'
	assert_equal "$(sql 'SELECT max(length(content)) FROM mails')" 0
	files 0
	logged mail.dropped
	logged mail.dead
}

@test "the log has one object of JSON a line, and no address" {
	post bob@example.com
	row reset '' '{}'
	row reset carol@example.com '{}' '' -1
	courier_start
	eventually 10 files 1
	courier_stop
	jq -e .event "$gl/log" >/dev/null
	run -1 grep -F @example.com "$gl/log"
	run -0 jq -r .event "$gl/log"
	assert_line started
	assert_line mail.sent
	assert_equal "${lines[-1]}" stopped
}

@test "a store that is not there yet is waited for" {
	rm -f "$gl"/gatelodge.db*
	run -75 courier -1
	courier_start
	eventually 10 grep -q '"store.waiting"' "$gl/log"
	sleep 1.5
	assert_equal "$(grep -c '"store.waiting"' "$gl/log")" 1
	run -0 jq -r 'select(.event == "store.waiting") | .reason' "$gl/log"
	assert_output "$gl/gatelodge.db: No such file or directory"
	run -1 grep '"store.fault"' "$gl/log"
	ctl db migrate 2>/dev/null
	post bob@example.com
	eventually 10 files 1
	courier_stop
}

@test "a store that is not ours is refused" {
	rm -f "$gl"/gatelodge.db*
	head -c 8192 /dev/urandom >"$gl/gatelodge.db"
	run -65 courier -1
	run -65 courier
}

@test "a store that is busy is waited for" {
	courier_start
	post bob@example.com
	eventually 10 files 1
	sqlite3 "$gl/gatelodge.db" 'PRAGMA wal_autocheckpoint=0;' \
		"INSERT INTO mails VALUES ('abcdefghijklmnopqrstuv', 'test',
		'carol@example.com', '', '{\"link\":\"/\"}', 0, 0,
		9000000000000, 0, 0, 0, 'waiting', '');" \
		'BEGIN IMMEDIATE;' '.system sleep 8' 'COMMIT;'
	eventually 20 files 2
	courier_stop
	assert_equal "$(sql "SELECT count(*) FROM mails
		WHERE state = 'sent'")" 2
}

@test "two couriers send each mail once" {
	local other

	sql "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n
		WHERE n < 60) INSERT INTO mails SELECT printf('%022d', n),
		'test', 'user' || n || '@example.com', '', '{\"link\":\"/\"}',
		0, 0, 9000000000000, 0, 0, 0, 'waiting', '' FROM n"
	sink_start
	smtp_settings
	once &
	other=$!
	timeout 60 "$COURIER" -c "$gl/gatelodge.conf" -1 2>"$gl/twice"
	wait "$other"
	got 60
	assert_equal "$(jq -r '.to[]' "$gl"/sink/got/*.json | sort -u |
		wc -l)" 60
	assert_equal "$(sql "SELECT count(*) FROM mails WHERE state = 'sent'
		AND attempts = 1")" 60
}

@test "TERM lets the mail in flight arrive, and no other begin" {
	sink_start
	smtp_settings
	mode 'slow 1'
	post one@example.com
	post two@example.com
	courier_start
	eventually 10 said DATA
	courier_stop TERM
	got 1
	assert_equal "$(sql "SELECT group_concat(state) FROM
		(SELECT state FROM mails ORDER BY created_at)")" sent,waiting
}

@test "HUP takes new settings, and keeps the old ones if they are bad" {
	courier_start
	post one@example.com
	eventually 10 files 1
	mkdir "$gl/other"
	settings "mail_dir = \"$gl/other\""
	kill -HUP "$(courier_pid)"
	eventually 10 grep -q '"config.reloaded"' "$gl/log"
	post two@example.com
	eventually 10 others 1
	files 1
	settings
	kill -HUP "$(courier_pid)"
	eventually 10 grep -q '"config.refused"' "$gl/log"
	settings "mail_dir = \"$gl/mail\"" "store = \"$gl/elsewhere.db\""
	kill -HUP "$(courier_pid)"
	eventually 10 grep -q '"key":"store"' "$gl/log"
	settings "mail_dir = \"$gl/other\""
	post three@example.com
	eventually 10 others 2
	courier_stop
}

@test "what cannot be put into the directory leaves nothing there" {
	local place

	row test bob@example.com '{"link":"/"}'
	place=$(printf '%013d-%s.eml' \
		"$(sql 'SELECT created_at FROM mails')" "$id")
	mkdir "$gl/mail/$place"
	run -75 once
	waits 'mail_dir: Is a directory'
	run -0 find "$gl/mail" -name '.*.part'
	assert_output ''
	rmdir "$gl/mail/$place"
	ctl mail retry >/dev/null
	once
	files 1
}

# others NUMBER - so many mails are in the other directory
others() {
	[ "$(find "$gl/other" -name '*.eml' | wc -l)" -eq "$1" ]
}

@test "what ended long ago is removed" {
	post one@example.com
	post two@example.com
	once
	sql "UPDATE mails SET ended_at = ended_at - 8 * 86400000
		WHERE recipient = 'one@example.com'"
	courier_start
	eventually 10 states sent 1
	assert_equal "$(sql 'SELECT recipient FROM mails')" two@example.com
}

@test "what ended long ago is removed by -1 as well" {
	post one@example.com
	once
	sql 'UPDATE mails SET ended_at = ended_at - 8 * 86400000'
	post two@example.com
	once
	assert_equal "$(sql 'SELECT recipient FROM mails')" two@example.com
}

# -------------------------------------------------------------- gatelodgectl

@test "mail queue, retry and test" {
	settings "mail_dir = \"$gl/none\""
	run -0 ctl mail queue
	assert_output ''
	run -0 ctl mail test Bob@Käse.example
	assert_output $'Bob@Käse.example\twritten'
	row reset '' '{"link":"/"}'
	ctl mail queue --json | jq -se 'length == 2 and
		all(.state == "waiting" and .attempts == 0 and .reason == "-")
		and .[0].recipient == "Bob@xn--kse-qla.example"
		and .[0].kind == "test" and .[1].recipient == "-"'
	run -75 once
	run -0 ctl mail queue
	assert_output --partial 'mail_dir: No such file or directory'
	mkdir "$gl/none"
	run -0 ctl mail retry
	assert_output $'1\tdue now'
	once
	run -0 ctl mail queue
	assert_output ''
	run -66 ctl mail retry "$id"
	assert_output --partial 'no such mail waits'
	run -65 ctl mail test 'bob@example.com@'
	run -64 ctl mail test
	run -64 ctl mail retry a b
	settings
	run -78 ctl mail test bob@example.com
}

# number_of NAME - what db stats says
number_of() {
	ctl db stats --json |
		jq --arg name "$1" 'select(.name == $name) | .number'
}

@test "how many mails wait, and how long the oldest has waited" {
	local n oldest

	assert_equal "$(number_of mails_waiting)" 0
	assert_equal "$(number_of mail_oldest_s)" 0
	for n in 1 2 3; do
		row test bob@example.com '{"link":"/"}'
		sql "UPDATE mails SET created_at = created_at - $n * 3600000
			WHERE id = '$id'"
	done
	assert_equal "$(number_of mails_waiting)" 3
	oldest=$(number_of mail_oldest_s)
	((oldest >= 3 * 3600 && oldest < 3 * 3600 + 60))
	ctl db stats | grep -x $'mails_waiting\t3'
}

@test "what a mail says is not shown" {
	row reset bob@example.com '{"link":"/reset?token=SeCrEt"}'
	run -0 ctl mail queue --json
	refute_output --partial SeCrEt
}

@test "a store that the courier has open is not replaced" {
	ctl db backup "$gl/copy.db" >/dev/null
	courier_start
	eventually 10 grep -q '"started"' "$gl/log"
	post bob@example.com
	eventually 10 files 1
	run -69 ctl db restore "$gl/copy.db"
	assert_output --partial gatelodge-courier
	courier_stop
	ctl db restore "$gl/copy.db"
}

trace_test

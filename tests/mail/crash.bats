#!/usr/bin/env bats
# A courier that is killed at any moment.
#
# CRASHES says how often (default 20).
# shellcheck disable=SC2154,SC2030,SC2031 # the helpers set variables

load helper

CRASHES=${CRASHES:-20}

setup() {
	mail_begin
}

teardown() {
	mail_end
}

teardown_file() {
	sink_end
}

# fill NUMBER - so many mails that are due
fill() {
	sql "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n
		WHERE n < $1) INSERT INTO mails SELECT printf('%022d', n),
		'test', 'user' || n || '@example.com', '', '{\"link\":\"/\"}',
		n, n, 9000000000000, 0, 0, 0, 'waiting', '' FROM n"
}

# crash_and_restart NUMBER MAILS - kills it so often, each time somewhere else
crash_and_restart() {
	local n

	for ((n = 0; n < $1; n++)); do
		courier_start
		# Until a mail or two have gone, and a little more by chance.
		sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
		courier_stop KILL
	done
	# A mail server has its time to answer; nobody waits for it here.
	sql "UPDATE mails SET due_at = 0 WHERE taken_until > 0"
	courier_start
	eventually 300 states sent "$2"
	courier_stop
}

# repeats FILE - of the recipients in it
repeats() {
	sort "$1" | uniq -d | wc -l
}

@test "each mail arrives, and at most the interrupted one twice" {
	local mails=$((CRASHES * 15)) came twice

	sink_start
	smtp_settings 'mail_timeout = 1'
	fill "$mails"
	crash_and_restart "$CRASHES" "$mails"
	jq -r '.to[]' "$gl"/sink/got/*.json >"$gl/came"
	assert_equal "$(sort -u "$gl/came" | wc -l)" "$mails"
	came=$(wc -l <"$gl/came")
	twice=$(repeats "$gl/came")
	echo "# $mails mails, $CRASHES crashes, $twice came twice" >&3
	# A crash interrupts one mail.
	((came - mails <= CRASHES))
	# What came twice is the same mail, by its id and to the byte.
	grep -h '^Message-ID:' "$gl"/sink/got/*.eml >"$gl/ids"
	assert_equal "$(sort -u "$gl/ids" | wc -l)" "$mails"
	assert_equal "$(cat "$gl"/sink/got/*.eml | wc -l)" \
		"$((came * $(wc -l <"$gl/sink/got/00001.eml")))"
	assert_equal "$(sha256sum "$gl"/sink/got/*.eml | cut -d ' ' -f 1 |
		sort -u | wc -l)" "$mails"
	# Somewhere a mail was in hand.
	(($(sql 'SELECT max(attempts) FROM mails') > 1))
}

@test "in a directory each mail is one file, whatever is interrupted" {
	local mails=$((CRASHES * 15))

	settings "mail_dir = \"$gl/mail\"" 'mail_timeout = 1'
	fill "$mails"
	crash_and_restart "$CRASHES" "$mails"
	files "$mails"
	assert_equal "$(cat "$gl"/mail/*.eml | grep -c '^To: ')" "$mails"
}

trace_test

# helper.bash - gatelodge-courier, a store to take mails from, and a mail
# server that keeps them
#
# mail_begin makes a store and settings in $gl; sink_start a mail server in
# $gl/sink; mails are written by post and row, and sent by once or, in the
# background, courier_start.
#
# The helpers of tests/http set what nothing here does, and tests use what
# nothing here does.
# shellcheck shell=bash disable=SC2154,SC2034

load ../http/helper

GATELODGECTL=${GATELODGECTL:-$(dirname "$GATELODGE")/gatelodgectl}
COURIER=${COURIER:-$(dirname "$GATELODGE")/gatelodge-courier}
sink_py=$tests_top/tests/mail/sink.py

# mail_begin [LINE...] - a line replaces the default of the same knob
mail_begin() {
	gl=$(mktemp -d "${TMPDIR:-/tmp}/gatelodge-mail.XXXXXX")
	base=https://auth.example.org
	mkdir "$gl/mail" "$gl/sink"
	export gl base
	settings "$@"
	ctl db migrate >/dev/null 2>>"$gl/log"
}

# settings [LINE...]
settings() {
	gl_configure 'profile = "standard"' 'hash_cost = 5' \
		'mail_timeout = 2' "$@"
}

# The settings of most tests: the sink, at the port that it has.
smtp_settings() {
	settings "smtp_url = \"smtp://localhost:$(<"$gl/sink/port")\"" "$@"
}

mail_end() {
	courier_stop TERM
	[ -L "$gl/sink" ] || sink_stop
	no_complaints
	rm -rf "$gl"
}

ctl() {
	timeout 60 "$GATELODGECTL" -c "$gl/gatelodge.conf" "$@"
}

# once - sends what is due; what it logs is also in $gl/log
once() {
	local status=0

	timeout 60 "$COURIER" -c "$gl/gatelodge.conf" -1 2>"$gl/once" ||
		status=$?
	cat "$gl/once" >>"$gl/log"
	return "$status"
}

# post ADDRESS - writes a mail as the administrator does
post() {
	ctl mail test "$1" >/dev/null
}

# row KIND RECIPIENT CONTENT [LANGUAGE] [SECONDS] - as the service does; leaves
# the id in $id.  SECONDS is what is left of its time.
row() {
	local now

	# Letters and digits, as many as an id has.
	printf -v id '%08X' "$SRANDOM" "$SRANDOM" "$SRANDOM"
	id=${id:0:22}
	now=$((${EPOCHREALTIME//[.,]/} / 1000))
	sql "INSERT INTO mails VALUES ('$id', '$1', '$2', '${4-}', '$3', $now,
		$now, $((now + ${5:-3600} * 1000)), 0, 0, 0, 'waiting', '')"
}

sql() {
	# The answer to the PRAGMA is none to what was asked.
	sqlite3 -cmd '.timeout 10000' -cmd '.output /dev/null' \
		-cmd 'PRAGMA wal_autocheckpoint=0' -cmd '.output' \
		"$gl/gatelodge.db" "$1"
}

# state ID - of a mail, and the reason
state() {
	sql "SELECT state || ' ' || reason FROM mails WHERE id = '$1'"
}

# last_state - of the mail that was written last
last_state() {
	sql "SELECT state || ' ' || reason FROM mails
		ORDER BY created_at DESC LIMIT 1"
}

# waits REASON - the mail that was written last waits for that reason
waits() {
	assert_equal "$(last_state)" "waiting $1"
}

# states STATE NUMBER - so many mails are in that state
states() {
	[ "$(sql "SELECT count(*) FROM mails WHERE state = '$1'")" = "$2" ]
}

# ------------------------------------------------------------- in background

courier_start() {
	rm -f "$gl/courier.status"
	(
		set +e
		# shellcheck disable=SC2016 # the inner shell's own words
		bash -c 'echo $$ >"$0"; exec "$@"' "$gl/courier.pid" \
			"$COURIER" -c "$gl/gatelodge.conf" </dev/null \
			>>"$gl/log" 2>&1
		echo $? >"$gl/courier.status"
	) >/dev/null 2>&1 3>&- 4>&- &
	eventually 10 test -s "$gl/courier.pid"
}

courier_pid() {
	cat "$gl/courier.pid"
}

courier_ended() {
	[ -s "$gl/courier.status" ]
}

# courier_stop [SIGNAL] - and insists on exit status 0 unless that is KILL
# shellcheck disable=SC2120 # tests name signals
courier_stop() {
	[ -s "$gl/courier.pid" ] || return 0
	kill -s "${1:-TERM}" "$(courier_pid)" 2>/dev/null || true
	eventually 20 courier_ended
	rm "$gl/courier.pid"
	[ "${1:-TERM}" = KILL ] || [ "$(<"$gl/courier.status")" = 0 ]
}

# certificate NAME FOR [DIRECTORY] - a key and a certificate, signed by ca.pem
certificate() {
	local dir=${3-$gl} new=(-newkey ec -pkeyopt
		ec_paramgen_curve:prime256v1 -nodes)

	[ -e "$dir/ca.pem" ] || openssl req -x509 "${new[@]}" \
		-keyout "$dir/ca.key" -out "$dir/ca.pem" -days 2 \
		-subj /CN=ca.example 2>/dev/null
	openssl req "${new[@]}" -keyout "$dir/$1.key" \
		-subj "/CN=$2" 2>/dev/null |
		openssl x509 -req -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
			-CAcreateserial -days 2 -out "$dir/$1.pem" \
			-extfile <(echo "subjectAltName=DNS:$2") 2>/dev/null
}

# The mail server that a file's tests have in common starts with the first that
# wants one without options; the file's teardown_file calls this.
sink_end() {
	gl=$BATS_FILE_TMPDIR
	sink_stop
}

# sink_join - what others had from it is gone
sink_join() {
	mkdir -p "$BATS_FILE_TMPDIR/sink/got"
	rm -f "$BATS_FILE_TMPDIR/sink"/{got/*,mode,said}
	rmdir "$gl/sink"
	ln -s "$BATS_FILE_TMPDIR/sink" "$gl/sink"
}

# sink_start [OPTION...] - at the port that it had before, if it had one
sink_start() {
	local port=0

	if [ $# -eq 0 ] && [ ! -s "$gl/sink/port" ]; then
		sink_join
		: >"$gl/sink/said"
		[ ! -s "$gl/sink/pid" ] || return 0
	fi
	[ ! -s "$gl/sink/port" ] || port=$(<"$gl/sink/port")
	rm -f "$gl/sink/port"
	: >"$gl/sink/said"
	"$sink_py" "$(readlink -f "$gl/sink")" --port "$port" "$@" </dev/null \
		>>"$gl/sink/log" 2>&1 3>&- 4>&- &
	echo $! >"$gl/sink/pid"
	disown
	eventually 20 test -s "$gl/sink/port" ||
		fail "no mail server: $(<"$gl/sink/log")"
}

sink_stop() {
	[ -s "$gl/sink/pid" ] || return 0
	kill -KILL "$(<"$gl/sink/pid")" 2>/dev/null || true
	eventually 10 is_gone "$(<"$gl/sink/pid")"
	rm "$gl/sink/pid"
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

# mode [LINE...] - what the sink does wrong from now on
mode() {
	printf '%s\n' "$@" >"$gl/sink/mode"
}

# got NUMBER - so many mails have come to the sink
got() {
	[ "$(find "$gl/sink/got" -name '*.eml' | wc -l)" -eq "$1" ]
}

# files NUMBER - so many mails are in mail_dir
files() {
	[ "$(find "$gl/mail" -name '*.eml' | wc -l)" -eq "$1" ]
}

# said LINE - has the sink heard it?
said() {
	grep -qxF -e "$1" "$gl/sink/said"
}

# logged EVENT - has the courier logged it since once?
logged() {
	grep -q "\"event\":\"$1\"" "$gl/once"
}

# eventually SECONDS COMMAND... - tries until it succeeds
eventually() {
	local until=$((${EPOCHREALTIME//[.,]/} + $1 * 1000000))

	shift
	while ! "$@"; do
		((${EPOCHREALTIME//[.,]/} < until)) || return 1
		sleep 0.02
	done
}

# read_mail FILE... - headers, an empty line and text as Python reads them, a
# line each; a defect is a failure.  Of more than one each goes into FILE.txt.
read_mail() {
	/usr/bin/python3 - "$@" <<'PYTHON'
import email, email.header, email.policy, sys

# Who opens a file finds its lines whole; what a server gets has short ones.
def read(raw, out, longest):
    assert b"\r" not in raw.replace(b"\r\n", b""), "a CR alone"
    assert b"\n" not in raw.replace(b"\r\n", b""), "a LF alone"
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 78, "a long line"
    assert max(map(len, body.split(b"\r\n"))) <= longest, "a long line"
    wide = b"\r\nContent-Transfer-Encoding: 8bit" in head
    assert head.isascii() and body.isascii() != wide, "not ASCII"
    mail = email.message_from_bytes(raw, policy=email.policy.strict)
    # In names the new parser leaves the blank between two encoded words.
    plain = email.message_from_bytes(raw)
    for name, value in mail.items():
        assert not value.defects, (name, value.defects)
        if name == "From":
            value = email.header.make_header(
                email.header.decode_header(plain[name]))
        print(f"{name}: {value}", file=out)
    assert mail["From"].addresses and mail["To"].addresses
    assert mail["Date"].datetime is not None
    print(file=out)
    print(mail.get_content().replace("\r\n", "\n"), end="", file=out)

for name in sys.argv[1:]:
    longest = 998 if "/mail/" in name else 78
    with open(name, "rb") as mail:
        if len(sys.argv) == 2:
            read(mail.read(), sys.stdout, longest)
        else:
            with open(name + ".txt", "w", encoding="utf-8") as out:
                read(mail.read(), out, longest)
PYTHON
}

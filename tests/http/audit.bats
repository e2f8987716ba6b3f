#!/usr/bin/env bats
# The audit trail through both programs, and what sqlite3 does to it.
#
# helper.bash sets the variables that nothing here does, and each test sets its
# own in a process of its own.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016

load helper

GATELODGECTL=${GATELODGECTL:-$(dirname "$GATELODGE")/gatelodgectl}

# A store of its own for each test: what was tampered with stays so.
setup() {
	gl_begin
}

teardown() {
	gl_end
}

# ctl WORD... - as the tests' own user
ctl() {
	timeout 60 "$GATELODGECTL" -c "$gl/gatelodge.conf" "$@"
}

# events [EMAIL] - the events and nothing else, in order
events() {
	ctl audit list "$@" | cut -f 4 | tr '\n' ' '
}

# What is written without being waited for is there soon.
await() {
	local i

	for ((i = 0; i < 500; i++)); do
		[ "$(db "SELECT count(*) FROM audit_events")" -lt "$1" ] ||
			return 0
		sleep 0.01
	done
	fail "no $1 rows: $(db 'SELECT * FROM audit_events')"
}

some_events() {
	register bob@example.com b4l0u
	login bob@example.com wrong
	login alice@example.com wrong
	await 3
	login bob@example.com b4l0u
	session=$(session_set)
	req DELETE /sessions -b "session_id=$session"
	await 5
}

# findings WANTED... - of a verify that fails
findings() {
	run --separate-stderr -65 ctl audit verify
	assert_equal "$(cut -f 1-4 <<<"$output" | grep -v proved)" \
		"$(printf '%s\n' "$@")"
	[[ $stderr == *'not as it was written'* ]]
}

@test "audit list: what the doors did, of everybody and of one account" {
	some_events
	assert_equal "$(events)" \
		'user.created login.failed login.failed login.succeeded logout '
	assert_equal "$(events BOB@example.com)" \
		'user.created login.failed login.succeeded logout '
	assert_equal "$(events alice@example.com)" 'login.failed '
	assert_equal "$(events nobody@example.com)" ''
	run -0 ctl audit list --json
	/usr/bin/python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5], rows
assert rows[1]["result"] == "bad_credentials", rows
assert rows[1]["door"] == "POST /sessions", rows
assert rows[1]["network"] == "127.0.0.0/24", rows
assert rows[1]["account"] != rows[2]["account"], rows' <<<"$output"
	refute_output --partial bob
	refute_output --partial b4l0u
	run --separate-stderr -65 ctl audit list not-an-address
}

@test "audit: each verb that changes something is one row of gatelodgectl" {
	local expected='user.added user.disabled user.enabled groups.changed '

	expected+='password.set user.unlocked reset.made user.invited '
	expected+='reset.made reset.made sessions.ended sessions.ended '
	expected+='user.removed '
	ctl user add --password-stdin a@example.com <<<b4l0u
	ctl user disable a@example.com
	ctl user enable a@example.com
	ctl user groups a@example.com +staff
	ctl user password --password-stdin a@example.com <<<b4l0u2
	ctl user unlock a@example.com
	ctl user reset-link a@example.com
	ctl user invite b@example.com
	ctl user invite b@example.com
	ctl session end a@example.com
	ctl session end --all
	ctl user delete --yes a@example.com
	# What reads, fails or only looks leaves none.
	ctl user list
	ctl user groups b@example.com
	ctl user delete --dry-run b@example.com
	run -66 ctl user disable nobody@example.com
	run -65 ctl user invite nobody
	assert_equal "$(events)" "$expected"
	run -0 ctl audit verify
	assert_line --partial $'gatelodgectl\t1\t13\tproved\tgatelodgectl:13:'
}

@test "import: each account is a row, and none that is undone" {
	htpasswd -nbB one@example.com b4l0u >"$gl/users"
	htpasswd -nbB two@example.com b4l0u >>"$gl/users"
	sed -i '/^$/d' "$gl/users"
	run -0 ctl import --dry-run "$gl/users"
	assert_equal "$(events)" ''
	run -0 ctl import "$gl/users"
	assert_equal "$(events)" 'user.imported user.imported '
	assert_equal "$(events one@example.com)" 'user.imported '
	run -0 ctl audit verify
	assert_equal "$(ctl audit list | cut -f 7 | sort -u)" import
}

@test "audit verify: both writers are proved while gatelodge serves, and after" {
	some_events
	ctl user add --password-stdin a@example.com <<<b4l0u
	run -0 ctl audit verify
	assert_line --partial $'gatelodge\t1\t5\tproved\tgatelodge:5:'
	assert_line --partial $'gatelodgectl\t1\t1\tproved\tgatelodgectl:1:'
	gl_stop
	run -0 ctl audit verify --json
	assert_line --partial '"finding":"proved"'
	assert_equal "$(events | wc -w)" 6
	gl_start
	login bob@example.com b4l0u
	run -0 ctl audit verify
	assert_line --partial $'gatelodge\t1\t6\tproved\tgatelodge:6:'
}

@test "audit verify: an empty trail is proved" {
	run -0 ctl audit verify
	assert_output ''
	run -0 ctl audit list
	assert_output ''
}

@test "audit verify: a row changed by sqlite3 is found" {
	some_events
	db "UPDATE audit_events SET result = 'done' WHERE seq = 2"
	findings $'gatelodge\t2\t2\tchanged'
}

@test "audit verify: rows removed in the middle and at the end are found" {
	some_events
	db 'DELETE FROM audit_events WHERE seq = 2'
	db 'DELETE FROM audit_events WHERE seq = 5'
	findings $'gatelodge\t2\t2\tmissing' $'gatelodge\t5\t5\tmissing'
}

@test "audit verify: a row added, and one of another writer, are found" {
	some_events
	db "INSERT INTO audit_events SELECT writer, 6, at, event, result,
		account, network, door, request, mac FROM audit_events
		WHERE seq = 5"
	db "INSERT INTO audit_events SELECT 'ghost', 1, at, event, result,
		account, network, door, request, mac FROM audit_events
		WHERE seq = 5"
	findings $'gatelodge\t6\t6\tadded' \
		$'ghost\t0\t0\thead or key missing'
}

@test "audit verify: a head moved back with its rows is found, also later" {
	some_events
	db "DELETE FROM audit_events WHERE seq > 3; UPDATE audit_chains
		SET seq = 3, mac = (SELECT mac FROM audit_events
		WHERE seq = 3)"
	findings $'gatelodge\t0\t0\thead changed'
	login bob@example.com b4l0u
	assert_code 200
	findings $'gatelodge\t0\t0\thead changed'
}

@test "audit verify: an older copy of the whole store shows by a noted head" {
	local noted

	some_events
	ctl db backup "$gl/copy.db"
	login bob@example.com b4l0u
	noted=$(ctl audit verify | cut -f 5)
	run -0 ctl audit verify "$noted"
	assert_line --partial 'as noted'
	login bob@example.com b4l0u
	run -0 ctl audit verify "$noted"
	gl_stop
	ctl db restore "$gl/copy.db"
	run -0 ctl audit verify
	run --separate-stderr -65 ctl audit verify "$noted"
	assert_line --partial 'not as noted'
	# Also after as many rows have been written anew.
	gl_start
	login bob@example.com b4l0u
	login bob@example.com b4l0u
	run -65 ctl audit verify "$noted"
	run --separate-stderr -64 ctl audit verify gatelodge:5
	run --separate-stderr -64 ctl audit verify gatelodge:x:"${noted##*:}"
}

@test "audit: a copy that is put back is a row, and the trail is proved" {
	local before

	some_events
	ctl user unlock bob@example.com
	before=$(events)
	ctl db backup "$gl/copy.db"
	ctl user disable bob@example.com
	gl_stop
	ctl db restore --dry-run "$gl/copy.db"
	assert_equal "$(events)" "${before}user.disabled "
	ctl db restore "$gl/copy.db"
	assert_equal "$(events)" "${before}store.restored "
	run -0 ctl audit verify
	assert_line --partial $'gatelodge\t1\t5\tproved\tgatelodge:5:'
	assert_line --partial $'gatelodgectl\t1\t2\tproved\tgatelodgectl:2:'
	gl_start
	login bob@example.com b4l0u
	ctl user unlock bob@example.com
	run -0 ctl audit verify
	assert_line --partial $'gatelodgectl\t1\t3\tproved\tgatelodgectl:3:'
}

@test "audit tail: shows what comes, and ends well with a signal" {
	local pid signal

	some_events
	for signal in INT TERM; do
		"$GATELODGECTL" -c "$gl/gatelodge.conf" audit tail \
			>"$gl/tail" 2>&1 3>&- &
		pid=$!
		sleep 1.5
		login bob@example.com b4l0u
		ctl user unlock bob@example.com
		repeat_until grep -q user.unlocked "$gl/tail"
		kill -s "$signal" "$pid"
		wait "$pid"
		assert_equal "$(cut -f 4 "$gl/tail" | sort | tr '\n' ' ')" \
			'login.succeeded user.unlocked '
	done
	gl_stop
	"$GATELODGECTL" -c "$gl/gatelodge.conf" audit tail --json \
		>"$gl/tail" 2>&1 3>&- &
	pid=$!
	sleep 1.5
	ctl user unlock bob@example.com
	repeat_until grep -q user.unlocked "$gl/tail"
	kill "$pid"
	wait "$pid"
	gl_start
}

# repeat_until COMMAND... - for ten seconds
repeat_until() {
	local i

	for ((i = 0; i < 100; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	fail "never: $*"
}

# age_rows N - makes the first rows of the chain two days old, as nobody could
# who does not know the key; an account of its own of how rows are bound
age_rows() {
	/usr/bin/python3 - "$gl/gatelodge.db" "$1" <<'EOT'
import base64, hashlib, hmac, sqlite3, sys

base = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
base.execute("PRAGMA wal_autocheckpoint = 0")
key = base.execute("SELECT secret FROM audit_keys").fetchone()[0]


def bound(*parts):
    text = "".join("%d:%s," % (len(str(p)), p) for p in parts)
    mac = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


base.execute("BEGIN IMMEDIATE")
mac = ""
for row in base.execute("SELECT * FROM audit_events ORDER BY seq").fetchall():
    row = list(row[:-1])
    if row[1] <= int(sys.argv[2]):
        row[2] -= 2 * 24 * 3600 * 1000
    mac = bound("row", mac, *row)
    base.execute("UPDATE audit_events SET at = ?, mac = ? WHERE seq = ?",
                 (row[2], mac, row[1]))
base.execute("UPDATE audit_chains SET mac = ?, seal = ?",
             (mac, bound("head", "gatelodge", row[1], mac, 0, "")))
base.execute("COMMIT")
EOT
}

has_rows() {
	[ "$(db 'SELECT count(*) FROM audit_events')" = "$1" ]
}

@test "audit_days: what is old goes while gatelodge serves, the rest is proved" {
	some_events
	gl_stop
	age_rows 3
	run -0 ctl audit verify
	assert_line --partial $'gatelodge\t1\t5\tproved\t'
	gl_configure 'audit_days = 3'
	gl_start
	sleep 1.5
	assert_equal "$(db 'SELECT count(*) FROM audit_events')" 5
	gl_restart 'audit_days = 1'
	repeat_until has_rows 2
	run -0 ctl audit verify
	assert_line --partial $'gatelodge\t4\t5\tproved\tgatelodge:5:'
	login bob@example.com b4l0u
	run -0 ctl audit verify
	assert_line --partial $'gatelodge\t4\t6\tproved\tgatelodge:6:'
	gl_stop
	gl_configure 'audit_days = 0'
	gl_start
}

@test "logs, rows and tokens: no secret and no address is on record" {
	some_events
	req POST /reset_password -d email=bob@example.com
	await 6
	run -0 db 'SELECT * FROM audit_events'
	refute_output --regexp 'bob|alice|example|b4l0u|wrong|127\.0\.0\.1'
	refute_output --partial "$session"
}

trace_test

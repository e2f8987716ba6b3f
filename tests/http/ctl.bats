#!/usr/bin/env bats
# gatelodgectl: each verb while gatelodge serves behind the web server and
# while it does not, in both profiles.
#
# helper.bash sets the variables that nothing here does, each test sets its own
# in a process of its own, and what looks like a variable may be a hash.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016

load helper

GATELODGECTL=${GATELODGECTL:-$(dirname "$GATELODGE")/gatelodgectl}
good='a long enough password'

setup_file() {
	export base_url=https://auth.example
	gl_place
	gl_configure "${standard[@]}"
	gl_start
	web_start
}

teardown_file() {
	gl_end
}

# The profile that an installation has, at its lowest cost.
standard=('profile = "standard"' 'base_url = "https://auth.example"'
	'hash_cost = 5')

# Whatever the test before has left: standard, and up.
setup() {
	if [ -e "$gl/status" ]; then
		gl_configure "${standard[@]}"
		gl_start
	elif ! grep -q standard "$gl/gatelodge.conf"; then
		gl_restart "${standard[@]}"
	fi
}

# ctl WORD... - as the tests' own user
ctl() {
	timeout 60 "$GATELODGECTL" -c "$gl/gatelodge.conf" "$@"
}

# refused STATUS WORD... - and nothing on stdout
refused() {
	local wanted=$1

	shift
	run --separate-stderr "-$wanted" ctl "$@" </dev/null
	assert_output ''
	[[ $stderr == *'gatelodgectl: '* ]] || fail "it said: $stderr"
}

# add EMAIL [PASSWORD]
add() {
	ctl user add --password-stdin "$1" <<<"${2:-$good}"
}

# enter EMAIL [PASSWORD] - logs in as the standard profile has it
enter() {
	say form POST /sessions "email=$1" "password=${2:-$good}"
	session=$(session_set)
}

whose() {
	req GET /profile -b "__Host-session_id=$1"
}

# json - each line of the input is an object, and there is one
json() {
	/usr/bin/python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
assert rows and all(type(row) is dict for row in rows), rows'
}

@test "user add: the account can be used at once, while gatelodge serves" {
	run --separate-stderr -0 add Added@Example.com
	assert_output $'Added@Example.com\tadded'
	assert_equal "$stderr" ''
	enter added@example.com
	assert_answer 200 \
		'{"email":"added@example.com","message":"logged in"}'
	whose "$session"
	assert_answer 200 '{"email":"Added@Example.com"}'
	[[ $(db "SELECT password_hash FROM users
		WHERE email_key = 'added@example.com'") == '$y$j9T$'* ]]
}

@test "user add: in compat, and while gatelodge is down" {
	gl_restart
	add compat@example.com short
	login compat@example.com short
	assert_code 200
	gl_stop
	add down@example.com x
	gl_start
	login down@example.com x
	assert_code 200
}

@test "user add: refuses what registration would refuse" {
	local email long

	add taken@example.com
	refused 65 user add --password-stdin TAKEN@example.com <<<"$good"
	for email in '' a a@ @b 'a b@c' a@b@c 'a@-b' $'a@b\n' \
		"$(repeat x 250)@example.com" $'\xff@example.com'; do
		run --separate-stderr -65 add "$email"
		assert_output ''
	done
	for long in fourteen-chars "$(repeat x 512)" $'\xff\xfe\xfd\xfc long enough'; do
		run --separate-stderr -65 add fresh@example.com "$long"
		[[ $stderr != *"$long"* ]]
	done
	run --separate-stderr -65 ctl user add --password-stdin \
		fresh@example.com </dev/null
	run --separate-stderr -65 ctl user add --password-stdin \
		fresh@example.com < <(printf 'a long enough\0password\n')
	refused 66 user show fresh@example.com
}

@test "a password is never an argument" {
	run --separate-stderr -64 ctl user add a@example.com "$good"
	[[ $stderr != *"$good"* ]] || fail "it repeats: $stderr"
	run --separate-stderr -64 ctl user password a@example.com "$good"
	[[ $stderr != *"$good"* ]]
	run --separate-stderr -64 ctl user add a@example.com "--password=$good"
	[[ $stderr != *"$good"* ]]
	refused 66 user show a@example.com
}

# typed ANSWER... - what a terminal shows while the answers are typed to the
# command in $@, and its exit code as the last line
typed() {
	/usr/bin/python3 - "$GATELODGECTL" "$gl/gatelodge.conf" "$@" <<'PYTHON'
import os, pty, signal, sys
signal.alarm(60)
program, conf, words, *answers = sys.argv[1:]
pid, tty = pty.fork()
if pid == 0:
    os.execv(program, [program, "-c", conf, *words.split()])
shown = b""
try:
    for answer in answers:
        while not shown.rstrip().endswith((b":", b"]")):
            shown += os.read(tty, 100)
        shown += b"|"
        os.write(tty, answer.encode() + b"\n")
    while True:
        more = os.read(tty, 1000)
        if not more:
            break
        shown += more
except OSError:
    pass
print(shown.decode().replace("\r", ""))
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
}

@test "a password is typed twice and not shown" {
	run -0 typed 'user add typed@example.com' "$good" "$good"
	assert_line --index $((${#lines[@]} - 1)) 0
	refute_output --partial "$good"
	enter typed@example.com
	assert_code 200
	run -0 typed 'user password typed@example.com' "$good" "$good!"
	assert_line --index $((${#lines[@]} - 1)) 65
	enter typed@example.com
	assert_code 200
	refused 64 user add nobody@example.com
}

@test "user list and show: any spelling, tabs, a table, JSON" {
	add "O'Neil+tag@Bücher.example"
	run --separate-stderr -0 ctl user show "o'neil+TAG@xn--bcher-kva.example"
	[[ $output == "O'Neil+tag@Bücher.example"$'\tenabled\t2'*Z$'\t-\t\t'* ]]
	run -0 ctl user list
	assert_line --partial "O'Neil+tag@Bücher.example"$'\tenabled\t'
	run -0 ctl --json user list
	json <<<"$output"
	assert_equal "$(jq -r .email <<<"$output")" "$(ctl user list | cut -f 1)"
	run -0 ctl user show --json "o'neil+tag@bücher.example"
	json <<<"$output"
	run -0 typed 'user list'
	assert_line --index 0 --regexp '^email +state +created$'
	refused 66 user show stranger@example.com
	refused 65 user show stranger
}

@test "user export: what the person would get, and nothing that opens" {
	local theirs same='del(.sessions[].current) |
		del(.events[] | select(.event == "profile.exported"))'

	add export@example.com
	ctl user groups export@example.com +staff
	enter export@example.com
	req GET /profile/export -b "__Host-session_id=$session"
	assert_code 200
	theirs=$(jq -S "$same" "$reply/body")
	run -0 ctl user export Export@example.com
	json <<<"$output"
	assert_equal "$(jq -S "$same" <<<"$output")" "$theirs"
	assert_equal "$(jq -r '.sessions[].current, .groups[].name' \
		<<<"$output" | xargs)" 'false staff'
	[[ $output != *"$session"* && $output != *'$y$'* ]]
	refused 66 user export stranger@example.com
}

@test "user list: an address that begins with dashes" {
	add --json@example.com && fail "taken for no option"
	ctl user add --password-stdin -- --json@example.com <<<"$good"
	run -0 ctl user show -- --json@example.com
	ctl user delete --yes -- --json@example.com
}

@test "user disable: 401 with the right password, its cookie is dead" {
	local right

	add gone@example.com
	enter gone@example.com
	assert_code 200
	token=$(ctl user reset-link gone@example.com | cut -f 1)
	run -0 ctl user disable GONE@example.com
	assert_output $'GONE@example.com\tdisabled'
	whose "$session"
	assert_error 403
	enter gone@example.com
	assert_error 401
	right=$body
	enter gone@example.com "$good!"
	assert_error 401
	assert_equal "$body" "$right"
	set_password gone@example.com "$token" "another $good"
	assert_error 403
	refused 65 user reset-link gone@example.com
	[[ $(ctl user show gone@example.com) == *$'\tdisabled\t2'*Z$'\t2'*Z* ]]
	ctl user enable gone@example.com
	whose "$session"
	assert_error 403
	enter gone@example.com
	assert_code 200
	refused 66 user disable stranger@example.com
	refused 66 user enable stranger@example.com
}

@test "user disable: in compat a reset is refused as for a stranger" {
	gl_restart
	add closed@example.com x
	token_for closed@example.com
	gl_stop
	ctl user disable closed@example.com
	gl_start
	set_password closed@example.com "$token" y
	assert_error 403
	say form POST /reset_password email=closed@example.com
	assert_error 403
	register closed@example.com y
	assert_error 400
	login closed@example.com x
	assert_error 401
}

@test "user delete: asks, or not, or only looks" {
	local count

	add doomed@example.com
	enter doomed@example.com
	refused 64 user delete doomed@example.com
	run -0 typed 'user delete doomed@example.com' n
	assert_line --index $((${#lines[@]} - 1)) 64
	run -0 ctl user delete --dry-run doomed@example.com
	assert_output $'doomed@example.com\twould be deleted'
	whose "$session"
	assert_code 200
	run -0 typed 'user delete doomed@example.com' yes
	assert_line --index $((${#lines[@]} - 1)) 0
	whose "$session"
	assert_error 403
	refused 66 user delete --yes doomed@example.com
	count=$(db 'SELECT count(*) FROM sessions WHERE user_id NOT IN
		(SELECT id FROM users)')
	assert_equal "$count" 0
}

@test "user password: ends sessions and the reset" {
	add changed@example.com
	enter changed@example.com
	token=$(ctl user reset-link changed@example.com | cut -f 1)
	ctl user password --password-stdin changed@example.com \
		<<<"another $good"
	whose "$session"
	assert_error 403
	set_password changed@example.com "$token" "third $good"
	assert_error 403
	enter changed@example.com
	assert_error 401
	enter changed@example.com "another $good"
	assert_code 200
	run --separate-stderr -66 ctl user password --password-stdin \
		stranger@example.com <<<"$good"
}

@test "user address: the new one logs in, and no link of the former one works" {
	add lost@example.com
	add found.other@example.com
	enter lost@example.com
	token=$(ctl user reset-link lost@example.com | cut -f 1)
	run -0 ctl user address LOST@example.com Found@Example.com
	assert_output $'Found@Example.com\tlost@example.com\taddress changed'
	whose "$session"
	assert_answer 200 '{"email":"Found@Example.com"}'
	enter lost@example.com
	assert_error 401
	set_password lost@example.com "$token" "another $good"
	assert_error 403
	set_password found@example.com "$token" "another $good"
	assert_error 403
	enter found@example.com
	assert_code 200
	add lost@example.com "somebody else's $good"
	run -0 ctl audit list --json found@example.com
	json <<<"$output"
	[[ $output == *'"event":"address.changed"'*'"door":"user address"'* ]]
	refused 65 user address found@example.com FOUND.OTHER@example.com
	run -0 ctl user address found@example.com FOUND@example.com
	[[ $(ctl user show found@example.com) == FOUND@example.com$'\t'* ]]
	refused 65 user address found@example.com FOUND@example.com
	refused 65 user address found@example.com 'no address'
	refused 66 user address stranger@example.com new@example.com
	refused 64 user address found@example.com
	enter found@example.com
	assert_code 200
}

@test "user unlock: who waited for a reset may try again" {
	add locked@example.com
	login locked@example.com 'a wrong password'
	assert_error 401
	db "UPDATE limits SET failures = 100 WHERE key LIKE 'a%'"
	login locked@example.com "$good"
	assert_error 429
	run -0 ctl user unlock LOCKED@example.com
	assert_output $'LOCKED@example.com\tunlocked'
	enter locked@example.com
	assert_code 200
	refused 66 user unlock stranger@example.com
}

@test "user groups: joined, left, replaced" {
	local name

	add member@example.com
	run -0 ctl user groups member@example.com
	assert_output ''
	run -0 ctl user groups member@example.com +staff +admin
	assert_output $'admin\nstaff'
	run -0 ctl user groups member@example.com -admin +a.b-c_9
	assert_output $'a.b-c_9\nstaff'
	run -0 ctl user groups member@example.com one two --json
	json <<<"$output"
	assert_output $'{"group":"one"}\n{"group":"two"}'
	[[ $(ctl user show member@example.com) == *$'\tone,two\t'* ]]
	for name in + A +A 'a b' + é .a +-a "$(repeat a 65)" 'a,b'; do
		refused 64 user groups member@example.com "$name"
	done
	refused 64 user groups member@example.com one +two
	run -0 ctl user groups member@example.com "$(repeat a 64)"
	refused 66 user groups stranger@example.com +staff
}

@test "user reset-link: the token works once" {
	local seconds link

	add reset@example.com
	IFS=$'\t' read -r token seconds link < <(ctl user reset-link \
		RESET@example.com)
	assert_equal "$seconds" 3600
	assert_equal "$link" "https://auth.example/reset?token=$token"
	set_password reset@example.com "$token" "another $good"
	assert_code 200
	set_password reset@example.com "$token" "third $good"
	assert_error 403
	run -0 ctl user reset-link --json reset@example.com
	json <<<"$output"
	assert_equal "$(jq -r .link <<<"$output")" \
		"https://auth.example/reset?token=$(jq -r .reset_token \
		<<<"$output")"
	refused 66 user reset-link stranger@example.com
}

@test "user invite and reset-link: --mail is refused where no mail goes" {
	local before

	add owner@example.com
	before=$(db_state)
	refused 78 user invite --mail fresh@example.com
	[[ $stderr == *smtp_url* ]]
	refused 78 user reset-link --mail owner@example.com
	assert_equal "$(db_state)" "$before"
	gl_restart "mail_dir = \"$gl\""
	refused 78 user invite --mail fresh@example.com
	[[ $stderr == *compat* ]]
	refused 78 user reset-link owner@example.com --mail
	assert_equal "$(db_state)" "$before"
}

@test "user invite: nothing opens it until its owner sets a password" {
	local first second seconds link

	IFS=$'\t' read -r first seconds link < <(ctl user invite \
		guest@example.com)
	assert_equal "$seconds" 86400
	assert_equal "$link" "https://auth.example/reset?token=$first"
	[[ $(ctl user show guest@example.com) == *invited* ]]
	[[ $(ctl user list) == *guest@example.com$'\t'invited* ]]
	for password in "$good" '$none$' '*' ' '; do
		login guest@example.com "$password"
		assert_error 401
	done
	IFS=$'\t' read -r second seconds link < <(ctl user invite \
		Guest@example.com)
	set_password guest@example.com "$first" "another $good"
	assert_error 403
	set_password guest@example.com "$second" "another $good"
	assert_code 200
	login guest@example.com "another $good"
	assert_code 200
	refused 65 user invite guest@example.com
	[[ $(ctl user show guest@example.com) == *enabled* ]]
	ctl user invite --json other@example.com | json
	ctl user disable other@example.com
	refused 66 user invite other@example.com
	refused 65 user invite 'no address'
}

@test "user invite: the language is kept, and one that is not spoken refused" {
	ctl user invite french@example.com --language=fr
	assert_equal "$(ctl user show --json french@example.com |
		jq -r .language)" fr
	ctl user invite --language auto french@example.com
	[[ $(ctl user show french@example.com) == *$'\tauto' ]]
	refused 65 user invite --language xx other.french@example.com
	refused 66 user show other.french@example.com
	refused 64 user invite french@example.com --language
	refused 64 user add --language fr french@example.com
}

@test "session list and end" {
	local other

	add many@example.com
	enter many@example.com
	other=$session
	enter many@example.com
	run -0 ctl session list many@example.com
	assert_equal "${#lines[@]}" 2
	[[ ${lines[0]} == 2*Z$'\t'2*Z$'\t'2*Z$'\t'*/*$'\t'curl/* ]]
	ctl session list --json many@example.com | json
	ctl session end many@example.com
	whose "$other"
	assert_error 403
	run -0 ctl session list many@example.com
	assert_output ''
	enter many@example.com
	refused 64 session end
	refused 64 session end many@example.com --all
	ctl session end --all
	whose "$session"
	assert_error 403
	refused 66 session end stranger@example.com
	refused 66 session list stranger@example.com
}

@test "db check, migrate, stats: while it serves and while it does not" {
	local i

	for i in up down; do
		run -0 ctl db check
		assert_output --partial $'\tsound\t'
		ctl db check --json | json
		run -0 ctl db migrate
		assert_output --partial 'up to date'
		run -0 ctl db migrate --dry-run
		assert_output --partial 'up to date'
		ctl db stats --json | json
		assert_equal "$(ctl db stats | sed -n 's/^users\t//p')" \
			"$(ctl user list | wc -l)"
		[ "$i" = down ] || gl_stop
	done
}

@test "db check: finds a row without its account, and a damaged page" {
	gl_stop
	cp "$gl/gatelodge.db" "$gl/kept.db"
	sqlite3 "$gl/gatelodge.db" "PRAGMA journal_mode = DELETE;
		INSERT INTO user_groups VALUES ('nobody', 'staff')" >/dev/null
	refused 65 db check
	[[ $stderr == *user_groups* ]]
	cp "$gl/kept.db" "$gl/gatelodge.db"
	dd if=/dev/zero of="$gl/gatelodge.db" bs=1024 seek=8 count=16 \
		conv=notrunc status=none
	refused 65 db check
	echo 'no store at all' >"$gl/gatelodge.db"
	refused 65 db check
	rm -f "$gl"/gatelodge.db*
	refused 73 db check
	[ ! -e "$gl/gatelodge.db" ]
	ctl db migrate
	run -0 ctl db check
	rm -f "$gl"/gatelodge.db*
	mv "$gl/kept.db" "$gl/gatelodge.db"
}

# first_store FILE - of the first release, with one account
first_store() {
	{
		sed 's/^); -- keyed$/) WITHOUT ROWID;/' \
			"$tests_top/src/sql/0001_accounts.sql"
		echo "PRAGMA user_version = 1; PRAGMA application_id = 1195463749;"
		echo "INSERT INTO users VALUES ('0123456789012345678901',
			'old@b', 'old@b', '\$y\$', 1);"
	} | sqlite3 "$1"
}

@test "an earlier store is refused until it is brought up to date" {
	gl_stop
	cp "$gl/gatelodge.db" "$gl/kept.db"
	rm -f "$gl"/gatelodge.db*
	first_store "$gl/gatelodge.db"
	refused 65 user list
	[[ $stderr == *'db migrate'* ]]
	run -0 ctl db migrate --dry-run
	assert_output --partial 'would be brought up to date'
	refused 65 user list
	run -0 --separate-stderr ctl db migrate
	[[ $stderr == *'"store.migrated"'* ]]
	run -0 ctl user list
	assert_output --partial $'old@b\tenabled\t1970'
	rm -f "$gl"/gatelodge.db*
	mv "$gl/kept.db" "$gl/gatelodge.db"
}

# A login that goes on until $gl/enough is there.
write_on() {
	while [ ! -e "$gl/enough" ]; do
		curl -s -o /dev/null --data-urlencode 'email=busy@example.com' \
			--data-urlencode "password=b" "$base/sessions"
	done
}

@test "db backup: while four clients write; restored, everything is there" {
	local i pids=() users

	gl_restart
	add busy@example.com b
	add later@example.com b
	for i in 1 2 3 4; do
		write_on 3>&- 4>&- &
		pids+=($!)
	done
	for i in 1 2 3; do
		ctl db backup "$gl/copy-$i.db"
		[ "$(sqlite3 "$gl/copy-$i.db" 'PRAGMA integrity_check')" = ok ]
	done
	: >"$gl/enough"
	wait "${pids[@]}"
	rm "$gl/enough"
	users=$(ctl user list | cksum)
	assert_equal "$(stat -c '%a %u' "$gl/copy-1.db")" \
		"$(stat -c '%a %u' "$gl/gatelodge.db")"
	[ -z "$(find "$gl" -name 'copy*db?*')" ]
	refused 73 db backup "$gl/copy-3.db"
	refused 73 db backup "$gl/nowhere/copy.db"

	login busy@example.com b
	refused 69 db restore "$gl/copy-3.db"
	refused 69 db restore --dry-run "$gl/copy-3.db"
	profile "$session"
	assert_code 200
	ctl user delete --yes later@example.com
	gl_stop
	run -0 ctl db restore --dry-run "$gl/copy-3.db"
	refused 66 user show later@example.com
	run -0 ctl db restore "$gl/copy-3.db"
	assert_output --regexp $'\treplaced\t.*\.replaced-[0-9]+$'
	assert_equal "$(ctl user list | cksum)" "$users"
	gl_start
	profile "$session"
	assert_error 403
	login later@example.com b
	assert_code 200
	sqlite3 "$gl"/gatelodge.db.replaced-* \
		'SELECT count(*) FROM users' | grep -q '[1-9]'
	rm -f "$gl"/copy-* "$gl"/gatelodge.db.replaced-*
}

@test "db restore: what waits in the copy is not sent again" {
	mkdir "$gl/mail"
	gl_restart "${standard[@]}" "mail_dir = \"$gl/mail\""
	ctl mail test again@example.com
	ctl db backup "$gl/copy.db"
	gl_stop
	ctl db restore "$gl/copy.db"
	assert_equal "$(db 'SELECT state, reason FROM mails')" \
		'dropped|the store is a copy that was put back'
	timeout 60 "$(dirname "$GATELODGE")/gatelodge-courier" \
		-c "$gl/gatelodge.conf" -1
	[ -z "$(ls "$gl/mail")" ]
	rm -rf "$gl"/copy.db "$gl"/gatelodge.db.replaced-* "$gl/mail"
}

@test "db restore: accounts are as in the copy, sessions and browsers end" {
	local email

	for email in closed@copy.example changed@copy.example removed@copy.example; do
		add "$email"
	done
	enter changed@copy.example
	assert_equal "$(db 'SELECT count(*) > 0 FROM devices')" 1
	ctl db backup "$gl/copy.db"
	ctl user disable closed@copy.example
	ctl user password --password-stdin changed@copy.example <<<"$good, again"
	ctl user delete --yes removed@copy.example
	gl_stop
	ctl db restore "$gl/copy.db"
	assert_equal "$(db 'SELECT count(*) FROM devices')" 0
	assert_equal "$(db 'SELECT count(*) FROM sessions')" 0
	gl_start
	for email in closed@copy.example changed@copy.example removed@copy.example; do
		enter "$email"
		assert_code 200
	done
	rm -f "$gl/copy.db" "$gl"/gatelodge.db.replaced-*
}

@test "db restore: a copy of an earlier release is brought up to date" {
	gl_stop
	cp "$gl/gatelodge.db" "$gl/kept.db"
	first_store "$gl/first.db"
	ctl db restore "$gl/first.db"
	run -0 ctl user list
	assert_output --partial $'old@b\tenabled\t1970'
	assert_equal "$(ctl audit list | cut -f 2,4,7)" \
		$'gatelodgectl\tstore.restored\tdb restore'
	run -0 ctl audit verify
	ctl db restore "$gl/kept.db"
	rm -f "$gl"/{first,kept}.db "$gl"/gatelodge.db.replaced-*
}

@test "db restore: refuses what is no sound copy, and the store stays" {
	local before

	ctl db backup "$gl/copy.db"
	gl_stop
	before=$(sha256sum <"$gl/gatelodge.db")
	refused 66 db restore "$gl/none.db"
	refused 66 db restore "$gl"
	echo 'no store' >"$gl/bad.db"
	refused 65 db restore "$gl/bad.db"
	: >"$gl/bad.db"
	refused 65 db restore "$gl/bad.db"
	sqlite3 "$gl/other.db" 'CREATE TABLE a (b)'
	refused 65 db restore "$gl/other.db"
	cp "$gl/copy.db" "$gl/bad.db"
	sqlite3 "$gl/bad.db" 'PRAGMA user_version = 9999'
	refused 65 db restore "$gl/bad.db"
	cp "$gl/copy.db" "$gl/bad.db"
	dd if=/dev/zero of="$gl/bad.db" bs=1024 seek=8 count=16 \
		conv=notrunc status=none
	refused 65 db restore "$gl/bad.db"
	cp "$gl/copy.db" "$gl/bad.db"
	echo half >"$gl/bad.db-wal"
	refused 65 db restore "$gl/bad.db"
	assert_equal "$(sha256sum <"$gl/gatelodge.db")" "$before"
	[ -z "$(find "$gl" -name 'gatelodge.db.??????*')" ]
	rm -f "$gl"/bad.db* "$gl"/other.db "$gl"/copy.db
}

# torn FILE - a store that was killed while it wrote, with what undoes that
# beside it
torn() {
	cp "$gl/copy.db" "$1"
	/usr/bin/python3 - "$1" <<-'PYTHON'
	import os, sqlite3, sys
	store = sqlite3.connect(sys.argv[1], isolation_level=None)
	store.execute("PRAGMA cache_size = 1")
	store.execute("BEGIN")
	store.execute("""WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL
	    SELECT i + 1 FROM n WHERE i < 2000)
	    INSERT INTO users (id, email, email_key, password_hash,
	    created_at) SELECT printf('%022d', i), i || '@torn.example',
	    i || '@torn.example', '$y$' || hex(randomblob(40)), 1 FROM n""")
	store.execute("DELETE FROM users WHERE email LIKE '%torn%'")
	os._exit(0)
	PYTHON
	[ -s "$1-journal" ]
}

@test "db restore: a -journal that was left is not played into the copy" {
	ctl db backup "$gl/copy.db"
	torn "$gl/torn.db"
	refused 65 db restore "$gl/torn.db"
	gl_stop
	add Journal@example.com
	ctl db backup "$gl/later.db"
	rm -f "$gl"/gatelodge.db*
	mv "$gl/torn.db-journal" "$gl/gatelodge.db-journal"
	run -0 ctl db restore "$gl/later.db"
	run -0 ctl db check
	run -0 ctl user show journal@example.com
	rm -f "$gl"/copy.db "$gl"/later.db "$gl"/torn.db*
}

@test "db restore: a pipe is refused, and a full disk is named" {
	ctl db backup "$gl/copy.db"
	mkfifo "$gl/pipe"
	refused 66 db restore "$gl/pipe"
	gl_stop
	truncate -s 300K "$gl/copy.db"
	run --separate-stderr -73 bash -c 'trap "" XFSZ; ulimit -f 100; exec "$@"' \
		- "$GATELODGECTL" -c "$gl/gatelodge.conf" db restore \
		"$gl/copy.db"
	[[ $stderr == *'File too large'* ]] || fail "it said: $stderr"
	[ -z "$(find "$gl" -name 'gatelodge.db.??????*')" ]
	rm -f "$gl/copy.db" "$gl/pipe"
}

@test "db restore: in the place of a store that is damaged, or of none" {
	ctl db backup "$gl/copy.db"
	gl_stop
	head -c 20000 /dev/urandom >"$gl/gatelodge.db"
	ctl db restore "$gl/copy.db"
	run -0 ctl db check
	rm -f "$gl"/gatelodge.db*
	run -0 ctl db restore "$gl/copy.db"
	assert_output --regexp $'\treplaced\t-$'
	run -0 ctl db check
	mv "$gl/gatelodge.db" "$gl/other.db"
	ln -s other.db "$gl/gatelodge.db"
	refused 73 db restore "$gl/copy.db"
	mv "$gl/other.db" "$gl/gatelodge.db"
	rm -f "$gl/copy.db"
}

@test "kill -9 during a backup leaves no file under its name" {
	local i pid

	gl_stop
	cp "$gl/gatelodge.db" "$gl/kept.db"
	sqlite3 "$gl/gatelodge.db" "PRAGMA journal_mode = DELETE;
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL
			SELECT i + 1 FROM n WHERE i < 60000)
		INSERT INTO users (id, email, email_key, password_hash,
			created_at) SELECT printf('%022d', i),
			i || '@many.example', i || '@many.example',
			'\$y\$' || hex(randomblob(40)), 1
		FROM n" >/dev/null
	gl_start
	for i in 1 3 6 10 15 25 40 60 90 130; do
		"$GATELODGECTL" -c "$gl/gatelodge.conf" db backup "$gl/cut.db" \
			>/dev/null 2>&1 3>&- 4>&- &
		pid=$!
		sleep "$(printf '0.%03d' "$i")"
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" || true
		if [ -e "$gl/cut.db" ]; then
			[ "$(sqlite3 "$gl/cut.db" 'PRAGMA integrity_check;
				SELECT count(*) >= 60000 FROM users' |
				tr '\n' ' ')" = 'ok 1 ' ]
			rm "$gl/cut.db"
		fi
	done
	rm -f "$gl"/cut.db*
	run -0 ctl db backup "$gl/cut.db"
	assert_equal "$(ctl user list | wc -l)" \
		"$(sqlite3 "$gl/cut.db" 'SELECT count(*) FROM users')"
	gl_stop
	rm -f "$gl"/cut.db* "$gl"/gatelodge.db*
	mv "$gl/kept.db" "$gl/gatelodge.db"
}

@test "root's files are those of the owner of the store" {
	local word

	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	mkdir "$gl/own"
	cp "$gl/gatelodge.conf" "$gl/own.conf"
	sed -i "s|$gl/gatelodge.db|$gl/own/store.db|" "$gl/own.conf"
	chmod 700 "$gl/own"
	chown nobody:www-data "$gl/own"
	for word in 'user add --password-stdin a@example.com' 'user list' \
		"db backup $gl/own/copy.db" "db restore $gl/own/copy.db" \
		'db migrate' 'user disable a@example.com'; do
		# shellcheck disable=SC2086 # words
		timeout 60 "$GATELODGECTL" -c "$gl/own.conf" $word <<<"$good"
	done
	[ -e "$gl/own/store.db-wal" ]
	[ -e "$gl/own/store.db.lock" ]
	run -0 find "$gl/own" '(' ! -user nobody -o ! -group www-data -o \
		-type f ! -perm 0600 ')'
	assert_output ''
	cp "$GATELODGECTL" "$gl/ctl"
	chmod 644 "$gl/own.conf"
	chown bin "$gl/own"/store.db*
	run --separate-stderr -77 setpriv --reuid nobody --clear-groups \
		"$gl/ctl" -c "$gl/own.conf" user list
	rm -rf "$gl/own" "$gl/own.conf" "$gl/ctl"
}

# Whoever has broken into the service owns the directory of the store.
@test "root works on no file that a link in another's directory leads to" {
	local store

	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	mkdir "$gl/own"
	sed "s|$gl/gatelodge.db|$gl/own/store.db|" "$gl/gatelodge.conf" \
		>"$gl/own.conf"
	chown nobody "$gl/own"
	for store in root nobody; do
		: >"$gl/empty"
		chmod 600 "$gl/empty"
		ln -sf "$gl/empty" "$gl/own/store.db"
		chown -h "$store" "$gl/own/store.db"
		run --separate-stderr -73 timeout 60 "$GATELODGECTL" \
			-c "$gl/own.conf" db migrate
		[ ! -s "$gl/empty" ]
	done
	ln -f "$gl/empty" "$gl/own/store.db"
	run --separate-stderr -73 timeout 60 "$GATELODGECTL" \
		-c "$gl/own.conf" db migrate
	[ ! -s "$gl/empty" ]
	run -0 find "$gl/own" ! -user nobody ! -name store.db
	assert_output ''
	rm -rf "$gl/own" "$gl/own.conf" "$gl/empty"
}

# The service may be broken into, and root reads what is in its store.
@test "what is in the store does not command a terminal" {
	local evil=$'\e]0;x\a\tlast\nline\u009b31m\x7f'

	db "INSERT INTO users VALUES ('1234567890123456789012',
		'a$evil@x', 'a@evil', '\$y\$a', 1, 0, '');"
	run -0 ctl user list
	assert_line $'a?]0;x??last?line??31m?@x\tenabled\t1970-01-01T00:00:00.001Z'
	run -0 script -qec "$(printf '%q ' "$GATELODGECTL" \
		-c "$gl/gatelodge.conf" user list)" /dev/null
	assert_output --partial 'a?]0;x??last?line??31m?@x  '
	run -0 bash -c '"$@" | jq -r ".email"' - "$GATELODGECTL" \
		-c "$gl/gatelodge.conf" user list --json
	assert_output --partial "a$evil@x"
	db "DELETE FROM users WHERE email_key = 'a@evil';
		CREATE TABLE \"t$evil\" (u TEXT REFERENCES users (id));
		INSERT INTO \"t$evil\" VALUES ('nobody')"
	run --separate-stderr -65 ctl db check
	[[ $stderr == *'row of t?]0;x??last?line??31m? belongs'* ]] ||
		fail "it said: $stderr"
	db "DROP TABLE \"t$evil\""
}

@test "config check and show" {
	run -0 ctl config check
	assert_output "$gl/gatelodge.conf is ok"
	run -0 ctl config show
	assert_output "$("$GATELODGE" -T -c "$gl/gatelodge.conf")"
	echo 'nonsense' >"$gl/bad.conf"
	run --separate-stderr -78 "$GATELODGECTL" -c "$gl/bad.conf" config check
	run --separate-stderr -78 "$GATELODGECTL" -c "$gl/bad.conf" user list
	run -0 env GATELODGE_CONF="$gl/gatelodge.conf" "$GATELODGECTL" \
		config check
	rm "$gl/bad.conf"
}

# into_full COMMAND... - where nothing can be written
into_full() {
	"$@" >/dev/full
}

@test "wrong words are 64, help and version are not" {
	local words

	for words in '' user 'user add' 'user fly' 'fly add' 'user show' \
		'user list more' 'user show a@b c@d' 'user list --yes' \
		'user list --nonsense' 'db backup' '--json' '-x user list' \
		'config show --json' '-c'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr -64 "$GATELODGECTL" $words
		assert_output ''
	done
	for words in -h --help 'user --help' 'user add a@b --help'; do
		# shellcheck disable=SC2086 # words
		run -0 "$GATELODGECTL" $words
		assert_output --partial 'user add EMAIL [--json] [--password-stdin]'
	done
	run -0 "$GATELODGECTL" --version
	assert_output --regexp '^gatelodgectl [0-9]'
	run --separate-stderr -74 into_full "$GATELODGECTL" --help
	run --separate-stderr -74 into_full ctl user list
}

@test "the completion of bash knows objects, verbs and options" {
	# shellcheck disable=SC2317 # complete calls it
	completes() {
		COMP_WORDS=("$GATELODGECTL" "$@")
		COMP_CWORD=$(($#))
		_gatelodgectl
		printf '%s ' "${COMPREPLY[@]}"
	}
	# shellcheck source=/dev/null
	source "$tests_top/conf/gatelodgectl.bash"
	assert_equal "$(completes '')" \
		'audit config db import mail passwords session user '
	assert_equal "$(completes -c file d)" 'db '
	assert_equal "$(completes user d)" 'disable delete '
	assert_equal "$(completes db backup --)" '--json '
	assert_equal "$(completes user add --p)" '--password-stdin '
	assert_equal "$(completes --language fr user inv)" 'invite '
	assert_equal "$(completes user invite --language fr --)" \
		'--json --mail --language '
	assert_equal "$(completes import "$BATS_TEST_DIRNAME/ctl.b")" \
		"$BATS_TEST_DIRNAME/ctl.bats "
	assert_equal "$(completes import file --st)" '--strict '
}

@test "passwords compile: what the list names nobody may choose" {
	local listed='A Listed Passphrase of mine'

	printf '%s\n' "$listed" "${listed,,}" 'another one' '' $'\xff' \
		>"$gl/list"
	run -0 ctl passwords compile "$gl/list"
	assert_output "$gl/list.compiled"$'\t2\t1\t2'
	run -0 ctl passwords compile "$gl/list" "$gl/refused" --json
	json <<<"$output"
	gl_restart 'profile = "standard"' 'base_url = "https://auth.example"' \
		'hash_cost = 5' "password_list = \"$gl/refused\""
	run --separate-stderr -65 add listed@example.com "${listed^^}"
	[[ $stderr == *'the password '* ]]
	add listed@example.com "$listed and more"
	enter listed@example.com "$listed and more"
	assert_code 200
	run --separate-stderr -66 ctl passwords compile "$gl/none"
	assert_equal "$stderr" \
		"gatelodgectl: $gl/none: No such file or directory"
	run --separate-stderr -73 ctl passwords compile "$gl/list" "$gl/no/x"
	assert_equal "$stderr" \
		"gatelodgectl: $gl/no/x: No such file or directory"
	refused 64 passwords compile
	gl_restart 'profile = "standard"' 'base_url = "https://auth.example"' \
		'hash_cost = 5'
}

trace_test

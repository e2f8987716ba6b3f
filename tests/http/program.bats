#!/usr/bin/env bats
# The program's manners: options, exit statuses, configuration, log, signals.
#
# helper.bash sets the variables that nothing here does; run sets lines.
# shellcheck disable=SC2030,SC2031,SC2154

load helper

setup_file() {
	gl_begin
	register log@example.com b4l0u
}

teardown_file() {
	gl_end
}

setup() {
	export conf=$gl/try.conf
	try
}

# try [LINE...] - a configuration beside the one in use, as gl_configure
# would write it, with a socket and a store of its own
try() {
	cp -p "$gl/gatelodge.conf" "$gl/kept.conf"
	gl_configure "socket = \"$gl/try.sock\"" "store = \"$gl/try.db\"" "$@"
	mv "$gl/gatelodge.conf" "$conf"
	mv "$gl/kept.conf" "$gl/gatelodge.conf"
}

# refused STATUS WORD... - it ends so at once, and says why on stderr
refused() {
	local status_wanted=$1 word

	shift
	run --separate-stderr -"$status_wanted" timeout 20 "$GATELODGE" \
		-c "$conf" </dev/null
	for word in "$@"; do
		[[ $stderr == *"$word"* ]] || fail "no \"$word\" in: $stderr"
	done
	assert_output ''
	[ ! -e "$gl/try.sock" ]
}

# bad LINE - a configuration with it is refused with file and line
bad() {
	printf '%s\n' "$1" >>"$conf"
	local line
	line=$(wc -l <"$conf")
	run --separate-stderr -78 "$GATELODGE" -t -c "$conf"
	[[ $stderr == *"$conf:$line"* ]] ||
		fail "no $conf:$line in: $stderr"
	refused 78 "$conf:$line"
	sed -i '$d' "$conf"
}

@test "-V says the version and the parts" {
	local option

	for option in -V --version; do
		run --separate-stderr -0 "$GATELODGE" "$option"
		[[ ${lines[0]} =~ ^gatelodge\ [0-9] ]]
		for part in SQLite libxcrypt cJSON OpenSSL; do
			[[ ${output,,} == *"${part,,}"* ]] ||
				fail "$part is not named"
		done
		assert_equal "$stderr" ''
	done
}

@test "-h shows every option" {
	local option

	for option in -h --help; do
		run --separate-stderr -0 "$GATELODGE" "$option"
		for word in -c -s -t -T -V -h --config --socket --test --dump \
			--version --help; do
			assert_output --partial -- "$word"
		done
		assert_equal "$stderr" ''
	done
}

@test "wrong usage ends with 64 and says so on stderr" {
	local arguments

	for arguments in -x --nonsense -c -s "-c $conf operand" \
		--config "-t operand" --version=1; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr -64 "$GATELODGE" $arguments </dev/null
		assert_output ''
		[ -n "$stderr" ]
	done
}

@test "-t judges a configuration and touches nothing" {
	local option

	for option in -t --test; do
		run -0 "$GATELODGE" "$option" -c "$conf"
		assert_output --partial "$conf"
		run -0 "$GATELODGE" "$option" "--config=$conf"
	done
	[ ! -e "$gl/try.db" ]
	[ ! -e "$gl/try.sock" ]
}

@test "-T shows every knob, and what it shows can be read again" {
	local option knob

	try 'session_lifetime = 7200' 'origins = {"https://a.example", "https://b.example"}'
	for option in -T --dump; do
		run --separate-stderr -0 "$GATELODGE" "$option" -c "$conf"
		for knob in profile base_url base_path origins socket store \
			hash_cost hash_slots compat_remote cookie_domain \
			session_lifetime log socket_group; do
			assert_line --regexp "^$knob *="
		done
		assert_line --regexp '^session_lifetime *= *7200$'
		assert_line --partial "$gl/try.db"
		assert_line --partial https://b.example
	done
	printf '%s\n' "$output" >"$gl/dump.conf"
	chmod 600 "$gl/dump.conf"
	run -0 "$GATELODGE" -t -c "$gl/dump.conf"
	run --separate-stderr -0 "$GATELODGE" -T -c "$gl/dump.conf"
	assert_equal "$output" "$(<"$gl/dump.conf")"
}

@test "-s goes before the socket of the configuration" {
	run --separate-stderr -0 "$GATELODGE" -T -c "$conf" \
		-s "$gl/other.sock"
	assert_line --partial "$gl/other.sock"
	run --separate-stderr -0 "$GATELODGE" -T -c "$conf" \
		--socket="127.0.0.1:9"
	assert_line --partial 127.0.0.1:9
}

@test "lines that are no configuration are refused with file and line" {
	bad 'nonsense = 1'
	bad 'Profile = "compat"'
	bad 'profile = "production"'
	bad 'profile = ""'
	bad 'hash_cost = "five"'
	bad 'hash_cost = 10'
	bad 'hash_cost = -1'
	bad 'hash_cost = 99999999999999999999'
	bad 'hash_slots = -1'
	bad 'session_lifetime = 2592001'
	bad 'session_lifetime = 0'
	bad 'session_lifetime = soon'
	bad 'compat_remote = maybe'
	bad 'base_url = "localhost"'
	bad 'base_url = "ftp://localhost"'
	bad 'base_url = "http://localhost:5000/path"'
	bad 'base_url = "http://localhost:99999"'
	bad 'base_url = ""'
	bad 'base_path = "auth"'
	bad 'base_path = "/auth/"'
	bad 'origins = {"nonsense"}'
	bad 'origins = {"https://a.example", "https://b.example/x"}'
	bad 'cookie_domain = "a b"'
	bad 'cookie_domain = "a.example; Path=/x"'
	bad 'log = "everything"'
	bad 'socket = ""'
	bad 'socket = "localhost"'
	bad 'store = ""'
	# What is wrong with these may show only at the end of the file.
	for line in 'log = "events' profile '= 1' '{' 'origins = {"' \
		'profile = '; do
		printf '%s\n' "$line" >>"$conf"
		refused 78 "$conf:"
		sed -i '$d' "$conf"
	done
}

@test "a knob given twice is refused, or the last one counts" {
	printf 'session_lifetime = 3600\nsession_lifetime = 7200\n' >>"$conf"
	run --separate-stderr "$GATELODGE" -T -c "$conf"
	case $status in
	0) assert_line --regexp '^session_lifetime *= *7200$' ;;
	78) [[ $stderr == *"$conf:"* ]] ;;
	*) fail "status $status" ;;
	esac
}

@test "a configuration that is not there or no file" {
	rm "$conf"
	refused 78 "$conf"
	mkdir "$conf"
	refused 78 "$conf"
	rmdir "$conf"
	: >"$conf"
	chmod 600 "$conf"
	# Empty is standard with all defaults: well formed.
	run -0 "$GATELODGE" -t -c "$conf"
}

@test "a configuration that everybody may write is refused" {
	chmod 666 "$conf"
	refused 78 "$conf"
	chmod 602 "$conf"
	refused 78 "$conf"
	chmod 644 "$conf"
	run -0 "$GATELODGE" -t -c "$conf"
}

@test "sockets that others could reach are refused" {
	local address

	for address in 0.0.0.0:9000 '[::]:9000' 192.0.2.1:9000 :9000 \
		'*:9000' example.com:9000 10.0.0.1:9000 128.0.0.1:9000; do
		try "socket = \"$address\""
		refused 78 "$conf:"
		try
		run --separate-stderr timeout 20 "$GATELODGE" -c "$conf" \
			-s "$address" </dev/null
		[[ $status =~ ^(64|73|78)$ ]] || fail "$address: $status $stderr"
	done
}

@test "a loopback address serves as well as a path" {
	local at

	at=127.0.0.1:$(free_port)
	try "socket = \"$at\""
	"$GATELODGE" -c "$conf" </dev/null 2>"$gl/try.log" 3>&- &
	local pid=$! i
	for ((i = 0; i < 1000; i++)); do
		! grep -q '"started"' "$gl/try.log" || break
		sleep 0.01
	done
	run -0 env -i PATH="$PATH" REQUEST_METHOD=GET REQUEST_URI=/ \
		SERVER_PROTOCOL=HTTP/1.1 REMOTE_ADDR=127.0.0.1 \
		cgi-fcgi -bind -connect "$at"
	kill "$pid"
	wait "$pid"
	assert_line --partial '{"message":"Bienvenue"}'
}

@test "a place that cannot be made ends with 73, a busy one with 69" {
	try "socket = \"$gl/no/such/try.sock\""
	refused 73 "$gl/no/such/try.sock"
	try "socket = \"$conf/try.sock\""
	refused 73 "$conf/try.sock"
	try "store = \"$gl/no/such/try.db\""
	refused 73 "$gl/no/such/try.db"
	try "socket = \"$gl/gatelodge.sock\""
	refused 69 "$gl/gatelodge.sock"
	try "socket = \"127.0.0.1:$port\""
	refused 69 "127.0.0.1:$port"
	# The one that was there first has not noticed.
	req GET /
	assert_answer 200 '{"message":"Bienvenue"}'
}

@test "a socket_group that is not to be had is named with its setting" {
	try 'socket_group = "nosuchgroup"'
	refused 73 'gatelodge: socket_group nosuchgroup: there is no such group'
	run -78 "$GATELODGE" -t -c "$conf"
	assert_output 'gatelodge: socket_group nosuchgroup: there is no such group'
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	cp "$GATELODGE" "$gl/gatelodge"
	mkdir -m 777 "$gl/own"
	try "socket = \"$gl/own/try.sock\"" 'socket_group = "www-data"'
	chmod 644 "$conf"
	run -73 setpriv --reuid nobody --regid nogroup --clear-groups \
		"$gl/gatelodge" -c "$conf"
	assert_output 'gatelodge: socket_group www-data: this user is not in it'
	run -0 find "$gl/own" -type s
	assert_output ''
	rm -rf "$gl/own" "$gl/gatelodge"
}

@test "what is no socket is not removed to make place for one" {
	echo precious >"$gl/try.file"
	try "socket = \"$gl/try.file\""
	run --separate-stderr timeout 20 "$GATELODGE" -c "$conf" </dev/null
	[ "$status" -ne 0 ]
	assert_equal "$(<"$gl/try.file")" precious
}

@test "a store that is no database, or of a newer schema, is refused" {
	head -c 8192 /dev/urandom >"$gl/try.db"
	cp "$gl/try.db" "$gl/try.copy"
	run --separate-stderr timeout 20 "$GATELODGE" -c "$conf" </dev/null
	assert_equal "$status" 65
	[[ $stderr == *"$gl/try.db"* ]]
	cmp "$gl/try.db" "$gl/try.copy"
	rm "$gl/try.db"

	try_start
	try_stop
	sqlite3 "$gl/try.db" "INSERT INTO schema_migrations VALUES
		(9999, 'later', 0); PRAGMA user_version = 9999"
	run --separate-stderr timeout 20 "$GATELODGE" -c "$conf" </dev/null
	assert_equal "$status" 65
	[[ $stderr == *"$gl/try.db"* ]]
	assert_equal "$(sqlite3 "$gl/try.db" 'PRAGMA user_version')" 9999
	rm -f "$gl"/try.db*
}

# A second gatelodge with the configuration in $conf; its log is $gl/try.log.
try_start() {
	local i

	: >"$gl/try.log"
	"$GATELODGE" -c "$conf" </dev/null 2>"$gl/try.log" 3>&- &
	try_pid=$!
	for ((i = 0; i < 1000; i++)); do
		! grep -q '"started"' "$gl/try.log" || return 0
		kill -0 "$try_pid" 2>/dev/null || break
		sleep 0.01
	done
	cat "$gl/try.log" >&2
	return 1
}

try_stop() {
	kill "$try_pid"
	wait "$try_pid"
}

# both SENTENCE STATUS - gatelodge and gatelodgectl say it of the store, as
# nobody; the latter ends with that status
both() {
	local row

	for row in '73 gatelodge' "$2 gatelodgectl db migrate"; do
		# shellcheck disable=SC2086 # words
		set -- "$1" "$2" $row
		run "-$3" timeout 60 setpriv --reuid nobody --clear-groups \
			"$gl/$4" -c "$conf" "${@:5}"
		assert_equal "${lines[-1]}" "$4: $1"
		refute_output --partial store.fault
	done
}

@test "a store that may not be opened is told of as by gatelodgectl" {
	local own=$gl/own

	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	mkdir -m 777 "$own"
	cp "$GATELODGE" "$gl/gatelodge"
	cp "${GATELODGE}ctl" "$gl/gatelodgectl"
	try "socket = \"$own/try.sock\"" "store = \"$own/try.db\""
	sed -i '/^socket_group/d' "$conf"
	chmod 644 "$conf"
	: >"$own/try.db"
	chmod 600 "$own/try.db"
	chown bin "$own/try.db"
	both "$own/try.db is another user's: run this as that user, or as root" 77
	mkdir -m 755 "$own/bin"
	chown bin "$own/bin"
	sed -i "s|try.db|bin/try.db|" "$conf"
	both "$own/bin is another user's: run this as that user, or as root" 73
	sed -i "s|bin/try.db|no/try.db|" "$conf"
	both "$own/no/try.db: No such file or directory" 73
	rm -rf "$own" "$gl/gatelodge" "$gl/gatelodgectl"
}

@test "the socket has mode 660 and the group of socket_group" {
	local i

	try_start
	assert_equal "$(stat -c %a "$gl/try.sock")" 660
	[ "$(id -u)" -ne 0 ] ||
		assert_equal "$(stat -c %G "$gl/try.sock")" www-data
	try_stop
	try 'socket_group = "no-such-group"'
	run --separate-stderr timeout 20 "$GATELODGE" -c "$conf" </dev/null
	[ "$status" = 78 ] || [ "$status" = 73 ]
	rm -f "$gl"/try.db*
}

@test "the store can be read by its owner only" {
	try_start
	for file in "$gl"/try.db*; do
		[[ $(stat -c %a "$file") =~ 00$ ]] ||
			fail "$file: $(stat -c %a "$file")"
	done
	try_stop
	rm -f "$gl"/try.db*
}

# from ADDRESS - a GET / whose REMOTE_ADDR is that; prints status and body
from() {
	env -i PATH="$PATH" REQUEST_METHOD=GET REQUEST_URI=/ \
		SERVER_PROTOCOL=HTTP/1.1 REMOTE_ADDR="$1" \
		cgi-fcgi -bind -connect "$gl/try.sock"
}

@test "compat serves callers on loopback only, unless compat_remote" {
	local address

	try_start
	for address in 127.0.0.1 127.1.2.3 ::1; do
		run -0 from "$address"
		assert_line --partial '{"message":"Bienvenue"}'
	done
	for address in 192.0.2.1 10.0.0.1 ::2 2001:db8::1 fe80::1 128.0.0.1 \
		1.2.7.0 localhost 127.0.0.1.example.com ''; do
		run -0 from "$address"
		assert_line --regexp '^Status: 403'
		refute_line --partial Bienvenue
	done
	# It is said at the start what compat is.
	grep -q compat "$gl/try.log"
	try_stop
	try 'compat_remote = true'
	try_start
	for address in 192.0.2.1 2001:db8::1 127.0.0.1; do
		run -0 from "$address"
		assert_line --partial '{"message":"Bienvenue"}'
	done
	try_stop
	rm -f "$gl"/try.db*
}

@test "standard serves callers from everywhere" {
	try 'profile = "standard"' 'hash_cost = 5'
	try_start
	run -0 from 192.0.2.1
	assert_line --partial '{"message":"Bienvenue"}'
	try_stop
	rm -f "$gl"/try.db*
}

@test "every line of the log is one object with a time and an event" {
	req GET /
	req GET /nope
	login log@example.com wrong
	req POST /users -d "email=%0a%22%7d{&password=%00"
	req GET $'/%0a{"event":"forged"}' -A $'x"y\\z'
	req GET / -H 'X-Request-Id: "},{"event":"forged'
	gl_log >"$reply/log"
	[ "$(wc -l <"$reply/log")" -gt 4 ]
	jq -es 'all(type == "object" and (.event | type == "string")
		and (.time | test(
		"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]+)?Z$")))
		and all(.event != "forged")' "$reply/log"
	# One object a line, and every line an object.
	while IFS= read -r line; do
		[[ $line == '{'*'}' ]]
	done <"$reply/log"
}

@test "a request's line tells door, outcome, duration and client" {
	local id line

	req GET /profile
	id=$(header X-Request-Id)
	line=$(gl_log | grep -F "\"$id\"")
	assert_equal "$(wc -l <<<"$line")" 1
	jq -e 'any(.[]; . == "GET /profile") and any(.[]; . == "127.0.0.1"
		or . == "::1") and has("outcome") and has("client")
		and has("door") and (.ms | type == "number" and . >= 0
		and . < 60000)' <<<"$line"
}

@test "the log never holds a password, a token, a cookie or an address" {
	local secret

	for f in form json multipart; do
		say "$f" POST /users "email=hush-$f@example.com" \
			"password=Sesame-$f"
		say "$f" POST /users "email=hush-$f@example.com" \
			"password=Sesame-$f"
		say "$f" POST /sessions "email=hush-$f@example.com" \
			password=Sesame-wrong
		say "$f" POST /sessions "email=hush-$f@example.com" \
			"password=Sesame-$f" "password=Sesame-$f"
	done
	login hush-form@example.com Sesame-form
	profile "$session"
	profile "${session}x"
	token_for hush-form@example.com
	set_password hush-form@example.com "$token" Sesame-later
	set_password hush-form@example.com "$token" Sesame-later
	req GET "/profile?password=Sesame-query" -H 'Authorization: Sesame-auth'
	req POST "/nope/Sesame-path" -d password=Sesame-lost
	req POST /users -H 'Content-Type: application/json' \
		-d '{"email":"hush-json@example.com","password":"Sesame-cut'
	for secret in "$session" "$token" hush-form hush-json \
		hush-multipart Sesame-form Sesame-json Sesame-multipart \
		Sesame-wrong Sesame-later Sesame-query Sesame-auth \
		Sesame-lost Sesame-cut "\$y\$"; do
		run grep -F -c -e "$secret" "$gl/log"
		assert_output 0
	done
}

@test "HUP takes new settings; bad ones are refused and the old ones stay" {
	local before i

	max_age() {
		login log@example.com b4l0u
		header Set-Cookie | sed 's/.*Max-Age=\([0-9]*\).*/\1/'
	}
	hup() {
		before=$(gl_log | grep -c "\"$1\"" || true)
		kill -HUP "$(gl_pid)"
		for ((i = 0; i < 500; i++)); do
			[ "$(gl_log | grep -c "\"$1\"")" = "$before" ] ||
				return 0
			sleep 0.01
		done
		return 1
	}
	assert_equal "$(max_age)" 604800
	gl_configure 'session_lifetime = 3600'
	hup config.reloaded
	assert_equal "$(max_age)" 3600
	echo 'nonsense = 1' >>"$gl/gatelodge.conf"
	hup config.refused
	gl_log | grep '"config.refused"' | tail -1 |
		grep -F "gatelodge.conf:"
	assert_equal "$(max_age)" 3600
	rm "$gl/gatelodge.conf"
	hup config.refused
	assert_equal "$(max_age)" 3600
	gl_configure
	hup config.reloaded
	assert_equal "$(max_age)" 604800
}

@test "started under another directory and umask it works the same" {
	(
		umask 077
		cd /
		try_start
		assert_equal "$(stat -c %a "$gl/try.sock")" 660
		try_stop
	)
	rm -f "$gl"/try.db*
}

trace_test

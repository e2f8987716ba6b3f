# helper.bash - gatelodge behind a web server of its own, for one test file
#
# setup_file calls gl_begin, teardown_file gl_end.  In between, req sends a
# request with curl and leaves what came back for the assertions:
#
#	$code	the status
#	$head	the header lines, also in $reply/head
#	$body	the body, also in $reply/body, byte for byte
#
# GATELODGE names the program (default build/gatelodge), WEBSERVER the server
# in front of it: nginx or apache.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0
# The libraries ask a dozen times, in each test, for what needs no program.
# shellcheck disable=SC2317 # they call it
dirname() {
	printf '%s\n' "${1%/*}"
}
bats_load_library bats-support
bats_load_library bats-assert
unset -f dirname

# bats has the commands of all functions traced, to say which one failed.  That
# is a sixth of the time of a file, and the line of the test says enough: each
# file ends with trace_test.
set +T
# These take the trap away when a test has failed, for good only if they have it.
declare -ft bats_error_trap bats_check_status_from_trap

trace_test() {
	[ -z "${BATS_TEST_NAME-}" ] || declare -ft "$BATS_TEST_NAME" setup
}

tests_top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
WEBSERVER=${WEBSERVER:-nginx}
GATELODGE=${GATELODGE:-$tests_top/build/gatelodge}
export LC_ALL=C.UTF-8
umask 022
# A proxy of the caller's must not stand between curl and loopback.
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

# ------------------------------------------------------------ begin and end

# gl_begin [LINE...] - gatelodge in the compat profile and a web server; each
# LINE goes into the configuration file
gl_begin() {
	gl_place
	gl_configure "$@"
	gl_start
	web_start
}

# A directory that the web server's workers can reach.
gl_place() {
	gl=$(mktemp -d "${TMPDIR:-/tmp}/gatelodge-http.XXXXXX")
	chmod 755 "$gl"
	mkdir "$gl/web" "$gl/reply"
	port=$(free_port)
	base=http://localhost:$port
	reply=$gl/reply
	export gl port base reply
}

# bats does not stop at the first failure here, as it does in a test.
gl_end() {
	local good=true

	web_stop
	gl_stop TERM || good=false
	no_complaints || good=false
	if ! $good; then
		echo "the log is in $gl" >&2
		return 1
	fi
	rm -rf "$gl"
}

# A port that nobody listens on, on both loopback addresses.
free_port() {
	/usr/bin/python3 - <<'PYTHON'
import socket, sys
try:
    socket.socket(socket.AF_INET6).bind(("::1", 0))
except OSError as fault:
    sys.exit("these tests need ::1 as well as 127.0.0.1: %s" % fault)
while True:
    four = socket.socket(socket.AF_INET)
    four.bind(("127.0.0.1", 0))
    port = four.getsockname()[1]
    try:
        six = socket.socket(socket.AF_INET6)
        six.bind(("::1", port))
    except OSError:
        continue
    print(port)
    break
PYTHON
}

# gl_configure [LINE...] - a line replaces the default of the same knob
gl_configure() {
	local line knob
	local -A lines=(
		[profile]='profile = "compat"'
		[base_url]="base_url = \"$base\""
		[socket]="socket = \"$gl/gatelodge.sock\""
		[store]="store = \"$gl/gatelodge.db\""
		[hash_cost]='hash_cost = 1'
		[log]='log = "requests"'
	)

	if [ "$(id -u)" -eq 0 ]; then
		lines[socket_group]='socket_group = "www-data"'
	fi
	for line in "$@"; do
		knob=${line%%[ =]*}
		lines[$knob]=$line
	done
	printf '%s\n' "${lines[@]}" >"$gl/gatelodge.conf"
	chmod 600 "$gl/gatelodge.conf"
}

# Starts gatelodge and waits until it says that it serves.  The shell between
# keeps the exit status for gl_stop, which need not be its parent.
gl_start() {
	local i

	rm -f "$gl/status"
	: >>"$gl/log"
	gl_log_start=$(stat -c %s "$gl/log")
	export gl_log_start
	(
		set +e
		# shellcheck disable=SC2016 # the inner shell's own words
		bash -c 'echo $$ >"$0"; exec "$@"' "$gl/pid" \
			"$GATELODGE" -c "$gl/gatelodge.conf" \
			</dev/null >>"$gl/log" 2>&1
		echo $? >"$gl/status"
	) >/dev/null 2>&1 3>&- 4>&- &
	for ((i = 0; i < 1500; i++)); do
		if gl_log | grep -q '"started"'; then
			return 0
		fi
		if [ -e "$gl/status" ]; then
			break
		fi
		sleep 0.01
	done
	echo "gatelodge did not start:" >&2
	gl_log >&2
	return 1
}

# What the process that runs now has logged.
gl_log() {
	tail -c +$((gl_log_start + 1)) "$gl/log"
}

# gl_stop [SIGNAL] - ends it and insists on exit status 0
# shellcheck disable=SC2120 # tests name signals
gl_stop() {
	local i

	[ -s "$gl/pid" ] || return
	kill -s "${1:-TERM}" "$(<"$gl/pid")" 2>/dev/null || true
	for ((i = 0; i < 3000; i++)); do
		if [ -e "$gl/status" ]; then
			break
		fi
		sleep 0.01
	done
	if [ "$(cat "$gl/status")" != 0 ]; then
		echo "gatelodge ended with status $(cat "$gl/status")" >&2
		tail -n 20 "$gl/log" >&2
		return 1
	fi
}

# gl_restart [LINE...] - anew, with other lines in the configuration
gl_restart() {
	gl_stop TERM
	gl_configure "$@"
	gl_start
}

gl_pid() {
	cat "$gl/pid"
}

# Nothing that a sanitizer or an abort prints is in the log.
no_complaints() {
	if grep -E 'Sanitizer|: runtime error: |stack smashing|Assertion' \
		"$gl/log" >&2; then
		return 1
	fi
}

# ---------------------------------------------------------------- web server

web_start() {
	local i

	"web_start_$WEBSERVER"
	for ((i = 0; i < 1000; i++)); do
		# Any answer will do: some files start it before gatelodge.
		if curl -s -o /dev/null --max-time 5 "$base/"; then
			return 0
		fi
		kill -0 "$(<"$gl/web/pid")" 2>/dev/null || break
		sleep 0.01
	done
	echo "$WEBSERVER did not start" >&2
	cat "$gl"/web/*log >&2 || true
	return 1
}

web_stop() {
	local pid i

	[ -s "$gl/web/pid" ] || return 0
	pid=$(<"$gl/web/pid")
	kill "$pid" 2>/dev/null || true
	for ((i = 0; i < 1000; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.01
	done
}

# What stands in the server block.  A test file may have another.
nginx_server() {
	cat <<-CONF
	listen 127.0.0.1:$port;
	listen [::1]:$port;
	access_log $gl/web/access.log gatelodge;
	include gatelodge/gatelodge.conf;
	CONF
}

# The configuration that we ship, with the paths of this test and without the
# limit on requests; a test that has one is not let in again by time passing.
# Patience with gatelodge is cut from half a minute, or the test of the 504
# would last so long, and that with idle connections from five seconds, or each
# restart would.
web_start_nginx() {
	cp -r "$tests_top/deploy/nginx" "$gl/web/gatelodge"
	sed -i -e "s|unix:[^;]*|unix:$gl/gatelodge.sock|" \
		-e '/^[[:space:]]*limit_req /d' \
		-e 's|rate=[^;]*|rate=1r/m|' \
		-e 's/^\(fastcgi_read_timeout\) .*/\1 4s;/' \
		-e 's/keepalive_timeout .*/keepalive_timeout 200ms;/' \
		"$gl"/web/gatelodge/*.conf
	{
		# Root's nginx would hand the workers to another user, who
		# may not reach the directory of the test.
		[ "$(id -u)" -ne 0 ] || echo 'user root;'
		cat <<-CONF
		worker_processes 1;
		pid $gl/web/nginx.pid;
		error_log $gl/web/error.log;
		events { worker_connections 1024; }
		http {
			client_body_temp_path $gl/web/body;
			fastcgi_temp_path $gl/web/fastcgi;
			proxy_temp_path $gl/web/proxy;
			scgi_temp_path $gl/web/scgi;
			uwsgi_temp_path $gl/web/uwsgi;
			include gatelodge/gatelodge-http.conf;
			server {
				$(nginx_server)
			}
		}
		CONF
	} >"$gl/web/nginx.conf"
	"$(PATH=$PATH:/usr/sbin command -v nginx)" -p "$gl/web" \
		-e "$gl/web/error.log" \
		-c "$gl/web/nginx.conf" -g 'daemon off;' \
		</dev/null >>"$gl/web/out.log" 2>&1 3>&- 4>&- &
	echo $! >"$gl/web/pid"
}

apache_modules=(mpm_event authz_core proxy proxy_fcgi headers alias setenvif
	unique_id reqtimeout)

# What stands in the virtual host.
apache_host() {
	cat <<-CONF
	Include gatelodge/gatelodge.conf
	CustomLog $gl/web/access.log gatelodge
	CONF
}

# The same for Apache.  Its workers reach the socket by socket_group.
web_start_apache() {
	local module

	cp -r "$tests_top/deploy/apache" "$gl/web/gatelodge"
	sed -i -e "s|unix:[^|]*|unix:$gl/gatelodge.sock|" \
		-e '/^ProxyPass /s/timeout=.*/timeout=4/' \
		"$gl"/web/gatelodge/*.conf
	{
		for module in "${apache_modules[@]}"; do
			echo "LoadModule ${module}_module" \
				"/usr/lib/apache2/modules/mod_$module.so"
		done
		[ "$(id -u)" -ne 0 ] || printf '%s www-data\n' User Group
		cat <<-CONF
		ServerRoot $gl/web
		DefaultRuntimeDir $gl/web
		PidFile $gl/web/apache.pid
		ErrorLog $gl/web/error.log
		ServerName localhost
		StartServers 1
		Listen 127.0.0.1:$port
		Listen [::1]:$port
		<VirtualHost *:$port>
		$(apache_host)
		</VirtualHost>
		CONF
	} >"$gl/web/apache.conf"
	"$(PATH=$PATH:/usr/sbin command -v apache2)" -d "$gl/web" \
		-f "$gl/web/apache.conf" -D FOREGROUND \
		</dev/null >>"$gl/web/out.log" 2>&1 3>&- 4>&- &
	echo $! >"$gl/web/pid"
}

# ------------------------------------------------------------------ requests

# req METHOD PATH [CURL-ARGUMENT...]
#
# Leaves the answer also in $head and $body, so that the assertions need no
# process of their own.  bats traces every command of a test: few commands are
# what makes a test fast.
req() {
	[ "$1" != HEAD ] || set -- "$1" "$2" -I "${@:3}"
	if [ -n "${gathering-}" ]; then
		gather_one "$@"
		return
	fi
	: >"$reply/body"
	code=$(curl -sS --max-time 30 --path-as-is --globoff -X "$1" \
		-D "$reply/head" -o "$reply/body" -w '%{http_code}' \
		"${@:3}" "$base$2")
	read_answer "$reply/head" "$reply/body"
}

# read_answer HEAD-FILE BODY-FILE
read_answer() {
	IFS= read -r -d '' head <"$1" || true
	IFS= read -r -d '' body <"$2" || true
	head=${head#*100 Continue$'\r\n\r\n'}
}

# Many requests that all have to be refused cost one curl: between gather and
# settle, req only puts one down, and the assert_error after it says what has
# to come.  settle sends them, one after the other, and looks.
gather() {
	gathering=1
	gathered=()
	awaited=()
	described=()
}

gather_one() {
	local name=$reply/gathered${#described[@]}

	: >"$name.body"
	[ ${#described[@]} -eq 0 ] || gathered+=(--next)
	gathered+=(-sS --max-time 30 --path-as-is --globoff -X "$1"
		-D "$name.head" -o "$name.body" -w '%{http_code}\n'
		"${@:3}" "$base$2")
	described+=("$*")
}

settle() {
	local i
	local -a codes

	gathering=''
	curl "${gathered[@]}" >"$reply/codes"
	mapfile -t codes <"$reply/codes"
	[ ${#codes[@]} -eq ${#described[@]} ] || fail "not all were answered"
	for i in "${!described[@]}"; do
		code=${codes[i]}
		read_answer "$reply/gathered$i.head" "$reply/gathered$i.body"
		[ -n "${awaited[i]-}" ] || fail "nothing awaited of it"
		# shellcheck disable=SC2086 # a status, and perhaps a word
		assert_error ${awaited[i]} ||
			fail "it was the answer to: ${described[i]}"
	done
	rm -f "$reply"/gathered*
}

# ask URL [CURL-ARGUMENT...] - one more request for at_once to send
ask() {
	[ ${#asked[@]} -eq 0 ] || asked+=(--next)
	asked+=(-sS --max-time 60 --retry 60 -o "$reply/thrown"
		-w '%{http_code}\n' "$@")
}

# All of them in parallel; $statuses counts the answers, as in "1 200 49 400".
# A 503 is asked again: more come at once than the hash queue holds.
at_once() {
	curl --no-progress-meter -Z --parallel-immediate --parallel-max 50 \
		"${asked[@]}" >"$reply/statuses"
	# shellcheck disable=SC2034 # for the test
	statuses=$(sort "$reply/statuses" | uniq -c | xargs)
	asked=()
}

# parallel COUNT URL [CURL-ARGUMENT...] - one request, COUNT times at once
parallel() {
	local i

	asked=()
	for ((i = 0; i < $1; i++)); do
		ask "${@:2}"
	done
	at_once
}

# say FORMAT METHOD PATH [NAME=VALUE...] - the fields as form, json or
# multipart
say() {
	local format=$1 method=$2 path=$3 field
	local -a args=()

	shift 3
	case $format in
	form)
		for field in "$@"; do
			args+=(--data-urlencode "$field")
		done
		[ $# -gt 0 ] || args=(-H "Content-Type: $form_type")
		;;
	multipart)
		for field in "$@"; do
			args+=(--form-string "$field")
		done
		[ $# -gt 0 ] || args=(--form-string unused=1)
		;;
	json)
		args=(-H 'Content-Type: application/json'
			--data-binary "$(json_object "$@")")
		;;
	esac
	req "$method" "$path" "${args[@]}"
}

form_type=application/x-www-form-urlencoded

# json_object [NAME=VALUE...] - an object, a name as often as it is given;
# bytes that are no UTF-8 go through as they are
json_object() {
	local text='' part

	for part in "$@"; do
		part=${part//\\/\\\\}
		part=${part//\"/\\\"}
		part=${part//$'\n'/\\n}
		part=${part//$'\t'/\\t}
		text+=,\"${part%%=*}\":\"${part#*=}\"
	done
	printf '{%s}' "${text#,}"
}

# header NAME - its values, one a line
header() {
	sed -n "s/^$1: *\(.*\)\r\$/\1/Ip" <<<"$head"
}

# ---------------------------------------------------------------- assertions

assert_code() {
	[ "$code" = "$1" ] || fail "status $code instead of $1: $body"
}

# is NAME VALUE - the answer has this header, once
is() {
	[[ $head == *$'\n'"$1: $2"$'\r\n'* &&
		${head#*$'\n'"$1: "} != *$'\n'"$1: "* ]] ||
		fail "no $1: $2, or more than one, in: $head"
}

# once NAME - with whatever value
once() {
	[[ $head == *$'\n'"$1: "* &&
		${head#*$'\n'"$1: "} != *$'\n'"$1: "* ]] ||
		fail "no $1, or more than one, in: $head"
}

# has_no NAME
has_no() {
	[[ $head != *$'\n'"$1:"* ]] || fail "there is $1 in: $head"
}

# Every answer of ours carries these.
assert_headers() {
	[[ $head == *$'\nCache-Control: no-store\r\n'* &&
		$head == *$'\nX-Content-Type-Options: nosniff\r\n'* &&
		$head == *$'\nReferrer-Policy: no-referrer\r\n'* &&
		$head == *$'\nCross-Origin-Resource-Policy: same-origin\r\n'* &&
		$head == *$'\nContent-Security-Policy: '"$no_content"$'\r\n'* &&
		$head =~ $id_shape ]] ||
		fail "headers are missing: $head"
}

no_content="default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
id_shape=$'\nX-Request-Id: [A-Za-z0-9._-]{8,64}\r\n'

# The body is one JSON object and one newline.
assert_one_object() {
	[[ $body == '{'*'}'$'\n' && ${body%$'\n'} != *$'\n'* ]] ||
		fail "not one line with an object: $body" || return
	jq -es 'length == 1 and (.[0] | type == "object")' "$reply/body" \
		>/dev/null || fail "not one object: $body"
}

# assert_answer STATUS JSON - exactly this; the order of members is free, and
# jq is asked only where it matters, because it is slow to start
assert_answer() {
	[[ $code == "$1" &&
		$head == *$'\nContent-Type: application/json\r\n'* ]] ||
		fail "not a $1 with JSON: $code $head$body" || return
	assert_headers || return
	if [ "$body" != "$2"$'\n' ]; then
		assert_one_object || return
		assert_equal "$(jq -cS . <<<"$body")" "$(jq -cS . <<<"$2")"
	fi
}

# assert_error STATUS [WORD] - an object with a message and nothing else; the
# message has the WORD
assert_error() {
	if [ -n "${gathering-}" ]; then
		awaited[${#described[@]} - 1]=$*
		return
	fi
	[[ $code == "$1" &&
		$head == *$'\nContent-Type: application/json\r\n'* &&
		$head != *$'\nSet-Cookie:'* &&
		$body =~ $error_shape &&
		${body#*:} == *[!a-z_]"${2-}"[!a-z_]* ]] ||
		fail "no $1 that names ${2:-what is wrong}: $code $head$body" ||
		return
	[[ $code == 401 &&
		$head == *$'\nWWW-Authenticate: Session\r\n'* ||
		$code != 401 && $head != *$'\nWWW-Authenticate:'* ]] ||
		fail "WWW-Authenticate: $head" || return
	assert_headers
}

error_shape='^\{"message":"([^"\\]|\\.)+"\}'$'\n''$'

# ------------------------------------------------------------------ shortcuts

# register EMAIL PASSWORD, login EMAIL PASSWORD (leaves $session),
# token_for EMAIL (leaves $token)
register() {
	say form POST /users "email=$1" "password=$2"
}

login() {
	say form POST /sessions "email=$1" "password=$2"
	# shellcheck disable=SC2034 # for the test
	session=$(session_set)
}

token_for() {
	say form POST /reset_password "email=$1"
	assert_code 200
	# shellcheck disable=SC2034 # for the test
	token=$(jq -r .reset_token "$reply/body")
}

# set_password EMAIL TOKEN PASSWORD
set_password() {
	say form PUT /reset_password "email=$1" "reset_token=$2" \
		"new_password=$3"
}

# profile SESSION
profile() {
	req GET /profile -b "session_id=$1"
}

cookie_shape=$'\nSet-Cookie: [A-Za-z_-]*session_id=([^;]*)'

# The session id that the last answer has set.
session_set() {
	[[ ! $head =~ $cookie_shape ]] ||
		printf %s "${BASH_REMATCH[1]}"
}

# db SQL - asks or changes the store beside the running gatelodge.  A
# checkpoint by another process than the one that writes is what loses pages
# in SQLite 3.40.
db() {
	sqlite3 -batch -noheader -cmd '.timeout 5000' \
		-cmd '.output /dev/null' -cmd 'PRAGMA wal_autocheckpoint = 0' \
		-cmd '.output' "$gl/gatelodge.db" "$1"
}

# Users and resets as they stand, to see that nothing has changed.  What has
# expired may be swept at any time.
db_state() {
	local live='WHERE expires_at > 1000 * unixepoch()'

	db "SELECT * FROM users ORDER BY 1;
		SELECT * FROM tickets $live ORDER BY 1;
		SELECT count(*) FROM sessions $live" | sha256sum
}

# repeat TEXT COUNT
repeat() {
	local text

	printf -v text '%*s' "$2" ''
	printf '%s' "${text// /$1}"
}

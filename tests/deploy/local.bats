#!/usr/bin/env bats
# deploy/local: builds, serves, watches over what it serves, and stops.
#
# One run, "main", serves all tests that do not end it.
#
# The helpers set the variables that nothing here does, they call functions of
# tests by name, and a test's variables are meant to end with it.
# shellcheck disable=SC2154,SC2317,SC2030,SC2031

load helper

setup_file() {
	place
	begin main "$tests_top/deploy/local" --port "$port" --dir "$gl/main"
	serving main "$port"
}

teardown_file() {
	end_all
}

setup() {
	somebody_else
	unset CC
}

teardown() {
	end_begun main
}

# another NAME [OPTION...] - begins a run of the small tree with a directory
# and a port of its own, which $at names
another() {
	local name=$1

	shift
	at=$(free_port)
	begin "$name" "$small/deploy/local" --port "$at" --dir "$gl/$name" "$@"
}

# refused STATUS WORDS COMMAND... - it ends so, says the words in one line on
# standard error, and nothing on standard output
refused() {
	local words=$2

	run --separate-stderr "-$1" timeout 30 "${@:3}" </dev/null
	assert_output ''
	grep -qF -e "$words" <<<"$stderr" || fail "no \"$words\" in: $stderr"
}

# built TREE - the small tree's build, or its configuration, has been begun
built() {
	[ -e "$1/build/built" ] || [ -e "$1/build/configured" ]
}

# knob DIR LINE - the settings have this line, once
knob() {
	[ "$(grep -cxF -e "$2" "$1/gatelodge.conf")" = 1 ] ||
		fail "no $2 in: $(<"$1/gatelodge.conf")"
}

# directives FILE - of an nginx, without the comments
directives() {
	sed 's/^[[:space:]]*//; /^#/d' "$1"
}

# ------------------------------------------------------------------- it serves

@test "it answers on both addresses of loopback and for any Host" {
	local host

	answers "http://127.0.0.1:$port/"
	answers "http://[::1]:$port/"
	answers "http://localhost:$port/"
	answers "http://0.0.0.0:$port/"
	for host in example.com "www.example.org:$port" 192.0.2.1 x _; do
		answers "http://127.0.0.1:$port/" -H "Host: $host" ||
			fail "Host: $host"
		answers "http://[::1]:$port/" -H "Host: $host" ||
			fail "Host: $host on ::1"
	done
	answers "http://127.0.0.1:$port/" --http1.0 -H 'Host:'
}

@test "the state is where it is looked for, and closed to others" {
	local name

	for name in gatelodge.conf gatelodge.db nginx.conf log/gatelodge.log \
		log/nginx.log log/access.log; do
		[ -f "$gl/main/$name" ] || fail "there is no $name"
	done
	[ -S "$gl/main/gatelodge.sock" ]
	assert_equal "$(stat -c %a "$gl/main/gatelodge.db")" 600
	assert_equal "$(stat -c %a "$gl/main/gatelodge.sock")" 660
	# Passwords and tokens pass through these.
	for name in gatelodge.db-wal gatelodge.db-shm log/gatelodge.log \
		tmp/body tmp/fastcgi; do
		[[ $(stat -c %a "$gl/main/$name") == ?00 ]] ||
			fail "$name: $(stat -c %a "$gl/main/$name")"
	done
	run -0 find "$gl/main" -perm /022 ! -type s
	assert_output ''
}

@test "no file of the state has the token of a link" {
	local token

	token=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d =)
	answers "http://127.0.0.1:$port/undo?token=$token"
	answers "http://127.0.0.1:$port/assets/style.css" -A the-last-of-them \
		-e "http://127.0.0.1:$port/undo?token=$token"
	eventually 10 grep -q the-last-of-them "$gl/main/log/access.log"
	grep -qF '"GET /undo HTTP/1.1" 200' "$gl/main/log/access.log"
	run ! grep -rF --devices=skip "$token" "$gl/main"
}

@test "the settings are those of a local run" {
	knob "$gl/main" 'profile = "compat"'
	knob "$gl/main" "base_url = \"http://localhost:$port\""
	knob "$gl/main" "socket = \"$gl/main/gatelodge.sock\""
	knob "$gl/main" "store = \"$gl/main/gatelodge.db\""
	knob "$gl/main" 'compat_remote = false'
	knob "$gl/main" 'origins = {}'
	run -0 "$tests_top/build/gatelodge" -T -c "$gl/main/gatelodge.conf"
	assert_line "base_url = \"http://localhost:$port\""
}

@test "its nginx reads no configuration but its own" {
	local file

	run --separate-stderr -0 env PATH="$PATH:/usr/sbin" nginx -T \
		-p "$gl/main" -c "$gl/main/nginx.conf" -e stderr
	run -0 sed -n 's/^# configuration file \(.*\):$/\1/p' <<<"$output"
	[ "${#lines[@]}" -ge 4 ]
	for file in "${lines[@]}"; do
		[[ $file == "$gl/main/nginx.conf" ||
			$file == "$tests_top/deploy/nginx/"* ]] ||
			fail "it reads $file"
		run -1 grep '^limit_' <<<"$(directives "$file")"
	done
	run -0 ps -o args= -p "$(<"$gl/main/nginx.pid")"
	assert_output --partial "-c $gl/main/nginx.conf"
	run -0 process main 'nginx'
	assert_line "$(<"$gl/main/nginx.pid")"
}

@test "nginx has user root where root runs it, and only there" {
	run directives "$gl/main/nginx.conf"
	if [ "$(id -u)" -eq 0 ]; then
		assert_line 'user root;'
	else
		refute_line --regexp '^user '
	fi
}

@test "the six command lines of the README behave as documented" {
	run -0 "$tests_top/tests/readme" "$port"
	refute_line --regexp '^not ok'
	assert_line --regexp '^ok 20 '
	assert_equal "${lines[-1]}" "1..$(grep -c '^ok ' <<<"$output")"
}

@test "the seed's nine steps are silent" {
	run -0 "$tests_top/tests/e2e" "http://localhost:$port"
	assert_output ''
}

@test "nobody is slowed down or turned away" {
	run -0 curl -q -s -m 30 --noproxy '*' -o /dev/null \
		-w '%{http_code}\n' -d email=none@example.com -d password=x \
		"http://localhost:$port/sessions?[1-30]"
	assert_equal "${#lines[@]}" 30
	assert_equal "$(sort -u <<<"$output")" 401
}

@test "HUP makes gatelodge read its settings again" {
	local before pids seconds

	reloads() {
		grep -c '"config.reloaded"' "$gl/main/log/gatelodge.log" ||
			true
	}
	reloaded() {
		[ "$(reloads)" -gt "$before" ]
	}
	lifetime() {
		curl -q -s -m 10 -D - -o /dev/null "http://localhost:$port/sessions" \
			-d email=hup@example.com -d password=x |
			sed -n 's/^Set-Cookie:.*Max-Age=\([0-9]*\).*/\1/p'
	}
	req POST /users -d email=hup@example.com -d password=x
	assert_code 200
	pids=$(process main gatelodge)
	for seconds in 3600 604800; do
		before=$(reloads)
		sed -i '/^session_lifetime/d' "$gl/main/gatelodge.conf"
		echo "session_lifetime = $seconds" >>"$gl/main/gatelodge.conf"
		kill -HUP "$(pid_of main)"
		eventually 5 reloaded
		assert_equal "$(lifetime)" "$seconds"
	done
	assert_equal "$(process main gatelodge)" "$pids"
	run ! has_ended main
}

@test "a gatelodge that is killed is back within a second" {
	back_within_a_second main gatelodge answers "http://127.0.0.1:$port/"
	back_within_a_second main gatelodge answers "http://[::1]:$port/"
	said main | grep -F 'gatelodge ended with status 137'
	# It is the old store.
	req POST /users -d email=kept@example.com -d password=x
	assert_code 200
	back_within_a_second main gatelodge answers "http://127.0.0.1:$port/"
	req POST /sessions -d email=kept@example.com -d password=x
	assert_code 200
}

@test "an nginx that is killed is back within a second" {
	local old start took

	another_nginx() {
		[ -s "$gl/main/nginx.pid" ] &&
			[ "$(<"$gl/main/nginx.pid")" != "$old" ] &&
			answers "http://127.0.0.1:$port/"
	}
	for _ in 1 2 3; do
		old=$(<"$gl/main/nginx.pid")
		start=${EPOCHREALTIME//[.,]/}
		kill -KILL "$old"
		eventually 10 another_nginx
		took=$((${EPOCHREALTIME//[.,]/} - start))
		((took >= 1000000)) || break
		sleep 2
	done
	((took < 1000000)) || fail "it took $took microseconds"
	answers "http://[::1]:$port/"
	# The workers of the one that was killed are gone with it.
	run processes_of main ppid=,args=
	refute_line --regexp '^ *1 nginx'
	assert_line --regexp "^ *$(<"$gl/main/nginx.pid") nginx: worker"
}

@test "a second instance runs beside it, on one more address" {
	local pid

	pid=$(process main gatelodge)
	at=$(free_port)
	(
		cd "$gl"
		begin two "$small/deploy/local" "--port=$at" \
			"--dir=the second" --listen 127.0.0.2 \
			--listen localhost
	)
	serving two "$at"
	answers "http://127.0.0.1:$at/"
	answers "http://[::1]:$at/"
	answers "http://127.0.0.2:$at/"
	answers "http://127.0.0.1:$port/"
	# Each has a store of its own.
	req POST /users -d email=two@example.com -d password=x
	assert_code 200
	base=http://127.0.0.2:$at
	req POST /users -d email=two@example.com -d password=x
	assert_code 200
	req POST /users -d email=two@example.com -d password=x
	assert_error 400
	[ -s "$gl/the second/gatelodge.db" ]
	# That address is loopback too.
	run said two
	refute_output --partial warning
	knob "$gl/the second" 'compat_remote = false'
	directives "$gl/the second/nginx.conf" |
		grep -x "listen 127.0.0.2:$at default_server;"

	kill -INT "$(pid_of two)"
	ended two 0
	nobody_listens "$at"
	answers "http://127.0.0.1:$port/"
	assert_equal "$(process main gatelodge)" "$pid"
}

@test "it says that it serves when it answers, and not before" {
	local out=$gl/run/held.out

	# gatelodge takes long to come, and nginx comes after it.
	mkfifo "$gl/hold"
	stand_in held setpriv <<-SCRIPT
	case "\$*" in
	*/gatelodge\ -c*) : >"$gl/holding" && read -r _ <"$gl/hold" ;;
	esac
	exec $(command -v setpriv) "\$@"
	SCRIPT
	at=$(free_port)
	begin held env "$(with_stand_ins held)" "$small/deploy/local" \
		--port "$at" --dir "$gl/held"
	eventually 30 test -e "$gl/holding"
	sleep 0.5
	assert_equal "$(<"$out")" ''
	run ! has_ended held
	nobody_listens "$at"
	echo go >"$gl/hold"
	eventually 10 test -s "$out"
	answers "http://127.0.0.1:$at/"
	answers "http://[::1]:$at/"
	assert_equal "$(<"$out")" "gatelodge: serving on http://localhost:$at"
	# Nothing that nginx had to complain of.
	[ ! -s "$gl/held/log/nginx.log" ] ||
		fail "nginx says: $(<"$gl/held/log/nginx.log")"
}

@test "TERM while it starts ends it too" {
	# gatelodge never comes.
	mkfifo "$gl/no-gate"
	stand_in never setpriv <<-SCRIPT
	case "\$*" in
	*/gatelodge\ -c*) : >"$gl/no-gate.held" && read -r _ <"$gl/no-gate" ;;
	esac
	exec $(command -v setpriv) "\$@"
	SCRIPT
	at=$(free_port)
	begin never env "$(with_stand_ins never)" "$small/deploy/local" \
		--port "$at" --dir "$gl/not-yet"
	eventually 30 test -e "$gl/no-gate.held"
	kill -TERM "$(pid_of never)"
	ended never 0
	nobody_listens "$at"
	assert_equal "$(<"$gl/run/never.out")" ''
}

# --------------------------------------------------------------- and it stops

# on_its_way - curl has sent its request, and nginx has read all of it
on_its_way() {
	grep -q '^> GET ' "$gl/sent" &&
		[ "$(awk -v p="$(printf ':%04X$' "$at")" \
		'$2 ~ p && $4 == "01" { print $5 }' /proc/net/tcp)" = \
		00000000:00000000 ]
}

@test "TERM ends it when all is answered, and the next run keeps the accounts" {
	local i name session slow gatelodge token

	another again
	serving again "$at"
	base=http://localhost:$at
	register again@example.com b4l0u
	assert_code 200
	# A request is on its way as the signal comes.
	gatelodge=$(process again gatelodge)
	kill -STOP "$gatelodge"
	curl -q -sS -v -m 30 --noproxy '*' -o /dev/null -w '%{http_code}' \
		"http://127.0.0.1:$at/" >"$gl/slow" 2>"$gl/sent" 3>&- &
	slow=$!
	eventually 20 on_its_way
	kill -TERM "$(pid_of again)"
	sleep 0.3
	run ! has_ended again
	kill -CONT "$gatelodge"
	wait "$slow"
	assert_equal "$(<"$gl/slow")" 200
	ended again 0
	nobody_listens "$at"
	[ ! -e "$gl/again/gatelodge.sock" ]

	# The same directory, another port, and now the standard profile.
	name=__Host-session_id
	another again --profile standard
	serving again "$at"
	base=http://localhost:$at
	knob "$gl/again" 'profile = "standard"'
	knob "$gl/again" "base_url = \"$base\""
	grep -q '"stopped"' "$gl/again/log/gatelodge.log.old"
	run ! grep -q '"stopped"' "$gl/again/log/gatelodge.log"
	req GET /
	assert_answer 200 '{"message":"Bienvenue"}'
	login again@example.com b4l0u
	assert_answer 200 '{"email":"again@example.com","message":"logged in"}'
	[[ $(header Set-Cookie) =~ ^$name=[A-Za-z0-9_-]{43}\; ]]
	assert_equal "$(header Set-Cookie | grep "^$name=" |
		tr ';' '\n' | tail -n +2 |
		sed 's/^ *//' | sort | xargs)" \
		'HttpOnly Max-Age=604800 Path=/ SameSite=Lax Secure'
	req GET /profile -b "$name=$session"
	assert_answer 200 '{"email":"again@example.com"}'
	req GET /profile -b "session_id=$session"
	assert_error 403

	# The mail of a registration is a file there.
	register new@example.com 'a long enough password'
	assert_answer 202 '{"message":"check your mail"}'
	for ((i = 0; i < 100; i++)); do
		! compgen -G "$gl/again/mail/*.eml" >/dev/null || break
		sleep 0.1
	done
	token=$(cat "$gl"/again/mail/*.eml |
		grep -o 'token=[A-Za-z0-9_-]*')
	say form POST /users/confirm "$token"
	assert_code 200
	login new@example.com 'a long enough password'
	assert_code 200
}

# on_a_terminal KEYS - begins a run there, and presses Ctrl-C or closes the
# terminal as soon as it serves.  Prints how it ended and what is left.
on_a_terminal() {
	timeout 60 /usr/bin/python3 - "$1" "$small/deploy/local" --port "$at" \
		--dir "$gl/terminal" 3>&- 4>&- <<-'PYTHON'
	import os, pty, signal, subprocess, sys, time

	pid, terminal = pty.fork()
	if pid == 0:
	    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
	        signal.signal(number, signal.SIG_DFL)
	    os.execv(sys.argv[2], sys.argv[2:])
	seen = b""
	while b"serving on" not in seen:
	    seen += os.read(terminal, 4096)
	time.sleep(0.2)
	if sys.argv[1] == "ctrl-c":
	    os.write(terminal, b"\x03")
	else:
	    os.close(terminal)
	for tick in range(2000):
	    ended, status = os.waitpid(pid, os.WNOHANG)
	    if ended:
	        break
	    if tick == 1000:
	        print("it went on")
	        os.kill(pid, signal.SIGTERM)
	    time.sleep(0.01)
	else:
	    sys.exit("it goes on")
	print("exit", os.waitstatus_to_exitcode(status))
	left = subprocess.run(["ps", "-o", "stat=,args=", "-s", str(pid)],
	                      stdout=subprocess.PIPE, text=True).stdout
	print("".join(line for line in left.splitlines(True)
	              if not line.startswith("Z")), end="")
	PYTHON
}

@test "Ctrl-C ends it" {
	at=$(free_port)
	run -0 on_a_terminal ctrl-c
	assert_output 'exit 0'
	nobody_listens "$at"
	grep -q '"stopped"' "$gl/terminal/log/gatelodge.log"
}

@test "a terminal that is closed ends it" {
	at=$(free_port)
	run -0 on_a_terminal close
	assert_output 'exit 0'
	nobody_listens "$at"
	grep -q '"stopped"' "$gl/terminal/log/gatelodge.log"
}

@test "killed itself, it leaves nothing behind" {
	another killed
	serving killed "$at"
	kill -KILL "$(pid_of killed)"
	eventually 15 nothing_left killed || fail "left: $(processes_of killed)"
	ended killed 137
	nobody_listens "$at"
}

@test "it gives up on a program that dies all the time" {
	another dying
	serving dying "$at"
	kill_it() {
		has_ended dying && return
		pkill -KILL -s "$(pid_of dying)" -x gatelodge || true
		return 1
	}
	eventually 20 kill_it
	ended dying 1
	said dying | grep -F 'gatelodge died 5 times in 5 seconds'
	nobody_listens "$at"
}

# ----------------------------------------------------------- other users, peers

@test "it serves a user without rights" {
	local user

	mkdir "$gl/somebody"
	small_tree "$gl/somebody/tree"
	owned_by_somebody "$gl/somebody"
	at=$(free_port)
	begin somebody "${somebody[@]}" "$gl/somebody/tree/deploy/local" \
		--port "$at" --dir "$gl/somebody/state"
	serving somebody "$at"
	answers "http://127.0.0.1:$at/"
	run directives "$gl/somebody/state/nginx.conf"
	refute_line --regexp '^user '
	user=$(stat -c %u "$gl/somebody")
	assert_equal "$(stat -c %u "$gl/somebody/state/gatelodge.db")" "$user"
	assert_equal "$(processes_of somebody uid= | sort -u)" "$user"
	# Nothing but a warning would be on nginx's mind.
	run -1 grep -E '\[(warn|error|crit|alert|emerg)\]' \
		"$gl/somebody/state/log/nginx.log"
	kill -TERM "$(pid_of somebody)"
	ended somebody 0
	nobody_listens "$at"
}

# settings_for OPTION... - what it would serve with.  It does not come to that:
# nginx does not start.  The machine tells of itself what $hostname has, has the
# address 192.0.2.5, and listens on none of it.
settings_for() {
	stand_in no-nginx nginx <<-'SCRIPT'
	echo 'nginx: not today' >&2
	exit 1
	SCRIPT
	stand_in no-nginx hostname <<<"$hostname"
	stand_in no-nginx perl <<-'SCRIPT'
	[[ " $* " != *' 192.0.2.5 '* ]] || exec echo -n 192.0.2.5
	exec /usr/bin/perl "$@"
	SCRIPT
	at=$(free_port)
	begin settings env "$(with_stand_ins no-nginx)" "$small/deploy/local" \
		--port "$at" "$@"
	ended settings 1
	said settings | grep -F 'nginx did not start (status 1): nginx: not today'
	assert_equal "$(<"$gl/run/settings.out")" ''
	nobody_listens "$at"
}

@test "served beyond loopback, compat is told so and warned of" {
	# No --dir: the state is in the build directory.
	settings_for --listen 0.0.0.0
	knob "$small/build/local-compat" 'profile = "compat"'
	knob "$small/build/local-compat" 'compat_remote = true'
	directives "$small/build/local-compat/nginx.conf" |
		grep -x "listen 0.0.0.0:$at default_server;"
	said settings |
		grep -E 'warning: 0\.0\.0\.0 is not loopback.*reset token'
	settings_for --profile=compat '--listen=[::]'
	knob "$small/build/local-compat" 'compat_remote = true'
	directives "$small/build/local-compat/nginx.conf" |
		grep -xF "listen [::]:$at default_server;"
	said settings | grep -F 'warning: :: is not loopback'
}

# shellcheck disable=SC2016 # the script's own words
hostname='case $1 in
-I) echo "198.51.100.7 192.0.2.5 2001:db8::7 " ;;
-f) echo Box.example.org ;;
*) echo Box ;;
esac'

# origins_are ORIGIN... - of the pages that may send forms, on port $at
origins_are() {
	local origin list=''

	for origin; do
		list+=", \"http://$origin:$at\""
	done
	knob "$small/build/local-compat" "origins = {${list#, }}"
}

@test "served beyond loopback, compat takes the forms of its own pages" {
	settings_for --listen 0.0.0.0
	origins_are 198.51.100.7 192.0.2.5 box box.example.org
	settings_for --listen ::
	origins_are '[2001:db8::7]' box box.example.org
	settings_for --listen 192.0.2.5
	origins_are 192.0.2.5 box box.example.org
	settings_for --listen 192.0.2.5 --listen :: --listen 0.0.0.0
	origins_are 192.0.2.5 box box.example.org '[2001:db8::7]' 198.51.100.7
	run -0 "$tests_top/build/gatelodge" -t \
		-c "$small/build/local-compat/gatelodge.conf"
}

@test "what hostname cannot tell, or tells askew, is no origin" {
	hostname='echo "not here" >&2; exit 1'
	settings_for --listen 192.0.2.5
	origins_are 192.0.2.5
	settings_for --listen 0.0.0.0
	origins_are
	# shellcheck disable=SC2016 # the script's own words
	hostname='case $1 in
	-I) echo "evil.example 1.2.3 ::1.2.3.4 fe80::1%eth0 \"}" ;;
	-f) echo "a\"b * .x x..y -- (none) $(printf "%0300d" 0)" ;;
	*) exec sleep 60 ;;
	esac'
	settings_for --listen 0.0.0.0 --listen ::
	origins_are
}

@test "served beyond loopback, standard needs neither" {
	settings_for --listen 0.0.0.0 --listen 192.0.2.5 --profile standard
	knob "$small/build/local-standard" 'profile = "standard"'
	knob "$small/build/local-standard" 'compat_remote = false'
	# Its cookie goes over HTTPS only: there are no pages to be found there.
	knob "$small/build/local-standard" 'origins = {}'
	directives "$small/build/local-standard/nginx.conf" |
		grep -x "listen 0.0.0.0:$at default_server;"
	run said settings
	refute_output --partial warning
	assert_line --partial '0.0.0.0 is not loopback, and browsers'
	assert_line --partial '192.0.2.5 is not loopback, and browsers'
}

# mails DIR NUMBER - so many have come
mails() {
	[ "$(find "$1/mail" -name '*.eml' | wc -l)" -eq "$2" ]
}

@test "in standard mails become files, and the courier lives again" {
	run -1 process main gatelodge-couri
	another post --profile standard
	serving post "$at"
	said post | grep -F "mails are files in $gl/post/mail"
	knob "$gl/post" "mail_dir = \"$gl/post/mail\""
	"$tests_top/build/gatelodgectl" -c "$gl/post/gatelodge.conf" \
		mail test one@example.com
	eventually 10 mails "$gl/post" 1
	assert_equal "$(stat -c %a "$gl/post/mail")" 700
	assert_equal "$(stat -c %a "$gl"/post/mail/*.eml)" 600
	grep -x $'To: one@example.com\r' "$gl"/post/mail/*.eml

	kill -KILL "$(process post gatelodge-couri)"
	"$tests_top/build/gatelodgectl" -c "$gl/post/gatelodge.conf" \
		mail test two@example.com
	eventually 10 mails "$gl/post" 2
	said post | grep -F 'courier ended with status 137'

	kill -HUP "$(pid_of post)"
	eventually 10 grep -q '"config.reloaded"' "$gl/post/log/courier.log"
	kill -TERM "$(pid_of post)"
	ended post 0
	grep -q '"stopped"' "$gl/post/log/courier.log"
}

@test "a gatelodge that does not start is told of, and nginx ended" {
	mkdir "$gl/broken"
	head -c 8192 /dev/urandom >"$gl/broken/gatelodge.db"
	another broken
	ended broken 1
	said broken | grep -E 'gatelodge did not start \(status 65\): .*/broken/gatelodge\.db'
	assert_equal "$(<"$gl/run/broken.out")" ''
	nobody_listens "$at"
}

# ---------------------------------------------------------- what it will not do

@test "a busy port is named" {
	refused 1 "port $port is busy" "$small/deploy/local" --port "$port" \
		--dir "$gl/busy"
	[ ! -e "$gl/busy" ]
	answers "http://127.0.0.1:$port/"
}

@test "a port that is busy on ::1 alone is named" {
	at=$(free_port)
	begin holder /usr/bin/python3 -c "
import socket, time
held = socket.socket(socket.AF_INET6)
held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
held.bind(('::1', $at))
held.listen()
print('held', flush=True)
time.sleep(60)"
	eventually 10 test -s "$gl/run/holder.out"
	refused 1 "port $at is busy on ::1" "$small/deploy/local" \
		--port "$at" --dir "$gl/busy"
	[ ! -e "$gl/busy" ]
}

@test "an address that is not here is named" {
	local address

	at=$(free_port)
	for address in 192.0.2.1 2001:db8::1 example.com nonsense 1.2.3.4.5; do
		refused 1 "cannot listen on $address, port $at: " \
			"$small/deploy/local" --port "$at" --dir "$gl/never" \
			--listen "$address"
	done
	[ ! -e "$gl/never" ]
}

@test "one directory serves one run" {
	at=$(free_port)
	refused 1 "another run is using $gl/main" "$small/deploy/local" \
		--port "$at" --dir "$gl/main"
	nobody_listens "$at"
	# The one that was there first has all it had.
	answers "http://127.0.0.1:$port/"
	knob "$gl/main" "base_url = \"http://localhost:$port\""
	[ -e "$gl/main/log/gatelodge.log" ]
	[ ! -e "$gl/main/log/gatelodge.log.old" ]
}

@test "a directory that cannot be written to is named" {
	local dir

	at=$(free_port)
	mkdir "$gl/sealed" "$gl/open"
	chmod 555 "$gl/sealed"
	chmod 777 "$gl/open"
	for dir in "$gl/sealed" "$gl/sealed/new"; do
		refused 1 "cannot write to $dir" "${somebody[@]}" \
			"$small/deploy/local" --port "$at" --dir "$dir"
	done
	# The same for the directory of the build.
	small_tree "$gl/read-only"
	chmod 555 "$gl/read-only/build"
	refused 1 "cannot write to $gl/read-only/build" "${somebody[@]}" \
		"$gl/read-only/deploy/local" --port "$at" --dir "$gl/open/new"
	run ! built "$gl/read-only"
	nobody_listens "$at"
}

@test "a file in a directory's place is named" {
	local dir

	at=$(free_port)
	echo precious >"$gl/file"
	mkdir "$gl/half"
	echo precious >"$gl/half/log"
	for dir in "$gl/file" "$gl/file/below" "$gl/half"; do
		refused 1 "cannot write to $dir" "$small/deploy/local" \
			--port "$at" --dir "$dir"
	done
	assert_equal "$(cat "$gl/file" "$gl/half/log")" \
		$'precious\nprecious'
	nobody_listens "$at"
}

@test "a directory whose name cannot be written down is refused" {
	local name

	at=$(free_port)
	mkdir "$gl/names"
	# shellcheck disable=SC2016 # names
	for name in 'a"b' 'a$b' 'a\b' $'a\nb'; do
		refused 1 'cannot be quoted' "$small/deploy/local" \
			--port "$at" --dir "$gl/names/$name"
	done
	name=$gl/names/
	refused 1 'too long' "$small/deploy/local" --port "$at" \
		--dir "$name$(repeat n $((93 - ${#name})))"
	rmdir "$gl/names"
}

@test "a tree that is configured in place is refused, and left alone" {
	small_tree "$gl/in-place"
	: >"$gl/in-place/config.status"
	at=$(free_port)
	refused 1 'make distclean' "$gl/in-place/deploy/local" --port "$at" \
		--dir "$gl/in-place/state"
	refused 1 'make distclean' "$gl/in-place/deploy/local" --build-only
	run ! built "$gl/in-place"
	nobody_listens "$at"
}

@test "a compiler that is not there is named" {
	small_tree "$gl/no-compiler"
	tools_without gcc cc clang
	refused 1 'no C compiler' env PATH="$tools" \
		"$gl/no-compiler/deploy/local" --build-only
	refused 1 'no C compiler' env CC=no-such-compiler \
		"$gl/no-compiler/deploy/local" --build-only
	run ! built "$gl/no-compiler"
	# With either of them it goes on.
	run -0 timeout 30 env CC=/usr/bin/gcc PATH="$tools" \
		"$gl/no-compiler/deploy/local" --build-only
	built "$gl/no-compiler"
}

@test "wrong usage ends with 64" {
	local arguments

	for arguments in --nonsense --nonsense=1 -x operand --port --port= \
		'--port 0' '--port 65536' '--port 99999999999999999999' \
		'--port x' '--port -1' '--port +80' '--port 08080' \
		'--port 80.0' '--port 0x50' '--port 5000x' --profile \
		--profile= '--profile production' '--profile Compat' --dir \
		--listen --build-only=1; do
		# shellcheck disable=SC2086 # words
		refused 64 "${arguments%%[= ]*}" "$small/deploy/local" \
			--dir "$gl/never" $arguments
		[[ $stderr == *--help* ]]
	done
	[ ! -e "$gl/never" ]
}

@test "--help shows every option" {
	local option word

	for option in -h --help; do
		run --separate-stderr -0 "$small/deploy/local" "$option"
		assert_equal "$stderr" ''
		for word in --port --dir --profile --listen --build-only \
			--help compat standard 5000; do
			assert_output --partial -- "$word"
		done
	done
}

# ------------------------------------------------------------------- the build

@test "--build-only builds and does not serve" {
	small_tree "$gl/builds"
	run --separate-stderr -0 timeout 30 "$gl/builds/deploy/local" \
		--build-only --port "$port"
	assert_output ''
	built "$gl/builds"
	run find "$gl/builds/build" -maxdepth 1 -name 'local-*'
	assert_output ''
}

@test "a build that fails is told of, and nothing is served" {
	small_tree "$gl/fails"
	printf 'all:\n\t@echo what is wrong >&2; false\n' \
		>"$gl/fails/build/Makefile"
	at=$(free_port)
	refused 1 'what is wrong' "$gl/fails/deploy/local" --port "$at" \
		--dir "$gl/failed"
	[[ $stderr == *'the build failed'* ]]
	nobody_listens "$at"
	# The same for a tree that cannot be configured.
	rm "$gl/fails/build/config.status"
	refused 1 'configure failed; see build/build.log' \
		"$gl/fails/deploy/local" --build-only
}

@test "two builds of one tree wait for each other" {
	small_tree "$gl/shared"
	printf 'all:\n\tmkdir busy && until [ -e go ]; do sleep 0.1; done && rmdir busy\n' \
		>"$gl/shared/build/Makefile"
	begin one "$gl/shared/deploy/local" --build-only
	eventually 10 test -d "$gl/shared/build/busy"
	begin other "$gl/shared/deploy/local" --build-only
	waits() {
		said other | grep -qF 'waiting for another build'
	}
	eventually 30 waits
	: >"$gl/shared/build/go"
	ended one 0
	ended other 0
}

# ---------------------------------------------------------------- the packages

# without PACKAGE - a set of stand-ins: it is not installed, and nothing can be
without() {
	stand_in "without-$1" dpkg-query <<-SCRIPT
	$(command -v dpkg-query) "\$@" | grep -v ' $1\$'
	exit 1
	SCRIPT
	stand_in "without-$1" sudo <<-'SCRIPT'
	exit 1
	SCRIPT
	stand_in "without-$1" apt-get <<-SCRIPT
	echo called >"$gl/apt-get.called"
	exit 1
	SCRIPT
}

@test "who may not install packages gets the line to type" {
	local package

	mkdir "$gl/lacks"
	small_tree "$gl/lacks/tree"
	owned_by_somebody "$gl/lacks"
	at=$(free_port)
	for package in libcjson-dev nginx; do
		without "$package"
		refused 1 "as root: apt-get install $package" \
			"${somebody[@]}" env "$(with_stand_ins "without-$package")" \
			"$gl/lacks/tree/deploy/local" --port "$at" \
			--dir "$gl/lacks/state"
		grep -xE ".*: as root: apt-get install $package" <<<"$stderr"
	done
	[ ! -e "$gl/apt-get.called" ]
	run ! built "$gl/lacks/tree"
	nobody_listens "$at"
	# A build needs no web server.
	run -0 timeout 30 "${somebody[@]}" env "$(with_stand_ins without-nginx)" \
		"$gl/lacks/tree/deploy/local" --build-only
	built "$gl/lacks/tree"
}

@test "who may become root installs them so" {
	mkdir "$gl/sudo"
	small_tree "$gl/sudo/tree"
	owned_by_somebody "$gl/sudo"
	without libcjson-dev
	stand_in without-libcjson-dev sudo <<-SCRIPT
	echo "\$*" >>"$gl/sudo/asked"
	SCRIPT
	run -0 timeout 30 "${somebody[@]}" env \
		"$(with_stand_ins without-libcjson-dev)" \
		"$gl/sudo/tree/deploy/local" --build-only
	run -0 tail -n 1 "$gl/sudo/asked"
	assert_output --regexp '^-n .*/deploy/packages build$'
	built "$gl/sudo/tree"
}

# as_root_in_private COMMAND... - /usr/sbin and /run/lock are directories of
# the test's
as_root_in_private() {
	local options=-m

	[ "$(id -u)" -eq 0 ] || options=-rm
	# shellcheck disable=SC2016 # the inner shell's own words
	unshare "$options" sh -c 'mount --bind "$0/sbin" /usr/sbin &&
		mount --bind "$0/lock" /run/lock && exec "$@"' \
		"$gl/private" "$@"
}

@test "root installs what is missing, and no service starts" {
	mkdir -p "$gl/private/sbin" "$gl/private/lock"
	as_root_in_private true || skip "no mounts of one's own are allowed here"
	without libcjson-dev
	# What an installed package asks before it starts its service.
	stand_in without-libcjson-dev apt-get <<-SCRIPT
	/usr/sbin/policy-rc.d nginx start
	echo "\$? \$*" >>"$gl/apt-get.log"
	exit \$(cat "$gl/apt-get.status")
	SCRIPT
	echo 0 >"$gl/apt-get.status"
	run -0 as_root_in_private timeout 30 env \
		"$(with_stand_ins without-libcjson-dev)" \
		"$small/deploy/packages" build
	assert_equal "$(grep -c '^101 ' "$gl/apt-get.log")" 2
	run -0 tail -n 1 "$gl/apt-get.log"
	assert_output --regexp ' install libcjson-dev$'
	run find "$gl/private/sbin" -type f
	assert_output ''

	# A machine's own answer is back afterwards, even if that fails.
	printf '#!/bin/sh\nexit 0\n' >"$gl/private/sbin/policy-rc.d"
	chmod 755 "$gl/private/sbin/policy-rc.d"
	echo 100 >"$gl/apt-get.status"
	run -69 as_root_in_private timeout 30 env \
		"$(with_stand_ins without-libcjson-dev)" \
		"$small/deploy/packages" build
	assert_line --partial 'could not install libcjson-dev'
	assert_equal "$(grep -c '^101 ' "$gl/apt-get.log")" 4
	assert_equal "$(<"$gl/private/sbin/policy-rc.d")" $'#!/bin/sh\nexit 0'
	run find "$gl/private/sbin" -type f
	assert_output "$gl/private/sbin/policy-rc.d"
}

@test "a mail server comes without a configuration, and drives none out" {
	mkdir -p "$gl/private/sbin" "$gl/private/lock"
	as_root_in_private true || skip "no mounts of one's own are allowed here"
	without postfix
	stand_in without-postfix apt-get <<-SCRIPT
	echo "\$*" >>"$gl/apt-get.mta"
	SCRIPT
	stand_in without-postfix debconf-set-selections <<-SCRIPT
	cat >>"$gl/apt-get.mta"
	SCRIPT
	run -0 as_root_in_private timeout 30 env \
		"$(with_stand_ins without-postfix)" \
		"$small/deploy/packages" mta
	run -0 tail -n 3 "$gl/apt-get.mta"
	assert_line --index 0 \
		'postfix postfix/main_mailer_type select No configuration'
	assert_line --index 2 --regexp ' --no-remove .* install .*postfix$'

	: >"$gl/private/sbin/sendmail"
	run -0 as_root_in_private "$small/deploy/packages" --list mta
	refute_line postfix
	# Its own is no other.
	: >"$gl/private/sbin/postfix"
	run -0 as_root_in_private "$small/deploy/packages" --list mta
	assert_line postfix
}

trace_test

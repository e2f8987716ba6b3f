# helper.bash - programs that run until they are told to stop
#
# begin starts one under a name, and leaves in $gl/run/NAME.* what it prints
# (out, err), its process id (pid) and, once it has ended, its exit status
# (status).  What a test has begun ends with the test; what setup_file has
# begun ends with end_all.
#
# The helpers of tests/http set what nothing here does, and tests use what
# nothing here does.
# shellcheck shell=bash disable=SC2154,SC2034

load ../http/helper

# place - a directory for everything, and a small tree in it
place() {
	gl_place
	mkdir "$gl/run" "$gl/stand-ins"
	small=$gl/tree
	export small
	small_tree "$small"
}

# small_tree DIR - as much of this tree as serves, and a build whose only work
# is to leave a mark.  Somebody else may own it, and it can be broken.
small_tree() {
	mkdir -p "$1/build"
	cp -r "$tests_top/deploy" "$tests_top/conf" "$1"
	cp "$tests_top"/build/gatelodge{,-courier} "$1/build"
	: >"$1/build/config.status"
	: >"$1/Makefile.in"
	printf 'all:\n\t@touch built\n' >"$1/build/Makefile"
	printf '#!/bin/sh\ntouch configured\nexit 1\n' >"$1/configure"
	# Whatever the umask of who checked this tree out.
	chmod -R u+rwX,go+rX "$1"
	chmod 755 "$1/configure"
}

# somebody_else - leaves in $somebody what runs a command as a user without
# rights: another one than root, or who runs the tests.  owned_by_somebody
# FILE... gives files to that user.
somebody_else() {
	somebody=(env)
	if [ "$(id -u)" -eq 0 ]; then
		somebody=(setpriv --reuid=nobody --regid=nogroup
			--clear-groups --pdeathsig=TERM)
	fi
}

owned_by_somebody() {
	if [ "$(id -u)" -eq 0 ]; then
		chown -R nobody:nogroup "$@"
	fi
}

# stand_in SET NAME - the program NAME in front of the real one, from standard
# input, for commands with the PATH that with_stand_ins SET gives
stand_in() {
	mkdir -p "$gl/stand-ins/$1"
	{
		echo '#!/bin/bash'
		cat
	} >"$gl/stand-ins/$1/$2"
	chmod 755 "$gl/stand-ins/$1/$2"
}

with_stand_ins() {
	printf 'PATH=%s:%s' "$gl/stand-ins/$1" "$PATH"
}

# tools_without NAME... - leaves in $tools a directory with all the programs
# of /usr/bin but these
tools_without() {
	local name

	tools=$(mktemp -d "$gl/tools.XXXXXX")
	chmod 755 "$tools"
	ln -s /usr/bin/* "$tools"
	for name in "$@"; do
		rm -f "$tools/$name"
	done
}

# ------------------------------------------------------------- begin and end

# begin NAME COMMAND... - in a session of its own, where everything can be
# found that it starts, and with the signals of an interactive shell: what a
# shell puts into the background ignores INT.  Should the tests be killed, the
# kernel tells it to end.
begin() {
	local run=$gl/run/$1

	shift
	rm -f "$run".*
	: >"$run.out"
	: >"$run.err"
	: >"$run.pid"
	(
		set +e
		# shellcheck disable=SC2016 # the inner shell's own words
		env --default-signal setsid setpriv --pdeathsig TERM \
			bash -c 'echo $$ >"$0"; exec "$@"' "$run.pid" "$@" \
			</dev/null >"$run.out" 2>"$run.err"
		echo $? >"$run.status"
	) >/dev/null 2>&1 3>&- 4>&- &
	eventually 10 test -s "$run.pid"
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

has_ended() {
	[ -s "$gl/run/$1.status" ]
}

pid_of() {
	cat "$gl/run/$1.pid"
}

# said NAME - what it wrote to standard error
said() {
	cat "$gl/run/$1.err"
}

# serving NAME PORT - waits until deploy/local says so
serving() {
	eventually 60 says_or_ended "$1" || true
	[ "$(<"$gl/run/$1.out")" = "gatelodge: serving on http://localhost:$2" ] ||
		fail "$1 does not serve on $2: $(cat "$gl/run/$1".{out,err})"
}

says_or_ended() {
	[ -s "$gl/run/$1.out" ] || has_ended "$1"
}

# ended NAME STATUS - waits for the end, and insists that nothing is left
ended() {
	eventually 20 has_ended "$1" || fail "$1 goes on: $(processes_of "$1")"
	[ "$(<"$gl/run/$1.status")" = "$2" ] ||
		fail "$1 ended with $(<"$gl/run/$1.status"): $(said "$1")"
	run processes_of "$1"
	assert_output ''
}

# processes_of NAME [COLUMNS] - what lives in its session, dead ones that
# nobody has asked after left out
processes_of() {
	ps -o "stat=,${2-pid=,args=}" -s "$(pid_of "$1")" |
		sed -n 's/^[^Z ][^ ]*  *//p'
}

nothing_left() {
	[ -z "$(processes_of "$1")" ]
}

# process NAME PROGRAM - the one process of that program
process() {
	pgrep -s "$(pid_of "$1")" -x "$2"
}

# end_begun KEPT - what has not ended yet, but for one
end_begun() {
	local kept=$1 file name

	for file in "$gl"/run/*.pid; do
		name=${file##*/}
		name=${name%.pid}
		if [ -s "$file" ] && [ "$name" != "$kept" ]; then
			end_one "$name"
		fi
	done
}

end_one() {
	local pid

	if ! has_ended "$1"; then
		kill -TERM "$(pid_of "$1")" 2>/dev/null || true
		eventually 10 has_ended "$1" || true
	fi
	for pid in $(processes_of "$1" pid=); do
		kill -KILL "$pid" 2>/dev/null || true
	done
	rm -f "$gl/run/$1".*
}

end_all() {
	end_begun ''
	chmod -R u+w "$gl"
	rm -rf "$gl"
}

# ---------------------------------------------------------------- what it does

# answers URL [CURL-ARGUMENT...]
answers() {
	[ "$(status_of "$@")" = 200 ]
}

status_of() {
	curl -q -s -m 5 --noproxy '*' -o /dev/null -w '%{http_code}' "$@" ||
		true
}

# nobody_listens PORT - on both addresses of loopback
nobody_listens() {
	run -7 curl -q -s -m 5 --noproxy '*' "http://127.0.0.1:$1/"
	run -7 curl -q -s -m 5 --noproxy '*' "http://[::1]:$1/"
}

# back_within_a_second NAME PROGRAM COMMAND... - kills the program, and waits
# for another one and for the command to succeed.  A busy machine may be late
# once and again; a pause of ours would be there each time.  Counts in $kills.
back_within_a_second() {
	for _ in 1 2 3; do
		brought_back "$@"
		kills=$((${kills:-0} + 1))
		((took >= 1000000)) || return 0
		# What dies all the time is given up.
		sleep 2
	done
	fail "it took $took microseconds, and too long before"
}

# brought_back NAME PROGRAM COMMAND... - leaves in $took how long it was
brought_back() {
	local name=$1 program=$2 old new start

	shift 2
	old=$(process "$name" "$program")
	start=${EPOCHREALTIME//[.,]/}
	kill -KILL "$old"
	eventually 10 is_gone "$old" || fail "$old lives"
	eventually 10 "$@" || fail "no answer since $program was killed"
	took=$((${EPOCHREALTIME//[.,]/} - start))
	new=$(process "$name" "$program")
	[[ $new =~ ^[0-9]+$ && $new != "$old" ]] ||
		fail "it was $old, now it is $new"
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

#!/usr/bin/env bats
# deploy/spawn-fcgi: gatelodge under spawn-fcgi, watched over.
#
# One run, "main", serves all tests that do not end it.  It begins with a umask
# that closes nothing.
#
# The helpers set the variables that nothing here does, and they call functions
# of tests by name.
# shellcheck disable=SC2154,SC2317

load helper

setup_file() {
	place
	gl_configure "socket = \"$gl/not-this-one.sock\""
	(
		umask 000
		begin main "$tests_top/deploy/spawn-fcgi" \
			-c "$gl/gatelodge.conf" -s "$gl/main.sock"
	)
	eventually 20 greets "$gl/main.sock" || fail "$(said main)"
}

teardown_file() {
	end_all
}

setup() {
	somebody_else
}

teardown() {
	end_begun main
}

# ask METHOD PATH SOCKET - without a web server
ask() {
	env -i PATH="$PATH" REQUEST_METHOD="$1" REQUEST_URI="$2" \
		SERVER_PROTOCOL=HTTP/1.1 REMOTE_ADDR=127.0.0.1 \
		timeout 10 cgi-fcgi -bind -connect "$3"
}

greets() {
	[[ $(ask GET / "$1" 2>/dev/null) == *'{"message":"Bienvenue"}'* ]]
}

# conf_of NAME - settings of its own
conf_of() {
	sed "s|^store = .*|store = \"$gl/$1.db\"|" "$gl/gatelodge.conf" \
		>"$gl/$1.conf"
	chmod 600 "$gl/$1.conf"
}

# another NAME [OPTION...] - begins a run with settings, a store and a socket
# of its own, and waits for its answer
another() {
	local name=$1

	shift
	conf_of "$name"
	begin "$name" "$tests_top/deploy/spawn-fcgi" -c "$gl/$name.conf" \
		-s "$gl/$name.sock" "$@"
	eventually 20 greets "$gl/$name.sock" || fail "$(said "$name")"
}

# restarts NAME - how often it was started again
restarts() {
	said "$1" | grep -c 'starting it again' || true
}

# ------------------------------------------------------------------- it serves

@test "it answers over the socket that it was given" {
	run -0 ask GET / "$gl/main.sock"
	assert_line --regexp '^Content-Type: application/json'
	assert_line '{"message":"Bienvenue"}'
	run -0 ask GET /profile "$gl/main.sock"
	assert_line --regexp '^Status: 403'
	# Not over the one of the settings, and spawn-fcgi has become gatelodge.
	[ ! -e "$gl/not-this-one.sock" ]
	run processes_of main args=
	assert_line --partial "build/gatelodge -c $gl/gatelodge.conf"
	refute_line --regexp '^([^ ]*/)?spawn-fcgi'
}

@test "the socket has mode 660, whatever the umask" {
	assert_equal "$(stat -c %a "$gl/main.sock")" 660
	assert_equal "$(stat -c %a "$gl/gatelodge.db")" 600
	(
		umask 077
		another closed
	)
	assert_equal "$(stat -c %a "$gl/closed.sock")" 660
}

@test "a gatelodge that is killed is back within a second" {
	back_within_a_second main gatelodge greets "$gl/main.sock"
	assert_equal "$(stat -c %a "$gl/main.sock")" 660
	back_within_a_second main gatelodge greets "$gl/main.sock"
	assert_equal "$(restarts main)" "$kills"
	said main | grep -F 'gatelodge ended with status 137'
}

@test "HUP makes gatelodge read its settings again" {
	local pid

	reloaded() {
		said main | grep -q '"config.reloaded"'
	}
	pid=$(process main gatelodge)
	run ! reloaded
	kill -HUP "$(pid_of main)"
	eventually 5 reloaded
	assert_equal "$(process main gatelodge)" "$pid"
	greets "$gl/main.sock"
}

@test "another program can be named" {
	mkdir "$gl/elsewhere"
	ln -s "$tests_top/build/gatelodge" "$gl/elsewhere/gatelodge"
	another elsewhere -P "$gl/elsewhere/gatelodge"
	run processes_of elsewhere args=
	assert_line --partial "$gl/elsewhere/gatelodge -c"
}

@test "root can give it another user and group" {
	local store

	[ "$(id -u)" -eq 0 ] || skip 'only root can'
	mkdir "$gl/nobody"
	chown nobody "$gl/nobody"
	store=$gl/nobody/gatelodge.db
	conf_of nobody
	sed -i "s|^store = .*|store = \"$store\"|" "$gl/nobody.conf"
	chmod 644 "$gl/nobody.conf"
	begin nobody "$small/deploy/spawn-fcgi" -c "$gl/nobody.conf" \
		-s "$gl/nobody.sock" -u nobody -g www-data
	eventually 20 greets "$gl/nobody.sock" || fail "$(said nobody)"
	assert_equal "$(stat -c %U:%G:%a "$gl/nobody.sock")" nobody:www-data:660
	assert_equal "$(stat -c %U:%G "$store")" nobody:www-data
	assert_equal "$(ps -o user=,group= -p "$(process nobody gatelodge)" |
		xargs)" 'nobody www-data'
	# That one is brought back and ended like any other.
	back_within_a_second nobody gatelodge greets "$gl/nobody.sock"
	kill -TERM "$(pid_of nobody)"
	ended nobody 0
}

# --------------------------------------------------------------- and it stops

@test "TERM ends it, and it can be begun again at the same socket" {
	another term
	kill -TERM "$(pid_of term)"
	ended term 0
	run ! greets "$gl/term.sock"
	said term | grep -q '"stopped"'
	assert_equal "$(restarts term)" 0
	another term
	kill -TERM "$(pid_of term)"
	ended term 0
}

@test "INT ends it" {
	another int
	kill -INT "$(pid_of int)"
	ended int 0
	said int | grep -q '"stopped"'
	assert_equal "$(restarts int)" 0
}

@test "TERM in the pause before a new start ends it" {
	stand_in pause sleep <<-SCRIPT
	: >"$gl/paused"
	until [ -e "$gl/go-on" ]; do $(command -v sleep) 0.05; done
	SCRIPT
	conf_of pause
	begin pause env "$(with_stand_ins pause)" \
		"$tests_top/deploy/spawn-fcgi" -c "$gl/pause.conf" \
		-s "$gl/pause.sock"
	eventually 20 greets "$gl/pause.sock"
	kill -KILL "$(process pause gatelodge)"
	eventually 10 test -e "$gl/paused"
	kill -TERM "$(pid_of pause)"
	: >"$gl/go-on"
	ended pause 0
	assert_equal "$(said pause | grep -c '"started"')" 1
}

@test "TERM while gatelodge starts ends it" {
	# gatelodge never comes.
	mkfifo "$gl/no-gate"
	stand_in start setpriv <<-SCRIPT
	: >"$gl/starting"
	read -r _ <"$gl/no-gate"
	SCRIPT
	conf_of start
	begin start env "$(with_stand_ins start)" \
		"$tests_top/deploy/spawn-fcgi" -c "$gl/start.conf" \
		-s "$gl/start.sock"
	eventually 20 test -e "$gl/starting"
	kill -TERM "$(pid_of start)"
	ended start 0
}

@test "killed itself, it leaves nothing behind" {
	another killed
	kill -KILL "$(pid_of killed)"
	eventually 15 nothing_left killed || fail "left: $(processes_of killed)"
	ended killed 137
}

# ---------------------------------------------------------- what it will not do

@test "settings that are wrong end it with 78 at once" {
	conf_of wrong
	echo 'nonsense = 1' >>"$gl/wrong.conf"
	begin wrong "$tests_top/deploy/spawn-fcgi" -c "$gl/wrong.conf" \
		-s "$gl/wrong.sock"
	ended wrong 78
	assert_equal "$(said wrong | grep -cF "$gl/wrong.conf:")" 1
	assert_equal "$(restarts wrong)" 0
	begin none "$tests_top/deploy/spawn-fcgi" -c "$gl/none.conf" \
		-s "$gl/none.sock"
	ended none 78
	assert_equal "$(restarts none)" 0
}

@test "settings that have become wrong end it at the next start" {
	another later
	echo 'nonsense = 1' >>"$gl/later.conf"
	kill -KILL "$(process later gatelodge)"
	ended later 78
	assert_equal "$(restarts later)" 1
}

@test "a socket that somebody serves is left to them" {
	conf_of second
	begin second "$tests_top/deploy/spawn-fcgi" -c "$gl/second.conf" \
		-s "$gl/main.sock"
	ended second 255
	assert_equal "$(restarts second)" 0
	greets "$gl/main.sock"
}

@test "a socket that cannot be made ends it" {
	conf_of nowhere
	begin nowhere "$tests_top/deploy/spawn-fcgi" -c "$gl/nowhere.conf" \
		-s "$gl/no/such/place.sock"
	ended nowhere 255
	assert_equal "$(restarts nowhere)" 0
}

@test "only root can give it another user" {
	local option

	for option in -u -g; do
		run --separate-stderr -77 timeout 20 "${somebody[@]}" \
			"$small/deploy/spawn-fcgi" -c "$gl/gatelodge.conf" \
			-s "$gl/other.sock" "$option" nobody
		[[ $stderr == *'only root'* ]]
	done
	[ ! -e "$gl/other.sock" ]
}

@test "what is not installed is named" {
	tools_without spawn-fcgi
	run --separate-stderr -69 timeout 20 env PATH="$tools" \
		"$small/deploy/spawn-fcgi" -c "$gl/gatelodge.conf" \
		-s "$gl/other.sock"
	[[ $stderr == *'spawn-fcgi is not installed'* ]]
	[ ! -e "$gl/other.sock" ]
}

@test "wrong usage ends with 64 and shows the right one" {
	local arguments

	for arguments in '' "-c $gl/gatelodge.conf" "-s $gl/other.sock" -c \
		"-c $gl/gatelodge.conf -s" \
		"-c $gl/gatelodge.conf -s $gl/other.sock operand" \
		"-c $gl/gatelodge.conf -s $gl/other.sock -x" \
		"-c $gl/gatelodge.conf -s $gl/other.sock -u"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr -64 timeout 20 \
			"$tests_top/deploy/spawn-fcgi" $arguments </dev/null
		assert_output ''
		[[ $stderr == *'usage: deploy/spawn-fcgi'* ]]
	done
	[ ! -e "$gl/other.sock" ]
}

@test "-h shows every option" {
	local option

	run --separate-stderr -0 "$tests_top/deploy/spawn-fcgi" -h
	assert_equal "$stderr" ''
	for option in -c -s -u -g -P; do
		assert_line --regexp "^ +$option "
	done
}

trace_test

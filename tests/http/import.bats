#!/usr/bin/env bats
# gatelodgectl import: accounts of other systems come over, and their owners
# log in with the passwords that they have.
#
# helper.bash sets the variables that nothing here does, each test sets its own
# in a process of its own, and what looks like a variable may be a hash.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016

load helper

GATELODGECTL=${GATELODGECTL:-$(dirname "$GATELODGE")/gatelodgectl}

setup_file() {
	gl_begin
}

teardown_file() {
	gl_end
}

# ctl WORD... - as the tests' own user
ctl() {
	timeout 60 "$GATELODGECTL" -c "$gl/gatelodge.conf" "$@"
}

# seed WORD... - tests/http/seed.py; Python warns that crypt goes some day
seed() {
	timeout 120 /usr/bin/python3 -W ignore \
		"$BATS_TEST_DIRNAME/seed.py" "$@"
}

# hash PASSWORD SETTING
hash() {
	printf %s "$1" | seed hash "$2"
}

# number NAME - of the last run's output
number() {
	sed -n "s/^$1	//p" <<<"$output"
}

# hash_of EMAIL - in the store
hash_of() {
	db "SELECT password_hash FROM users WHERE email = '$1'"
}

bcrypt='$2b$04$abcdefghijklmnopqrstuuyeG8laUfZvsCmc.AE6qIDYSPGM2efmK'

@test "the seed's database of 1,000 accounts: every one logs in and has yescrypt" {
	# A hundred of them say what a thousand do in the long run.
	local n=${ALL:+1000}
	n=${n:-100}
	seed make "$gl/seed.db" "$n" $((n / 50))
	run --separate-stderr -0 ctl import "$gl/seed.db"
	assert_equal "$stderr" ''
	assert_equal "$(number bcrypt)" "$n"
	assert_equal "$(number imported)" "$n"
	assert_equal "$(db "SELECT count(*) FROM users
		WHERE password_hash LIKE '\$2b\$%'")" "$n"
	# Nobody's session or reset comes along.
	assert_equal "$(db 'SELECT count(*) FROM sessions')" 0
	assert_equal "$(db 'SELECT count(*) FROM tickets')" 0
	login user30@example.org 'secret 31'
	assert_code 401
	[[ $(hash_of user30@example.org) == '$2b$'* ]]
	run -0 seed enter "$base" "$n" 4
	assert_output ''
	assert_equal "$(db "SELECT count(*) FROM users
		WHERE password_hash LIKE '\$y\$j75\$%'")" "$n"
	run -0 seed enter "$base" 30 4
	assert_output ''
}

@test "an htpasswd file that htpasswd has made" {
	htpasswd -cbB -C 5 "$gl/htpasswd" ht1@example.org 'pass one' 2>&1
	htpasswd -bB -C 5 "$gl/htpasswd" ht2@example.org 'pass two' 2>&1
	htpasswd -bm "$gl/htpasswd" md5@example.org x 2>&1
	htpasswd -bs "$gl/htpasswd" sha@example.org x 2>&1
	htpasswd -bp "$gl/htpasswd" plain@example.org x 2>&1
	htpasswd -bd "$gl/htpasswd" des@example.org x 2>&1
	htpasswd -bB -C 5 "$gl/htpasswd" nobody x 2>&1
	run --separate-stderr -0 ctl import "$gl/htpasswd"
	assert_line --index 0 $'3\tmd5@example.org\tMD5 is too weak'
	assert_line --index 1 $'4\tsha@example.org\tSHA-1 is too weak'
	assert_line --index 2 --partial $'5\tplain@example.org\tit is plain text'
	assert_line --index 3 $'6\tdes@example.org\tDES is too weak'
	assert_line --index 4 $'7\tnobody\tthis is no e-mail address'
	assert_equal "$(number imported)" 2
	login ht1@example.org 'pass one'
	assert_code 200
	login HT2@example.org 'pass two'
	assert_code 200
	login ht2@example.org 'pass one'
	assert_code 401
	login md5@example.org x
	assert_code 401
	[[ $(hash_of ht1@example.org) == '$y$'* ]]
}

@test "a shadow file: what is locked or ends on a day stays behind" {
	{
		printf '%s:19000:0:99999:7:::\n' \
			"six@example.org:$(hash six '$6$saltstring')" \
			"five@example.org:$(hash five '$5$saltstring')" \
			"yes@example.org:$(hash yes '$y$j75$saltsaltsaltsalt')" \
			"lock@example.org:!$(hash x '$6$saltstring')" \
			'star@example.org:*' 'root:*'
		echo "ends@example.org:$bcrypt:19000:0:99999:7::20000:"
	} >"$gl/shadow"
	chmod 600 "$gl/shadow"
	run --separate-stderr -0 ctl import "$gl/shadow"
	assert_line $'4\tlock@example.org\tthe account is locked'
	assert_line $'5\tstar@example.org\tthe account is locked'
	assert_line $'7\tends@example.org\tthe account has a day on which it ends'
	assert_equal "$(number sha512crypt)" 1
	assert_equal "$(number sha256crypt)" 1
	assert_equal "$(number yescrypt)" 1
	for name in six five yes; do
		login "$name@example.org" "$name"
		assert_code 200
		[[ $(hash_of "$name@example.org") == '$y$j75$'* ]]
	done
}

@test "JSON lines with hashes of argon2, scrypt and yescrypt of GOST" {
	{
		for name in id i; do
			json_object "email=argon2$name@example.org" \
				"hash=$(printf %s "$name" | argon2 somesalt \
					"-$name" -t 2 -k 1024 -p 2 -e)"
			echo
		done
		json_object email=scrypt@example.org \
			"hash=$(hash scrypt '$7$8/..../....SodiumChloride')"
		echo
		json_object "hash=$(hash gost '$gy$j75$saltsaltsaltsalt')" \
			email=gost@example.org
		printf '\r\n\r\n'
		printf '{"email":"off@example.org","hash":"%s",%s}' \
			"$bcrypt" '"disabled":true'
	} >"$gl/lines"
	run --separate-stderr -0 ctl import "$gl/lines" --json
	assert_line --partial '"row":6,"email":"off@example.org"'
	assert_line '{"name":"argon2id","number":1}'
	assert_line '{"name":"argon2i","number":1}'
	assert_line '{"name":"imported","number":4}'
	for name in argon2id=id argon2i=i scrypt=scrypt gost=gost; do
		login "${name%=*}@example.org" "x${name#*=}"
		assert_code 401
		login "${name%=*}@example.org" "${name#*=}"
		assert_code 200
		[[ $(hash_of "${name%=*}@example.org") == '$y$j75$'* ]]
	done
}

@test "B13: a hash that costs too much is refused, and computed for nobody" {
	local long

	printf '%s\n' 'slow@example.org:$2b$31'"${bcrypt:6}" \
		'wide@example.org:$y$jFT$saltsaltsaltsalt$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5' \
		'many@example.org:$5$rounds=999999999$s$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5' \
		'weak@example.org:$2b$03'"${bcrypt:6}" \
		'held@example.org:'"$bcrypt" >"$gl/costs"
	run --separate-stderr -0 ctl import "$gl/costs"
	assert_line $'1\tslow@example.org\tthe hash costs more than is allowed'
	assert_line $'2\twide@example.org\tthe hash costs more than is allowed'
	assert_line $'3\tmany@example.org\tthe hash costs more than is allowed'
	assert_line $'4\tweak@example.org\tthe hash costs less than is allowed'
	assert_equal "$(number imported)" 1
	# In the store, by whatever way it came.
	db "UPDATE users SET password_hash = '\$2b\$31' ||
		substr(password_hash, 7) WHERE email = 'held@example.org'"
	long=$SECONDS
	login held@example.org 'Hello world!'
	assert_code 401
	((SECONDS - long < 5))
}

@test "a password that bcrypt cut counts whole from the first login on" {
	long=$(repeat x 100)
	echo "cut@example.org:$(hash "$long" '$2b$04$abcdefghijklmnopqrstuu')" \
		>"$gl/cut"
	run -0 ctl import "$gl/cut"
	login cut@example.org "$long"
	assert_code 200
	login cut@example.org "$(repeat x 72)"
	assert_code 401
	login cut@example.org "$long"
	assert_code 200
}

@test "accents that were typed apart are the same password from then on" {
	local apart=$'pa\u0308ss' whole=$'p\u00e4ss' name

	for name in apart whole; do
		echo "$name@example.org:$(hash "${!name}" \
			'$2b$04$abcdefghijklmnopqrstuu')"
	done >"$gl/accents"
	run -0 ctl import "$gl/accents"
	for name in apart whole; do
		login "$name@example.org" "$apart"
		assert_code 200
		login "$name@example.org" "$whole"
		assert_code 200
	done
}

@test "an address that is there in any spelling is refused" {
	printf '%s\n' "Spelled@Example.org:$bcrypt" "spelled@EXAMPLE.org:$bcrypt" \
		"a@bücher.example:$bcrypt" "A@xn--bcher-kva.example:$bcrypt" \
		>"$gl/spelled"
	run --separate-stderr -0 ctl import "$gl/spelled"
	assert_line $'2\tspelled@EXAMPLE.org\tthe address came before in this file'
	assert_line $'4\tA@xn--bcher-kva.example\tthe address came before in this file'
	assert_equal "$(number imported)" 2
	run --separate-stderr -0 ctl import "$gl/spelled"
	assert_line $'1\tSpelled@Example.org\tthe address has an account already'
	assert_line $'3\ta@bücher.example\tthe address has an account already'
	assert_equal "$(number imported)" 0
	login spelled@example.org 'Hello world!'
	assert_code 200
}

@test "strict: one refused row, and nothing comes over" {
	local before

	before=$(db 'SELECT count(*) FROM users')
	printf '%s\n' "strict1@example.org:$bcrypt" nobody:x \
		"strict2@example.org:$bcrypt" >"$gl/strict"
	run --separate-stderr -65 ctl import "$gl/strict" --strict
	assert_line $'2\tnobody\tthis is no e-mail address'
	assert_equal "$(number accepted)" 2
	assert_equal "$(number imported)" 0
	[[ $stderr == *'nothing was imported'* ]]
	assert_equal "$(db 'SELECT count(*) FROM users')" "$before"
	sed -i 2d "$gl/strict"
	run --separate-stderr -0 ctl import "$gl/strict" --strict
	assert_equal "$(number imported)" 2
	login strict1@example.org 'Hello world!'
	assert_code 200
}

@test "dry run: says the same and writes nothing, and makes no store" {
	local before

	printf '%s\n' "dry@example.org:$bcrypt" nobody:x \
		"DRY@example.org:$bcrypt" >"$gl/dry"
	before=$(db_state | sha256sum)
	run --separate-stderr -0 ctl import --dry-run "$gl/dry"
	assert_equal "$(number accepted)" 1
	assert_equal "$(number refused)" 2
	assert_equal "$(number imported)" 0
	assert_equal "$before" "$(db_state | sha256sum)"
	run --separate-stderr -65 ctl import --dry-run --strict "$gl/dry"
	mkdir "$gl/fresh"
	sed "s|^store = .*|store = \"$gl/fresh/gatelodge.db\"|" \
		"$gl/gatelodge.conf" >"$gl/fresh.conf"
	chmod 600 "$gl/fresh.conf"
	for words in --dry-run --strict '--dry-run --strict'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr timeout 60 "$GATELODGECTL" \
			-c "$gl/fresh.conf" import "$gl/dry" $words
		assert_equal "$(number accepted)" 1
		assert_equal "$(ls -A "$gl/fresh")" ''
	done
	run --separate-stderr -0 timeout 60 "$GATELODGECTL" \
		-c "$gl/fresh.conf" import "$gl/dry"
	assert_equal "$(number imported)" 1
	[ -e "$gl/fresh/gatelodge.db" ]
}

@test "while gatelodge serves: logins go on, and each account counts at once" {
	local pid

	register served@example.org b4l0u
	seed lines 1000 | sed 's/^user/bulk/' >"$gl/bulk"
	ctl import "$gl/bulk" >"$gl/bulk.out" 3>&- &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		login served@example.org b4l0u
		assert_code 200
	done
	wait $pid
	output=$(<"$gl/bulk.out")
	assert_equal "$(number imported)" 1000
	login bulk999@example.org 'secret 0'
	assert_code 200
}

@test "a file that root alone may read goes into another user's store" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	mkdir "$gl/own"
	chown nobody:www-data "$gl/own"
	sed "s|^store = .*|store = \"$gl/own/store.db\"|" \
		"$gl/gatelodge.conf" >"$gl/own.conf"
	chmod 600 "$gl/own.conf"
	echo "root@example.org:$bcrypt" >"$gl/own.lines"
	seed make "$gl/own.db" 3 0
	chmod 600 "$gl/own.lines" "$gl/own.db"
	for file in lines db; do
		run --separate-stderr -0 timeout 60 "$GATELODGECTL" \
			-c "$gl/own.conf" import "$gl/own.$file" --strict
	done
	assert_equal "$(number imported)" 3
	run -0 find "$gl/own" '(' ! -user nobody -o ! -group www-data -o \
		-type f ! -perm 0600 ')'
	assert_output ''
}

@test "files that cannot be imported are refused, and say why" {
	local sqlite="$gl/odd.db"

	run --separate-stderr -66 ctl import "$gl/nowhere"
	run --separate-stderr -65 ctl import "$gl"
	[[ $stderr == *'is no file'* ]]
	: >"$gl/empty"
	run --separate-stderr -65 ctl import "$gl/empty"
	[[ $stderr == *'none of the formats'* ]]
	run --separate-stderr -65 ctl import "$gl/gatelodge.conf"
	run --separate-stderr -65 ctl import "$gl/gatelodge.db"
	run --separate-stderr -64 ctl import
	run --separate-stderr -64 ctl import "$gl/empty" "$gl/empty"
	run --separate-stderr -64 ctl import "$gl/empty" --yes
	sqlite3 "$sqlite" 'CREATE TABLE u (id, email, hashed_password);
		CREATE VIEW users AS SELECT * FROM u'
	run --separate-stderr -65 ctl import "$sqlite"
	[[ $stderr == *'no such table'* ]]
	echo x >"$sqlite-journal"
	run --separate-stderr -65 ctl import "$sqlite"
	[[ $stderr == *'-journal'* ]]
}

@test "no hash and no password is in any log" {
	run -1 grep -E 'secret [0-9]|\$2b\$|\$y\$|\$argon2|Hello world' "$gl/log"
}

trace_test

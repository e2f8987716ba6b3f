# helper.bash - a real browser before the pages; pages.js and life.js say what
# is done
#
# The helpers of tests/http and tests/mail set what nothing here does.
# shellcheck shell=bash disable=SC2154

load ../mail/helper

# without_mail - the compat profile, for pages.js
without_mail() {
	gl_place
	elsewhere=$(free_port)
	export elsewhere
	gl_configure "origins = {\"http://localhost:$elsewhere\"}" \
		'site_contact = "help@example.org"'
	gl_start
	web_start
	install_modules
}

# with_mail - the standard profile, and a courier that puts each mail into a
# file, for life.js
with_mail() {
	gl_place
	mkdir "$gl/mail"
	gl_configure 'profile = "standard"' 'hash_cost = 5' \
		'site_name = "Example"' "mail_dir = \"$gl/mail\""
	gl_start
	web_start
	courier_start
	install_modules
}

teardown_file() {
	courier_stop
	gl_end
}

# What package.json names, once for each version of it; nothing of it is part
# of the tree.
install_modules() {
	local from=$tests_top/tests/browser

	modules=$tests_top/build/browser
	export modules
	if ! cmp -s "$from/package-lock.json" \
		"$modules/node_modules/.made-from"; then
		mkdir -p "$modules"
		cp "$from"/package*.json "$modules"
		npm ci --prefix "$modules" --ignore-scripts --no-audit \
			--no-fund >"$modules/log" 2>&1 || {
			tail -n 20 "$modules/log" >&2
			return 1
		}
		cp "$from/package-lock.json" "$modules/node_modules/.made-from"
	fi
}

# browse CASE - without mail
browse() {
	BASE=$base ELSEWHERE=$elsewhere run_case pages.js "$1"
}

# live CASE - with mail
live() {
	# What one case has asked for is not counted against the next one.
	db 'DELETE FROM limits'
	BASE=$base MAIL=$gl/mail STORE=$gl/gatelodge.db SITE=Example \
		run_case life.js "$1"
}

# run_case FILE CASE
run_case() {
	NODE_PATH=$modules/node_modules \
		timeout 300 node "$tests_top/tests/browser/$1" "$2" 3>&-
}

# each_browsed FILE WORD - each case of the file is a test here, by that word
each_browsed() {
	local names name

	names=$(run_case "$1" --list)
	[ -n "$names" ]
	while read -r name; do
		grep -qxE "	$2 [\"']${name}[\"']" "$BATS_TEST_DIRNAME"/*.bats ||
			fail "no test browses: $name"
	done <<<"$names"
}

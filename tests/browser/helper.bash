# helper.bash - a real browser before the pages; pages.js says what is done
#
# The helper of tests/http sets what nothing here does.
# shellcheck shell=bash disable=SC2154

load ../http/helper

setup_file() {
	gl_place
	elsewhere=$(free_port)
	export elsewhere
	gl_configure "origins = {\"http://localhost:$elsewhere\"}"
	gl_start
	web_start
	install_modules
}

teardown_file() {
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

browse() {
	BASE=$base ELSEWHERE=$elsewhere NODE_PATH=$modules/node_modules \
		timeout 300 node "$tests_top/tests/browser/pages.js" "$1" 3>&-
}

#!/usr/bin/env bats
# make install: what an installation copies from comes with it.
# shellcheck disable=SC2154 # the helpers set it

load helper

setup_file() {
	gl_place
	make -s -C "$tests_top/build" install DESTDIR="$gl/root" \
		prefix=/usr >"$gl/said" 2>&1 || fail "$(cat "$gl/said")"
}

teardown_file() {
	rm -rf "$gl"
}

@test "templates, catalogues and the files for web servers are installed" {
	local place

	for place in conf/templates conf/lang conf/assets deploy/apache \
		deploy/systemd; do
		run -0 diff -r "$tests_top/$place" \
			"$gl/root/usr/share/gatelodge/$place"
	done
	# local.conf is deploy/local's.
	run -0 diff -r -x local.conf "$tests_top/deploy/nginx" \
		"$gl/root/usr/share/gatelodge/deploy/nginx"
}

@test "what the README copies and runs after make install is installed" {
	local file

	sed -n '/^What follows is typed/,$p' "$tests_top/README" |
		grep -oE '\bdeploy/[a-z./*-]+' | sed 's/[.]$//' |
		sort -u >"$gl/named"
	assert_not_equal "$(wc -l <"$gl/named")" 0
	while read -r file; do
		compgen -G "$gl/root/usr/share/gatelodge/$file" >/dev/null ||
			fail "$file is not installed"
	done <"$gl/named"
	[ -x "$gl/root/usr/share/gatelodge/deploy/spawn-fcgi" ]
}

trace_test

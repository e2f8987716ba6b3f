#!/usr/bin/env bats
# deploy/systemd: what systemd says of the units.
# shellcheck disable=SC2154 # the helpers set it

load helper

setup() {
	gl_place
}

teardown() {
	rm -rf "$gl"
}

@test "systemd has nothing to say of the units" {
	local unit

	command -v systemd-analyze >/dev/null || skip 'no systemd here'
	for unit in gatelodge gatelodge-courier; do
		sed "s|/usr/local/sbin/|$tests_top/build/|" \
			"$tests_top/deploy/systemd/$unit.service" \
			>"$gl/$unit.service"
	done
	run -0 systemd-analyze verify --man=no "$gl"/*.service
	assert_output ''
}

trace_test

#!/usr/bin/env bats
# Whom nginx takes for one caller, when it counts what is costly.
#
# helper.bash sets the variables that nothing here does, and uses the others.
# shellcheck disable=SC2154,SC2034

load helper
WEBSERVER=nginx		# Apache counts nobody

# One listener for both families, as with "listen [::]:443 ipv6only=off", on
# loopback alone; one for IPv4; and one that takes a caller's word for its
# address.
nginx_server() {
	cat <<-CONF
	listen [::1]:$port;
	listen [::ffff:127.0.0.1]:$port ipv6only=off;
	listen 127.0.0.2:$port;
	access_log $gl/web/access.log gatelodge;
	set_real_ip_from 127.0.0.0/8;
	set_real_ip_from ::1;
	real_ip_header Test-Address;
	include gatelodge/gatelodge-errors.conf;
	location / {
		include gatelodge/gatelodge-fastcgi.conf;
		limit_req zone=gatelodge_costly burst=5 nodelay;
		limit_req_status 429;
	}
	CONF
}

setup_file() {
	gl_begin
}

teardown_file() {
	gl_end
}

# knock TIMES CURL-ARGUMENT... - at a door that is counted; leaves the last
# status
knock() {
	code=$(curl -sS --max-time 30 -X POST -o /dev/null \
		-w '%{http_code}\n' "${@:2}" \
		"http://localhost:$port/login?[1-$1]" | tail -n 1)
}

# from ADDRESS - as a balancer says it
from() {
	printf 'Test-Address: %s' "$1"
}

@test "callers by IPv4 are told apart on a listener for both families" {
	knock 20 -4 --interface 127.0.0.5
	assert_code 429
	knock 1 -4 --interface 127.0.0.9
	assert_code 400
	knock 1 -4 --interface 127.0.0.5
	assert_code 429
	# What is logged is logged after the answer.
	for _ in {1..1000}; do
		! grep -q '^::ffff:127\.0\.0\.5 .* 429 ' "$gl/web/access.log" ||
			return 0
		sleep 0.01
	done
	fail "no caller had a mapped address: $(<"$gl/web/access.log")"
}

@test "a caller by IPv4 is the same one on a listener for IPv4" {
	knock 20 -4 --interface 127.0.0.6
	assert_code 429
	knock 1 --interface 127.0.0.6 --connect-to "::127.0.0.2:"
	assert_code 429
	knock 1 --interface 127.0.0.7 --connect-to "::127.0.0.2:"
	assert_code 400
}

@test "a network of 64 bits is one caller by IPv6" {
	knock 20 -6 -H "$(from 2001:db8:0:1::5)"
	assert_code 429
	knock 1 -6 -H "$(from 2001:db8:0:1:ffff::9)"
	assert_code 429
	knock 1 -6 -H "$(from 2001:db8:0:2::5)"
	assert_code 403
	# Zeros in front make no mapped address.
	knock 20 -6 -H "$(from ::fffe:192.0.2.5)"
	assert_code 429
	knock 1 -6 -H "$(from ::fffe:192.0.2.9)"
	assert_code 429
	knock 1 -6 -H "$(from ::ffff:192.0.2.9)"
	assert_code 403
}

trace_test

#!/usr/bin/env bats
# gatelodge beside a site's own pages, below /auth: neither gets into the way
# of the other.
#
# helper.bash sets the variables that nothing here does, and uses the others.
# shellcheck disable=SC2154,SC2034

load helper

# A site has a rule for its files by what their names end in, and a place that
# takes large ones.
nginx_server() {
	cat <<-CONF
	listen 127.0.0.1:$port;
	listen [::1]:$port;
	access_log $gl/web/access.log gatelodge;
	root $gl/site;
	types { text/html html; text/css css; }
	location ~* \.(css|js|svg|png)$ {
		add_header Site-Rule files;
	}
	location /upload/ { dav_methods PUT; }
	$(advice deploy/nginx/gatelodge.conf)
	CONF
}

apache_modules+=(dav dav_fs)
apache_host() {
	cat <<-CONF
	DocumentRoot $gl/site
	DavLockDB $gl/site/upload/lock
	<Location "/upload/">
	Dav On
	</Location>
	<FilesMatch "\.html$">
	ForceType text/html
	</FilesMatch>
	Include gatelodge/gatelodge-beside.conf
	CustomLog $gl/web/access.log gatelodge
	CONF
}

# advice FILE - what it says is to stand in an nginx site's server block
advice() {
	sed -n 's/^#\t//; /^ *location .*\/auth\/ {/,/gatelodge-errors\.conf;/p' \
		"$tests_top/$1"
}

setup_file() {
	gl_place
	mkdir -p "$gl/site/upload"
	chmod 1777 "$gl/site/upload"
	echo '<h1>The site</h1>' >"$gl/site/index.html"
	echo 'h1 {}' >"$gl/site/site.css"
	head -c 200000 /dev/urandom >"$reply/sent"
	gl_configure 'base_path = "/auth"'
	gl_start
	web_start
}

teardown_file() {
	gl_end
}

@test "the site's pages have no header of gatelodge's" {
	local name

	for name in /index.html /index.html?token=x; do
		req GET "$name"
		assert_code 200
		is Content-Type text/html
		assert_equal "$body" $'<h1>The site</h1>\n'
		has_no Content-Security-Policy
		has_no Cross-Origin-Resource-Policy
		has_no Cache-Control
		has_no X-Request-Id
	done
}

@test "what Apache answers for the site has no shape of gatelodge's" {
	[ "$WEBSERVER" = apache ] || skip "gatelodge-errors.conf is for the site"
	for name in /missing /auth /authority /auth.html; do
		req GET "$name"
		assert_code 404
		has_no Content-Security-Policy
		has_no X-Request-Id
		[[ $body == *'<html>'* ]]
	done
}

@test "the site takes more than gatelodge does" {
	req PUT /upload/file -T "$reply/sent"
	assert_code 201
	cmp "$reply/sent" "$gl/site/upload/file"
}

@test "the files of gatelodge's pages come, whatever rule the site has for such" {
	local file files

	req GET /site.css
	assert_code 200
	assert_equal "$body" $'h1 {}\n'
	[ "$WEBSERVER" = apache ] || is Site-Rule files
	req GET /auth/login -H 'Accept: text/html'
	assert_code 200
	run -0 grep -oE '/auth/assets/[^"]+' "$reply/body"
	files=("${lines[@]}")
	[[ "${files[*]}" == *.css* && "${files[*]}" == *.js* ]]
	for file in "${files[@]}"; do
		req GET "$file"
		assert_code 200
		once X-Request-Id
		has_no Site-Rule
		[ -n "$body" ]
	done
}

@test "below /auth it is gatelodge that answers" {
	req GET /auth/
	assert_answer 200 '{"message":"Bienvenue"}'
	say form POST /auth/users email=beside@example.com password=b4l0u
	assert_answer 200 \
		'{"email":"beside@example.com","message":"user created"}'
	say form POST /auth/sessions email=beside@example.com password=b4l0u
	assert_code 200
	req GET /auth/profile -b "session_id=$(session_set)"
	assert_answer 200 '{"email":"beside@example.com"}'
	req GET /auth/nothing%2Fthere
	assert_error 404
	req GET /auth
	assert_code 404
	req GET /.well-known/change-password
	assert_code 302
	[[ $(header Location) =~ ^(http://localhost:$port)?/auth/account/password$ ]]
}

@test "what the web server answers for gatelodge has its shape" {
	req POST /auth/users -H "Content-Type: $form_type" \
		--data-binary "@$reply/sent"
	assert_error 413
	gl_stop
	for name in /auth/ /auth/assets/style.css; do
		req GET "$name"
		[[ $code =~ ^50[23]$ ]]
		assert_error "$code"
		is Retry-After 1
	done
	req GET /index.html
	assert_code 200
	gl_start
	kill -STOP "$(gl_pid)"
	req GET /auth/
	kill -CONT "$(gl_pid)"
	assert_error 504
}

@test "no log has the token of a link" {
	local token

	token=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d =)
	req GET "/auth/undo?token=$token"
	assert_code 200
	req GET /site.css -e "$base/auth/undo?token=$token" -A the-last-of-them
	# What is logged is logged after the answer.
	for _ in {1..1000}; do
		! grep -q the-last-of-them "$gl/web/access.log" || break
		sleep 0.01
	done
	grep -qF '"GET /auth/undo HTTP/1.1" 200' "$gl/web/access.log"
	grep -qF the-last-of-them "$gl/web/access.log"
	run ! grep -F "$token" "$gl"/web/*log "$gl/log"
}

@test "the README gives the same advice on nginx as its file does" {
	local block='/^ *location .*\/auth\/ {/,/}/{s/^[[:space:]]*//;p}'

	assert_equal "$(advice README | sed -n "$block")" \
		"$(advice deploy/nginx/gatelodge.conf | sed -n "$block")"
	[ -n "$(advice README)" ]
}

trace_test

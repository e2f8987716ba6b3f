#!/usr/bin/env bats
# The pages through a web server, as a browser asks for them.
#
# helper.bash sets the variables that nothing here does.
# shellcheck disable=SC2154

load helper

setup_file() {
	gl_begin
	register page@example.com b4l0u
}

teardown_file() {
	gl_end
}

# A browser of its own for each test, without the cookie of another.
setup() {
	rm -f "$reply/jar"
}

firefox='text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
html_policy="default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

# browse PATH [CURL-ARGUMENT...]
browse() {
	req GET "$1" -H "Accept: $firefox" -b "$reply/jar" -c "$reply/jar" \
		"${@:2}"
}

# send PATH [NAME=VALUE...] - a form, as a browser sends it
send() {
	local path=$1 field
	local -a args=(-H "Content-Type: $form_type")

	shift
	for field; do
		args+=(--data-urlencode "$field")
	done
	req POST "$path" -H "Accept: $firefox" -b "$reply/jar" \
		-c "$reply/jar" -H "Origin: $base" \
		-H 'Sec-Fetch-Site: same-origin' "${args[@]}"
}

assert_page() {
	assert_code "$1"
	is Content-Type 'text/html; charset=utf-8'
	is Cache-Control no-store
	is Content-Security-Policy "$html_policy"
	is Cross-Origin-Opener-Policy same-origin
	is Referrer-Policy same-origin
	is X-Content-Type-Options nosniff
	if [ "$WEBSERVER" = apache ]; then
		# It writes the list anew, without blanks.
		is Vary Accept,Accept-Language,Cookie
	else
		is Vary 'Accept, Accept-Language, Cookie'
	fi
	[[ $body == '<!DOCTYPE html>'*'</html>'$'\n' ]] || fail "$body"
}

says() {
	[[ $body == *"$1"* ]] || fail "no \"$1\" in $body"
}

assert_leads() {
	assert_code 303
	is Location "$1"
}

# assert_goes_on WHERE - by a page, which ends the form's own navigation
assert_goes_on() {
	assert_page 200
	has_no Location
	says "<meta http-equiv=\"refresh\" content=\"0;url=$1\">"
	says "<a class=\"button\" href=\"$1\">"
}

@test "programs get what they always got" {
	req GET /
	assert_answer 200 '{"message":"Bienvenue"}'
	req GET / -H 'Accept: application/json'
	assert_answer 200 '{"message":"Bienvenue"}'
	req GET /profile
	assert_error 403
	req GET /nowhere
	assert_error 404
	say form POST /sessions email=page@example.com password=b4l0u
	assert_answer 200 '{"email":"page@example.com","message":"logged in"}'
}

@test "every page is a page" {
	local path

	for path in / /login /register /reset /reset/password /logout; do
		browse "$path"
		assert_page 200
		has_no Set-Cookie
	done
	for path in /nowhere /Login /login/ /assets/other; do
		browse "$path"
		assert_page 404
	done
}

@test "from the first page to the last" {
	send /register email=new@example.com password=n3w
	assert_leads '/login?done=user_created'
	send /login email=new@example.com password=wrong
	assert_page 401
	says 'value="new@example.com"'
	says 'role="alert"'
	send /login email=new@example.com password=n3w rd=/account/password
	assert_leads '/login/done?rd=/account/password'
	browse '/login/done?rd=/account/password'
	assert_goes_on /account/password
	send /account/password current_password=n3w new_password=n3wer
	assert_leads '/account?done=password_changed'
	browse '/account?done=password_changed'
	assert_page 200
	says new@example.com
	says 'role="status"'
	send /account/export
	assert_code 200
	is Content-Disposition 'attachment; filename="account.json"'
	[ "$(jq -r .email "$reply/body")" = new@example.com ]
	send /logout
	assert_leads '/?done=logged_out'
	browse /account
	assert_leads '/login?rd=/account'
	send /login email=new@example.com password=n3wer
	send /account/delete password=n3wer
	assert_leads '/?done=account_deleted'
	[ "$(db "SELECT count(*) FROM users WHERE email LIKE 'new@%'")" = 0 ]
}

@test "a browser that keeps no cookies is not led round" {
	req POST /login -H "Accept: $firefox" \
		-d 'email=page@example.com&password=b4l0u'
	assert_leads /login/done
	req GET /login/done -H "Accept: $firefox"
	assert_page 403
	has_no Location
	says 'did not keep the cookie'
}

@test "nobody is sent to another site" {
	local to

	send /login email=page@example.com password=b4l0u
	for to in //evil.example '/\evil.example' /%09/evil.example \
		https:evil.example "$base@evil.example" "$base.evil.example" \
		javascript:alert%281%29 https://evil.example \
		/x%0d%0aSet-Cookie:a=b; do
		browse "/login/done?rd=$to"
		assert_leads /account
		has_no Set-Cookie
	done
	browse "/login/done?rd=$base/x"
	assert_goes_on "$base/x"
	send /logout rd=//evil.example
	assert_leads '/?done=logged_out'
	send /login email=page@example.com password=b4l0u
	send /logout "rd=$base/x"
	assert_goes_on "$base/x"
	is Set-Cookie 'session_id=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax'
}

@test "another site's form does nothing" {
	send /login email=page@example.com password=b4l0u
	req POST /logout -H "Accept: $firefox" -b "$reply/jar" \
		-H 'Sec-Fetch-Site: cross-site'
	assert_code 403
	has_no Set-Cookie
	req POST /logout -H "Accept: $firefox" -b "$reply/jar" \
		-H 'Origin: null'
	assert_code 403
	browse /account
	assert_page 200
}

@test "files are kept for good under their digest" {
	local style etag

	browse /login
	style=$(sed -n 's/.*rel="stylesheet" href="\([^"]*style[^"]*\)".*/\1/p' \
		"$reply/body")
	req GET "$style"
	assert_code 200
	is Content-Type 'text/css; charset=utf-8'
	is Cache-Control 'public, max-age=31536000, immutable'
	etag=$(header ETag)
	cmp "$reply/body" "$tests_top/conf/assets/style.css"
	req GET "$style" -H "If-None-Match: $etag"
	assert_code 304
	[ ! -s "$reply/body" ]
	req GET /assets/style.css
	is Cache-Control no-cache
}

@test "password managers find where a password is changed" {
	req GET /.well-known/change-password
	assert_code 302
	is Location /account/password
}

@test "the language is the browser's" {
	browse /login -H 'Accept-Language: fr-FR,fr;q=0.9,en;q=0.5'
	assert_page 200
	says '<html lang="fr">'
	browse /login -H 'Accept-Language: tlh'
	says '<html lang="en">'
}

@test "restarted below a path, everything stands below it" {
	local link

	gl_restart 'base_path = "/auth"'
	for path in /auth/ /auth/login /auth/register /auth/reset; do
		browse "$path"
		assert_page 200
		while read -r link; do
			[[ $link == /auth/* || $link == '#'* ]] ||
				fail "$path: $link"
		done < <(grep -oE '(href|src|action)="[^"]*"' "$reply/body" |
			cut -d'"' -f2)
	done
	send /auth/login email=page@example.com password=b4l0u rd=/shop
	assert_leads '/auth/login/done?rd=/shop'
	browse '/auth/login/done?rd=/shop'
	assert_goes_on /shop
	send /auth/logout
	assert_leads '/auth/?done=logged_out'
	gl_restart
}

@test "restarted with files of the operator's, pages show these" {
	mkdir -p "$gl/own/page" "$gl/own/lang" "$gl/own/assets"
	echo '<!DOCTYPE html><p>{{site}}: {{t.page.login.title}}' \
		>"$gl/own/page/home.html"
	echo '{"page.login.title": "Come in"}' >"$gl/own/lang/en.json"
	echo '<svg xmlns="http://www.w3.org/2000/svg"/>' \
		>"$gl/own/assets/logo.svg"
	gl_restart "templates = \"$gl/own\"" 'site_name = "Ann & Bob"' \
		'site_color = "#ffee00"'
	browse /
	[ "$body" = '<!DOCTYPE html><p>Ann &amp; Bob: Come in'$'\n' ]
	browse /login
	says '<h1>Come in</h1>'
	says 'Ann &amp; Bob'
	req GET /assets/logo.svg
	cmp "$reply/body" "$gl/own/assets/logo.svg"
	req GET /assets/accent.css
	says '--accent: #ffee00'
	echo '<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>' >"$gl/mine.svg"
	gl_restart "templates = \"$gl/own\"" "site_logo = \"$gl/mine.svg\""
	req GET /assets/logo.svg
	assert_code 200
	cmp "$reply/body" "$gl/mine.svg"
	gl_restart
}

@test "what nginx says itself is a page for browsers" {
	[ "$WEBSERVER" = nginx ] || return 0
	head -c 20000 /dev/zero >"$reply/sent"
	req POST /login -H "Accept: $firefox" --data-binary "@$reply/sent"
	assert_code 413
	is Content-Type 'text/html; charset=utf-8'
	says '<h1>request body too large</h1>'
	req POST /login --data-binary "@$reply/sent"
	assert_error 413
}

trace_test

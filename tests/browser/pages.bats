#!/usr/bin/env bats
# The pages in a real browser: pages.js says what is done there.

load helper

setup_file() {
	without_mail
}

@test "every page: phone and desktop, light and dark, axe has nothing to say" {
	browse 'every page'
}

@test "an account from its first day to its last, without script" {
	browse 'an account without script'
}

@test "a password can be looked at, and is hidden when it is sent" {
	browse 'a password can be looked at, and is hidden when it is sent'
}

@test "3.5.1 another site's form cannot log in" {
	browse "another site's form cannot log in"
}

@test "3.5.1 another site's form cannot log out" {
	browse "another site's form cannot log out"
}

@test "another site cannot show a page in a frame" {
	browse 'another site cannot show a page in a frame'
}

@test "a login goes on to what leads to another origin" {
	browse 'a login goes on to what leads to another origin'
}

@test "a logout goes on to what leads to another origin" {
	browse 'a logout goes on to what leads to another origin'
}

@test "each case of pages.js is a test here" {
	each_browsed pages.js browse
}

trace_test

#!/usr/bin/env bats
# What takes long in a real browser: of the long run.

load helper

setup_file() {
	without_mail
}

@test "every page without its script, in French" {
	browse 'every page without its script'
}

@test "a forgotten password, without script" {
	browse 'a forgotten password without script'
}

@test "sessions are ended from another browser" {
	browse 'sessions are ended'
}

@test "the keyboard alone will do, and the focus is on what is wrong" {
	browse 'the keyboard alone'
}

@test "a link from another site finds the session" {
	browse 'a link from another site finds the session'
}

@test "a login goes on to an origin that is listed, and to no other" {
	browse 'a login goes on to an origin that is listed, and to no other'
}

@test "a browser that keeps no cookies is told so" {
	browse 'a browser that keeps no cookies is told so'
}

trace_test

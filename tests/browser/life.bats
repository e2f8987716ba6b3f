#!/usr/bin/env bats
# An account with its mails, in a real browser: life.js says what is done
# there.

load helper

setup_file() {
	with_mail
}

@test "a life in French, with its mails, without JavaScript" {
	live 'a life in French without JavaScript'
}

@test "each case of life.js is a test here" {
	each_browsed life.js live
}

trace_test

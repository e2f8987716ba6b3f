#!/usr/bin/env bats
# What takes long of life.js: of the long run.

load helper

setup_file() {
	with_mail
}

@test "a life in English, with its mails" {
	live 'a life in English'
}

@test "a life in English, with its mails, without JavaScript" {
	live 'a life in English without JavaScript'
}

@test "a life in French, with its mails" {
	live 'a life in French'
}

@test "whose password was changed by another gets the account back by mail" {
	live 'it was not me'
}

@test "whose address was changed by another gets the account back by mail" {
	live 'an address is taken back'
}

@test "every page with mail: phone and desktop, light and dark" {
	live 'every page with mail'
}

@test "every page with mail, without its script, in French" {
	live 'every page with mail, without its script, in French'
}

trace_test

#!/usr/bin/env bats
# What takes long in a real browser: of the long run.

load helper

@test "every page without its script, in French" {
	browse 'every page without its script'
}

#!/usr/bin/env bash
# Makes configure and what it needs.  Run once in a fresh clone.
set -euo pipefail
cd "$(dirname "$0")"

missing=()
for tool in autoconf automake pkg-config; do
	command -v "$tool" >/dev/null || missing+=("$tool")
done
if ((${#missing[@]} > 0)); then
	echo "autogen.sh: not installed: ${missing[*]}" >&2
	echo "on Debian: apt install ${missing[*]}" >&2
	exit 1
fi
exec autoreconf --force --install

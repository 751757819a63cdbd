#!/usr/bin/env bash
# fuzz.sh SECONDS [PACKAGE...]   runs every fuzz target that go test -list finds, one after the other.
set -euo pipefail
seconds="${1:?seconds for each target}"; shift
[ $# -gt 0 ] || set -- ./...
go="${GO:-go}"
list="$("$go" test -list '^Fuzz' "$@")" || { echo "$list"; exit 1; }
targets="$(awk '/^Fuzz/ { name[n++] = $1 } /^ok/ { for (i = 0; i < n; i++) print $2, name[i]; n = 0 }' <<<"$list")"
[ -n "$targets" ] || { echo "fuzz: no targets found" >&2; exit 1; }
while read -r package name; do
  "$go" test -run '^$' -fuzz "^$name\$" -fuzztime "${seconds}s" "$package" || { echo "FAIL $package $name" >&2; exit 1; }
done <<<"$targets"

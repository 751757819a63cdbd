#!/usr/bin/env bash
# fuzz.sh SECONDS [PACKAGE...]   runs every fuzz target that go test -list finds, one after the other.
set -euo pipefail
seconds="${1:?seconds for each target}"; shift
[ $# -gt 0 ] || set -- ./...
go="${GO:-go}"
list="$("$go" test -list '^Fuzz' "$@")" || { echo "$list"; exit 1; }
targets="$(awk '/^Fuzz/ { name[n++] = $1 } /^ok/ { for (i = 0; i < n; i++) print $2, name[i]; n = 0 }' <<<"$list")"
[ -n "$targets" ] || { echo "fuzz: no targets found" >&2; exit 1; }
# Go's own coordinator sometimes reports the end of -fuzztime as "context deadline exceeded" (golang/go#75804): a
# run that says only that, and found no input, is made again.
out="$(mktemp)"; trap 'rm -f "$out"' EXIT
late() { grep -q 'context deadline exceeded' "$out" && ! grep -qE 'Failing input|panic:|hung or terminated' "$out"; }
while read -r package name; do
  for try in 1 2 3; do
    if "$go" test -run '^$' -fuzz "^$name\$" -fuzztime "${seconds}s" "$package" 2>&1 </dev/null | tee "$out"; then continue 2; fi
    late || break
    echo "fuzz: $name only ended late (try $try of 3)"
  done
  echo "FAIL $package $name" >&2; exit 1
done <<<"$targets"

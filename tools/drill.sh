#!/usr/bin/env bash
# The restore drill, as an operator does it, on a store that is made up for it:
# somebody is erased after the dump and must not come back, a torn dump must not
# pass, and half a dump must not become a store.
set -euo pipefail
fullmakt=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$fullmakt" seed --data "$work/store" --users 500 --organizations 5 > /dev/null
"$fullmakt" check --data "$work/store" > /dev/null
"$fullmakt" dump --data "$work/store" > "$work/older.json"
somebody=$(grep -o '"PERSON#usr_[a-z0-9]*"' "$work/older.json" | tail -n 1 | tr -d '"' | cut -d'#' -f2)
"$fullmakt" person erase --data "$work/store" --force "$somebody" > /dev/null
"$fullmakt" dump --data "$work/store" | gzip > "$work/newer.json.gz"

"$fullmakt" restore --from "$work/older.json" --ledger "$work/newer.json.gz" --data "$work/restored"
"$fullmakt" dump --data "$work/restored" > "$work/restored.json"
if grep -q "\"PERSON#$somebody\"" "$work/restored.json"; then
	echo "drill: $somebody was erased, and is back"
	exit 1
fi

# must_fail runs a restore that must not pass.
must_fail() {
	if "$fullmakt" restore --from "$1" --ledger none --data "$2" > "$work/out" 2>&1; then
		cat "$work/out"
		echo "drill: $(basename "$1") has passed, and should not have"
		exit 1
	fi
	echo "as it should: $(tail -n 1 "$work/out")"
}
sed '0,/"EMAIL#/{/"EMAIL#/d}' "$work/older.json" > "$work/torn.json"
must_fail "$work/torn.json" "$work/torn"
"$fullmakt" restore --from "$work/torn.json" --ledger none --data "$work/repaired" --repair > "$work/out" || { cat "$work/out"; exit 1; }
grep repaired "$work/out"
head -c 100000 "$work/older.json" > "$work/half.json"
must_fail "$work/half.json" "$work/half"
echo "drill: passed"

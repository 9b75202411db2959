#!/usr/bin/env bash
# What an operator does with redis-cli: cli_session.sh PORT
set -euo pipefail

port=$1
cli() { timeout 300 redis-cli -h 127.0.0.1 -p "$port" "$@"; }
# The first lines of what goes on for ever: cli_lines COUNT ARGUMENT...
cli_lines() { stdbuf -oL timeout 300 redis-cli -h 127.0.0.1 -p "$port" "${@:2}" 2>/dev/null | head -n "$1" || true; }
ok() { echo "ok: redis-cli $*"; }
die() { echo "FAILED: redis-cli $*" >&2; exit 1; }
# expect WHAT GOT WANTED
expect() { [ "$2" = "$3" ] || die "$1: got '$2', want '$3'"; ok "$1"; }
# expect_in WHAT TEXT PATTERN
expect_in() { grep -qE -- "$3" <<<"$2" || die "$1: '$3' is not in: $2"; ok "$1"; }

expect "ping" "$(cli ping)" PONG
expect "set and get" "$(cli set key 'a value'; cli get key)" $'OK\na value'
expect "value from stdin (-x)" "$(printf 'from stdin' | cli -x set piped; cli get piped)" $'OK\nfrom stdin'
expect "quoted output (--no-raw)" "$(cli --no-raw get key)" '"a value"'
expect "CSV (--csv)" "$(cli --csv mget key none)" '"a value",NULL'
expect "RESP3 (-3)" "$(cli -3 --no-raw config get databases)" '1# "databases" => "16"'
expect "database (-n)" "$(cli -n 3 set other 1; cli -n 3 dbsize; cli dbsize)" $'OK\n1\n2'
expect "repetition (-r)" "$(cli -r 50 incr counter | tail -n 1)" 50
expect "repetition at an interval (-r -i)" "$(cli -r 3 -i 0.01 incr counter | tail -n 1)" 53
expect "commands from stdin" "$(printf 'set a 1\nincr a\nget a\n' | cli)" $'OK\n2\n2'
expect "exit code of errors (-e)" "$(cli -e incr key 2>&1 || echo "code $?")" $'ERR value is not an integer or out of range\ncode 1'
expect_in "info" "$(cli info)" '^redis_version:[0-9]+\.[0-9]+\.[0-9]+'
expect_in "info of a section" "$(cli info keyspace)" '^db0:keys=[0-9]+,expires=0,avg_ttl=0'

# One command a line, and the protocol itself, through mass insertion.
inserted=$(for i in $(seq 1 20000); do
  printf '*3\r\n$3\r\nSET\r\n$%d\r\nkey:%d\r\n$%d\r\n%d\r\n' $((4 + ${#i})) "$i" ${#i} "$i"
done | cli --pipe)
expect_in "mass insertion (--pipe)" "$inserted" 'errors: 0, replies: 20000'
inserted=$(printf 'SET inline:1 a\r\nNOSUCH\r\nSET inline:2 b\r\n' | cli --pipe 2>&1 || true)
expect_in "errors in mass insertion" "$inserted" 'errors: 1, replies: 3'
expect "key of mass insertion" "$(cli get key:12345)" 12345

expect "scan of all keys (--scan)" "$(cli --scan --pattern 'key:*' | sort -u | wc -l)" 20000
expect "scan of a pattern" "$(cli --scan --pattern 'key:1999?' | wc -l)" 10
cli set biggest "$(head -c 50000 /dev/zero | tr '\0' x)" >/dev/null
expect_in "big keys (--bigkeys)" "$(cli --bigkeys -i 0)" 'Biggest string found .*biggest.* has 50000 bytes'
expect_in "big keys by memory (--memkeys)" "$(cli --memkeys -i 0)" 'Biggest string found .*biggest.* has [0-9]+ bytes'
expect_in "latency (--latency)" "$(cli --latency --raw -i 0.2)" '^[0-9]+ [0-9]+ [0-9.]+ [0-9]+'
expect_in "statistics (--stat)" "$(cli_lines 3 --stat -i 0.1)" '^[0-9]+ +[0-9.]+[BKMG] +[0-9]+'
expect "client list" "$(cli client list | grep -c "cmd=client|list")" 1
expect_in "command docs" "$(cli command docs get)" '^since'
expect_in "lolwut" "$(cli lolwut)" 'ver\. [0-9]'
expect "flush" "$(cli flushall; cli dbsize)" $'OK\n0'

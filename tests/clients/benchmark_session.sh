#!/usr/bin/env bash
# Every kind of load of redis-benchmark once, to see that it runs: benchmark_session.sh PORT
set -euo pipefail

port=$1
run() {
  local output
  output=$(timeout 600 redis-benchmark -h 127.0.0.1 -p "$port" "$@" 2>&1) ||
    { echo "$output"; echo "FAILED: redis-benchmark $*" >&2; exit 1; }
  if grep -qiE 'error|wrong' <<<"$output" || ! grep -qE 'requests per second|"rps"' <<<"$output"; then
    echo "$output"
    echo "FAILED: redis-benchmark $*" >&2
    exit 1
  fi
  echo "ok: redis-benchmark $*"
}

kinds=ping_inline,ping_mbulk,set,get,incr,mset
run -q -n 5000 -c 20 -t "$kinds"
run -q -n 50000 -c 50 -P 16 -t "$kinds"
run -q -n 50000 -c 10 -P 100 -r 10000 -d 100 -t set,get
run -q -n 10000 -c 20 --threads 2 -P 4 -t set,get
run -n 2000 -c 5 -t ping_mbulk --csv
run -q -n 2000 -c 5 -k 0 -t get
run -q -n 5000 -c 10 -P 8 -r 1000 set key:__rand_int__ value EX 100

#!/usr/bin/env python3
"""How long saving and loading RDB files takes, against redis-server in the same run.

    tests/bench/rdb.py BUILD [KIND=COUNT ...]      such as build/release strings=3000000

BUILD/tests/rdb_bench makes each data set and saves it; redis-server loads that file and saves it again, and
rdb_bench loads what redis-server saved. Each is done three times, the shortest counts. Everything is on the same disk.
Beside the time stands the processor time, which a busy machine changes less.
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

ROUNDS = 3
REDIS = os.environ.get("REDIS_SERVER", "redis-server")
GOALS = {"save": 0.40, "load": 0.45}


def seconds(output, what):
    """Time and processor time."""
    found = re.search(what + r" ([0-9.]+) s, cpu ([0-9.]+) s", output)
    return float(found.group(1)), float(found.group(2))


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bench(build, *arguments):
    return subprocess.run([os.path.join(build, "tests", "rdb_bench"), *arguments], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def call(port, *words):
    """Sends a command and returns the first line of its reply."""
    request = "*%d\r\n" % len(words) + "".join("$%d\r\n%s\r\n" % (len(word), word) for word in words)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request.encode())
        return connection.makefile("rb").readline().decode().strip()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def redis_times(directory):
    """Loads and saves dump.rdb in the directory; returns seconds for both."""
    port = free_port()
    log = os.path.join(directory, "log")
    if os.path.exists(log):
        os.remove(log)
    server = subprocess.Popen([REDIS, "--port", str(port), "--dir", directory, "--save", "",
                               "--logfile", log, "--enable-debug-command", "yes"])
    try:
        while True:
            try:
                if call(port, "PING") == "+PONG":
                    break
            except OSError:
                pass
            time.sleep(0.1)
        with open(log, encoding="utf-8") as lines:
            load = float(re.search(r"DB loaded from disk: ([0-9.]+)", lines.read()).group(1))
        load_cpu = cpu_seconds(server.pid)
        start = time.monotonic()
        reply = call(port, "SAVE")
        save = time.monotonic() - start
        assert reply == "+OK", reply
        return (save, cpu_seconds(server.pid) - load_cpu), (load, load_cpu)
    finally:
        server.terminate()
        server.wait()


def measure(build, kind, count, directory):
    path = os.path.join(directory, "dump.rdb")
    best = {}

    def note(who, what, values):
        old = best.get((who, what), values)
        best[who, what] = tuple(min(pair) for pair in zip(values, old))

    bench(build, "make", kind, count, path)
    for _ in range(ROUNDS):
        save, load = redis_times(directory)
        note("redis", "save", save)
        note("redis", "load", load)
        output = bench(build, "load", path, path)
        note("spinel", "save", seconds(output, "save"))
        note("spinel", "load", seconds(output, "load"))
    for what in ("save", "load"):
        (redis, redis_cpu), (spinel, spinel_cpu) = best["redis", what], best["spinel", what]
        print("%-10s %10s  %s  redis %7.3f s  spinel %7.3f s  ratio %.2f (goal %.2f)  of processor time %.2f"
              % (kind, count, what, redis, spinel, spinel / redis, GOALS[what], spinel_cpu / redis_cpu), flush=True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    kinds = sys.argv[2:] or ["strings=3000000", "repeated=3000000", "zset=1000000", "hash=1000000"]
    for kind in kinds:
        name, count = kind.split("=")
        with tempfile.TemporaryDirectory() as directory:
            measure(sys.argv[1], name, count, directory)


main()

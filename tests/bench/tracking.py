#!/usr/bin/env python3
"""Server CPU that SET takes at depth 16 while a client tracks a million keys, of several servers in one run.

    tests/bench/tracking.py redis='redis-server --port {port} --save ""' spinel='build/release/spinel-server --port {port} --save ""'

usage: tracking.py [--rounds N] NAME=COMMAND ...   ({port} in COMMAND is replaced)

Each server is pinned to core 0; redis-benchmark runs on core 1 with 50 connections and random keys. A client has read
all keys, and takes the messages of invalidation. Prints the median of CPU microseconds per SET, its ratio to the first
server named, and the bytes that the million tracked keys take.
"""
import os, socket, statistics, subprocess, sys, threading
from servers import cpu, enc, options, rss, start

KEYS, SETS = 1_000_000, 400_000

def ask(s, *args):
    s.sendall(enc(*args)); return s.recv(1 << 16)

def drain(s):
    try:
        while s.recv(1 << 18): pass
    except OSError: pass

def measure(cmd):
    p, port = start(cmd, ['taskset', '-c', '0'])
    try:
        os.sched_setaffinity(0, {1})
        control = socket.create_connection(('127.0.0.1', port))
        ask(control, 'CONFIG', 'SET', 'tracking-table-max-keys', '0')
        reader = socket.create_connection(('127.0.0.1', port))
        ask(reader, 'HELLO', '3'); ask(reader, 'CLIENT', 'TRACKING', 'ON')
        before = rss(p.pid)
        for i in range(0, KEYS, 1000):  # keys that are not there: all memory is that of tracking
            reader.sendall(enc('MGET', *(f'key:{k:012}' for k in range(i, i + 1000)))); got = 0
            while got < 6 + 3 * 1000 + 1: got += len(reader.recv(1 << 16))
        size = (rss(p.pid) - before) / KEYS
        threading.Thread(target=drain, args=[reader], daemon=True).start()
        began = cpu(p.pid)
        subprocess.run(['redis-benchmark', '-p', str(port), '-n', str(SETS), '-r', str(KEYS), '-c', '50', '-P', '16',
                        '-q', 'SET', 'key:__rand_int__', 'x' * 32], stdout=subprocess.DEVNULL, check=True)
        return (cpu(p.pid) - began) / SETS * 1e6, size
    finally:
        p.terminate(); p.wait()

def main(args):
    rounds, servers = options(args, __doc__, rounds=3)
    took = {name: [] for name, _ in servers}
    for _ in range(rounds):
        for name, cmd in servers: took[name].append(measure(cmd))
    for column, (what, goal) in enumerate([('SET, 1M tracked keys, us', '   goal 0.6'), ('bytes a tracked key', '')]):
        value = {name: statistics.median(one[column] for one in values) for name, values in took.items()}
        first = value[servers[0][0]]
        print(f'{what:28}' + '   '.join(f'{name} {v:8.3f} ({v / first:5.3f})' for name, v in value.items()) + goal)

main(sys.argv[1:])

#!/usr/bin/env python3
"""How fast replicas apply the stream of a master, of several servers in one run.

    tests/bench/replica.py redis='redis-server --port {port} --save ""' spinel='build/release/spinel-server --port {port} --save ""'

usage: replica.py [--rounds N] [--commands N] NAME=COMMAND ...   ({port} in COMMAND is replaced)

The master is a socket that sends an empty copy and then SET, HSET, ZADD and INCR in turn on a million keys, as fast as
it can, from core 1; the replica is pinned to core 0. It is done when it acknowledges the last byte. Medians: commands a
second, CPU microseconds of the replica per command, and their ratio to the first server named.
"""
import os, random, socket, statistics, sys, tempfile, time
from servers import cpu, enc, options, start

DIRECTORY = tempfile.TemporaryDirectory()
RDB = b'REDIS0009\xff' + bytes(8)

def stream(commands):
    rng, parts = random.Random(1), []
    for i in range(commands // 4):
        k = rng.randrange(1_000_000)
        parts += [enc('SET', f'string:{k}', 'v' * 32), enc('HSET', f'hash:{k % 50000}', f'field{i % 40}', 'v' * 16),
                  enc('ZADD', f'zset:{k % 20000}', i, f'member{i % 100}'), enc('INCR', f'counter:{k}')]
    return b''.join(parts)

def command(f):
    words = []
    for _ in range(int(f.readline()[1:])): words.append(f.read(int(f.readline()[1:]) + 2)[:-2])
    return words

def apply(cmd, data):
    listener = socket.create_server(('127.0.0.1', 0))
    p, port = start(f'{cmd} --dir {tempfile.mkdtemp(dir=DIRECTORY.name)}', ['taskset', '-c', '0'])
    try:
        c = socket.create_connection(('127.0.0.1', port)); c.sendall(enc('REPLICAOF', '127.0.0.1', listener.getsockname()[1])); c.recv(100)
        s, _ = listener.accept(); f = s.makefile('rb')
        while (words := command(f))[0] != b'PSYNC': s.sendall(b'+PONG\r\n' if words[0] == b'PING' else b'+OK\r\n')
        s.sendall(b'+FULLRESYNC ' + b'a' * 40 + b' 0\r\n$%d\r\n' % len(RDB) + RDB)
        s.sendall(enc('REPLCONF', 'GETACK', '*')); getack = len(enc('REPLCONF', 'GETACK', '*'))
        while f.peek(1)[:1] == b'\n': f.read(1)
        command(f); before, began = cpu(p.pid), time.perf_counter()
        s.sendall(data); s.sendall(enc('REPLCONF', 'GETACK', '*'))
        while int(command(f)[2]) < getack + len(data): pass
        return time.perf_counter() - began, cpu(p.pid) - before
    finally: p.kill(); p.wait()

def main(args):
    rounds, commands, servers = options(args, __doc__, rounds=3, commands=2_000_000)
    os.sched_setaffinity(0, {1}); data = stream(commands)
    runs = {server: [] for server, _ in servers}
    for _ in range(rounds):
        for server, cmd in servers: runs[server].append(apply(cmd, data))
    took = {s: statistics.median(r[0] for r in values) for s, values in runs.items()}
    used = {s: statistics.median(r[1] for r in values) for s, values in runs.items()}
    first = servers[0][0]
    print('applying the stream  ' + '   '.join(
        f'{s} {commands / took[s]:.0f}/s ({took[first] / took[s]:.2f}), {used[s] / commands * 1e6:.3f} us ({used[first] / used[s]:.2f} times less)' for s in took) + '   goal 2.5')

main(sys.argv[1:])

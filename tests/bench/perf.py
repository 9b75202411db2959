#!/usr/bin/env python3
"""Throughput and server CPU per command of several servers, interleaved in one run.

    tools/build release spinel-server
    tests/bench/perf.py redis='redis-server --port {port} --save ""' spinel='build/release/spinel-server --port {port}'

usage: perf.py [--rounds N] [--only SET,GET,...] [--quick] NAME=COMMAND ...   ({port} in COMMAND is replaced)

Each server is pinned to core 0 and redis-benchmark to core 1. Prints a row per workload and pipeline depth: median
thousands of requests per second, server CPU microseconds per command, and both as ratios to the first server named.
Only the ratios mean anything away from the machine that made them. build/floor (see floor.c) is a useful third server.
"""
import os, shlex, socket, statistics, subprocess, sys, time

HZ = os.sysconf('SC_CLK_TCK')

def cpu(pid):
    f = open(f'/proc/{pid}/stat').read().rsplit(') ', 1)[1].split()
    return (int(f[11]) + int(f[12])) / HZ

def rss(pid):
    for l in open(f'/proc/{pid}/status'):
        if l.startswith('VmRSS'):
            return int(l.split()[1]) * 1024

WORK = [  # name, redis-benchmark args
    ('PING',    ['-t', 'ping_mbulk']),
    ('SET',     ['-t', 'set', '-r', '1000000', '-d', '32']),
    ('GET',     ['-t', 'get', '-r', '1000000', '-d', '32']),
    ('INCR',    ['-t', 'incr', '-r', '1000000']),
    ('LPUSH',   ['-t', 'lpush', '-d', '32']),
    ('RPOP',    ['-t', 'rpop']),
    ('SADD',    ['-r', '1000000', 'SADD', 'bs:{s}', 'm:__rand_int__']),
    ('HSET',    ['-r', '1000000', 'HSET', 'bh', 'f:__rand_int__', 'vvvvvvvvvvvvvvvv']),
    ('HGET',    ['-r', '1000000', 'HGET', 'bh', 'f:__rand_int__']),
    ('ZADD',    ['-r', '1000000', 'ZADD', 'bz', '__rand_int__', 'm:__rand_int__']),
    ('ZRANK',   ['-r', '1000000', 'ZREVRANK', 'bz', 'm:__rand_int__']),
    ('ZINCRBY', ['-r', '1000000', 'ZINCRBY', 'bz', '3', 'm:__rand_int__']),
    ('ZTOP10',  ['ZREVRANGE', 'bz', '0', '9', 'WITHSCORES']),
    ('SETBIT',  ['SETBIT', 'd0', '7654321', '1']),
    ('BITCOUNT', ['BITCOUNT', 'd1']),                                # 10M users, half active
    ('BITOP7',  ['BITOP', 'AND', 'week', *(f'd{i}' for i in range(7))]),
    ('PFADD',   ['-r', '1000000', 'PFADD', 'hll', 'u:__rand_int__']),
    ('LRANGE100', ['LRANGE', 'lr', '0', '99']),
    ('MSET10',  ['-t', 'mset', '-r', '1000000', '-d', '32']),
]
DEPTH = {1: 120_000, 16: 800_000, 100: 2_000_000}
SHALLOW = {'LRANGE100', 'MSET10', 'ZTOP10'}                              # not at depth 100
SHARE = {'LRANGE100': 4, 'MSET10': 4, 'BITCOUNT': 40, 'BITOP7': 160}    # requests divided by this; heavy ones, depth 1 only

def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0)); return s.getsockname()[1]

def start(cmd):
    """A server and its port, once it answers."""
    port = free_port()
    p = subprocess.Popen(['taskset', '-c', '0'] + shlex.split(cmd.replace('{port}', str(port))),
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        if p.poll() is not None: raise SystemExit(f'ended with status {p.returncode} at its start: {cmd}')
        try:
            socket.create_connection(('127.0.0.1', port), 1).close(); return p, port
        except OSError:
            time.sleep(0.05)
    p.kill(); p.wait()
    raise SystemExit(f'does not answer on port {port}: {cmd}')

def prepare(port):
    """A list of 100 and seven days of a bitmap of 10M users."""
    import random
    s = socket.create_connection(('127.0.0.1', port)); f = s.makefile('rb'); r = random.Random(7)
    cmds = [(b'RPUSH', b'lr', *[b'v' * 16] * 100)] + [(b'SET', b'd%d' % i, r.randbytes(1_250_000)) for i in range(7)]
    for c in cmds:
        s.sendall(b'*%d\r\n' % len(c) + b''.join(b'$%d\r\n%s\r\n' % (len(a), a) for a in c)); f.readline()
    s.close()

def main():
    args = sys.argv[1:]; rounds = 3; only = None; depths = DEPTH
    while args and args[0].startswith('--'):
        if args[0] == '--rounds': rounds = int(args[1]); args = args[2:]
        elif args[0] == '--only': only = args[1].split(','); args = args[2:]
        elif args[0] == '--quick': depths = {1: 40_000, 16: 200_000, 100: 500_000}; args = args[1:]
        else: raise SystemExit('unknown ' + args[0])
    procs, ports = {}, {}
    try:
        for name, cmd in (a.split('=', 1) for a in args): procs[name], ports[name] = start(cmd)
        measure(procs, ports, rounds, only, depths)
    finally:
        for p in procs.values(): p.kill(); p.wait()

def measure(procs, ports, rounds, only, depths):
    print(f'{"work":10} {"P":>3}  ' + '  '.join(f'{n:>24}' for n in ports) + '   (krps, cpu us/cmd, krps ratio, cpu ratio)')
    for port in ports.values(): prepare(port)
    for w, wargs in WORK:
        if only and w not in only: continue
        for P, n in depths.items():
            if w in SHALLOW and P == 100 or w.startswith('BIT') and P > 1: continue
            nn = n // SHARE.get(w, 2 if w.startswith('Z') else 1)
            res = {s: [] for s in ports}
            for _ in range(rounds):
                for s, port in ports.items():
                    c0 = cpu(procs[s].pid)
                    o = subprocess.run(['taskset', '-c', '1', 'redis-benchmark', '-p', str(port), '-n', str(nn), '-c', '50', '-P', str(P), '--csv'] + wargs,
                                       capture_output=True, text=True).stdout.strip().splitlines()
                    if procs[s].poll() is not None: raise SystemExit(f'{s} ended with status {procs[s].returncode} during {w}')
                    try: rps = float(o[-1].split('","')[1].strip('"'))
                    except (IndexError, ValueError): rps = float('nan')
                    res[s].append((rps / 1e3, (cpu(procs[s].pid) - c0) / nn * 1e6))
            cells, base = [], None
            for s in ports:
                k = statistics.median(r[0] for r in res[s]); u = statistics.median(r[1] for r in res[s])
                base = base or (k, u)
                cells.append(f'{k:8.0f} {u:6.2f} {k/base[0]:4.2f} {u/base[1] if base[1] else 0:4.2f}')
            print(f'{w:10} {P:3}  ' + '  '.join(f'{c:>24}' for c in cells), flush=True)
    for s in ports: print(f'rss {s}: {rss(procs[s].pid)/1e6:.0f} MB')
main()

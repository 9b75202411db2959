#!/usr/bin/env python3
"""Throughput and server CPU per command of several servers, interleaved in one run.

    tools/build release spinel-server
    tests/bench/perf.py redis='redis-server --port {port} --save ""' spinel='build/release/spinel-server --port {port}'

usage: perf.py [--rounds N] [--only SET,GET,...] [--quick] NAME=COMMAND ...   ({port} in COMMAND is replaced)
       perf.py --sparse USERS NAME=COMMAND ...     ten days of USERS each among 4 billion ids; Redis takes 5.5 GB for it

Each server is pinned to core 0 and redis-benchmark to core 1. Prints a row per workload and pipeline depth: median
thousands of requests per second, server CPU microseconds per command, both as ratios to the first server named, and
where there is one the goal for the ratio of CPU. Below rows of bitmaps: bytes of operands per second of CPU, the request
and its reply included, beside what memcpy reaches on the same bytes on the same core in between.
Only the ratios mean anything away from the machine that made them. build/floor (see floor.c) is a useful third server.
"""
import ctypes, glob, os, random, socket, statistics, subprocess, sys, time
from servers import enc, rss, start

def cpu(pid):
    """Seconds that all threads have run."""
    total = 0
    for path in glob.glob(f'/proc/{pid}/task/*/schedstat'):
        try: total += int(open(path).read().split()[0])
        except OSError: pass  # a thread that ended
    return total / 1e9

class Random:
    """A command with an id below `ids` in it, which redis-benchmark cannot send: its random numbers start with zeros."""
    reply_bytes = 4
    def __init__(self, ids, *command):
        self.ids, self.command, self.batches = ids, command, {}
    def requests(self, n, depth):
        if (n, depth) not in self.batches:
            r = random.Random(5); one = lambda: self.one(r)
            self.batches = {(n, depth): [b''.join(one() for _ in range(depth)) for _ in range(n // depth)]}
        return self.batches[n, depth]

    def one(self, r):
        return enc(*(r.randrange(self.ids) if a == '{id}' else a for a in self.command))

class Transaction(Random):
    """MULTI, ten SETs of 32 bytes and EXEC: counts as one command."""
    reply_bytes = len('+OK\r\n' + '+QUEUED\r\n' * 10 + '*10\r\n' + '+OK\r\n' * 10)
    def one(self, r):
        sets = (enc('SET', f'key:{r.randrange(self.ids):012}', 'v' * 32) for _ in range(10))
        return enc('MULTI') + b''.join(sets) + enc('EXEC')

DAY = 1_250_000   # bytes of a bitmap of 10M users
IDS = DAY * 8
WORK = [  # name, redis-benchmark args or Random
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
    ('SETBITR', Random(IDS, 'SETBIT', 'd0', '{id}', '1')),
    ('GETBITR', Random(IDS, 'GETBIT', 'd0', '{id}')),
    ('BITCOUNT', ['BITCOUNT', 'd1']),                                # 10M users, half active
    ('BITPOS',  ['BITPOS', 'full', '0']),                            # all active but the last
    ('BITOP7',  ['BITOP', 'AND', 'week', *(f'd{i}' for i in range(7))]),
    ('BITOPOR7', ['BITOP', 'OR', 'week', *(f'd{i}' for i in range(7))]),
    ('PFADD',   ['-r', '1000000', 'PFADD', 'hll', 'u:__rand_int__']),
    ('PFCOUNT', ['PFCOUNT', 'hll0']),                                # cached
    ('PFCOUNT10', ['PFCOUNT', *(f'hll{i}' for i in range(10))]),     # of 100k each
    ('PFMERGE10', ['PFMERGE', 'hllweek', *(f'hll{i}' for i in range(10))]),
    ('GEOADD',  ['-r', '1000000', 'GEOADD', 'shops', '13.361389', '38.115556', 's:__rand_int__']),
    ('GEO10',   ['GEOSEARCH', 'geo', 'FROMLONLAT', '15', '37', 'BYRADIUS', '200', 'km', 'ASC', 'COUNT', '10']),
    ('LRANGE100', ['LRANGE', 'lr', '0', '99']),
    ('MSET10',  ['-t', 'mset', '-r', '1000000', '-d', '32']),
    ('EXEC10',  Transaction(1_000_000)),
    ('SET128K', ['-t', 'set', '-r', '100', '-d', '131072']),
    ('GET128K', ['-t', 'get', '-r', '100', '-d', '131072']),
]
DEPTH = {1: 120_000, 16: 800_000, 100: 2_000_000}
SHALLOW = {'LRANGE100', 'MSET10', 'EXEC10', 'ZTOP10', 'PFCOUNT', 'GEOADD'}           # not at depth 100
SHARE = {'LRANGE100': 4, 'MSET10': 4, 'EXEC10': 4, 'GEOADD': 2, 'SETBITR': 2, 'GETBITR': 2}  # requests divided by this; sorted sets: 2
HEAVY = {'BITCOUNT': 2000, 'BITPOS': 2000, 'BITOP7': 500, 'BITOPOR7': 500,    # as many requests, at depths 1 and 16
         'PFCOUNT10': 2000, 'PFMERGE10': 2000, 'GEO10': 2000,
         'SET128K': 10_000, 'GET128K': 10_000}
OPERANDS = {'BITCOUNT': 1, 'BITPOS': 1, 'BITOP7': 7, 'BITOPOR7': 7}           # days that one command reads
GOAL = {  # of the ratio of CPU to Redis, at any depth or one
    'BITCOUNT': 0.12, 'SET128K': 0.9, 'GET128K': 0.9, 'BITOP7': 0.5, 'PFADD': 0.8, 'PFCOUNT10': 0.3, ('EXEC10', 16): 0.4,
    ('SET', 100): 0.38, ('GET', 100): 0.48, ('INCR', 100): 0.4, ('HSET', 100): 0.34, ('SADD', 100): 0.35,
    ('ZADD', 100): 0.37, ('ZINCRBY', 100): 0.33}
MEMCPY_GOAL = 1.5                                                             # of the time that memcpy takes

class Client:
    """Sends requests and awaits replies of one line each."""
    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port)); self.file = self.socket.makefile('rb')
    def send(self, requests, replies):
        self.socket.sendall(requests)
        for _ in range(replies):
            line = self.file.readline()
            if not line: raise SystemExit('the server closed the connection')
            if line[:1] == b'-': raise SystemExit(f'error reply: {line!r}')
        return line
    def ask(self, *command):
        return int(self.send(enc(*command), 1)[1:])

def prepare(port, wanted):
    """A list of 100, seven days of a bitmap of 10M users, and what HyperLogLog and geo need if they are wanted."""
    client, r = Client(port), random.Random(7)
    client.send(enc('RPUSH', 'lr', *['v' * 16] * 100), 1)
    for i in range(7): client.send(enc('SET', f'd{i}', r.randbytes(DAY)), 1)
    client.send(enc('SET', 'full', b'\xff' * (DAY - 1) + b'\xfe'), 1)
    if any(w.startswith('PF') for w in wanted):
        for i in range(10):
            for j in range(0, 100_000, 1000): client.send(enc('PFADD', f'hll{i}', *(f'{i}:{j + k}' for k in range(1000))), 1)
    if 'GEO10' in wanted:
        for _ in range(100):
            client.send(enc('GEOADD', 'geo', *(x for _ in range(100) for x in
                            (f'{r.uniform(0, 30):.6f}', f'{r.uniform(30, 45):.6f}', f'm{r.random()}'))), 1)

def benchmark(port, wargs, n, depth):
    """Thousands of requests per second."""
    if isinstance(wargs, Random):
        # 50 clients, as redis-benchmark has: one alone would measure how long a server takes to fall asleep and wake up.
        requests = wargs.requests(n, depth); clients = [Client(port) for _ in range(50)]
        before = os.sched_getaffinity(0); os.sched_setaffinity(0, {1}); t = time.perf_counter()
        for i in range(0, len(requests), len(clients)):
            asked = list(zip(clients, requests[i:i + len(clients)]))
            for client, batch in asked: client.socket.sendall(batch)
            for client, _ in asked:
                if len(client.file.read(wargs.reply_bytes * depth)) != wargs.reply_bytes * depth: raise SystemExit('the server closed the connection')
        took = time.perf_counter() - t; os.sched_setaffinity(0, before)
        return n / took / 1e3
    o = subprocess.run(['taskset', '-c', '1', 'redis-benchmark', '-p', str(port), '-n', str(n), '-c', '50', '-P', str(depth), '--csv'] + wargs,
                       capture_output=True, text=True).stdout.strip().splitlines()
    try: return float(o[-1].split('","')[1].strip('"')) / 1e3
    except (IndexError, ValueError): return float('nan')

def memcpy_seconds(days):
    """The CPU time on core 0 of copying each of `days` bitmaps to the same place."""
    before = os.sched_getaffinity(0); os.sched_setaffinity(0, {0})
    try:
        sources = [ctypes.create_string_buffer(random.Random(i).randbytes(DAY), DAY) for i in range(days)]
        target = ctypes.create_string_buffer(DAY); best = []
        for _ in range(5):
            t = time.thread_time()
            for _ in range(20):
                for s in sources: ctypes.memmove(target, s, DAY)
            best.append((time.thread_time() - t) / 20)
        return statistics.median(best[1:])
    finally: os.sched_setaffinity(0, before)

def main():
    args = sys.argv[1:]; rounds = 3; only = None; depths = DEPTH; sparse = None
    while args and args[0].startswith('--'):
        if args[0] == '--rounds': rounds = int(args[1]); args = args[2:]
        elif args[0] == '--only': only = args[1].split(','); args = args[2:]
        elif args[0] == '--sparse': sparse = int(args[1]); args = args[2:]
        elif args[0] == '--quick': depths = {1: 40_000, 16: 200_000, 100: 500_000}; args = args[1:]
        else: raise SystemExit('unknown ' + args[0])
    servers = [a.split('=', 1) for a in args]
    if sparse: return measure_sparse(servers, sparse)
    procs, ports = {}, {}
    try:
        for name, cmd in servers: procs[name], ports[name] = start(cmd, ('taskset', '-c', '0'))
        measure(procs, ports, rounds, [(w, a) for w, a in WORK if not only or w in only], depths)
    finally:
        for p in procs.values(): p.kill(); p.wait()

def measure(procs, ports, rounds, work, depths):
    print(f'{"work":10} {"P":>3}  ' + '  '.join(f'{n:>24}' for n in ports) + '   (krps, cpu us/cmd, krps ratio, cpu ratio; goal of the last)')
    for port in ports.values(): prepare(port, [w for w, _ in work])
    for w, wargs in work:
        for P, n in depths.items():
            if P == 100 and (w in SHALLOW or w in HEAVY): continue
            nn = HEAVY.get(w) or n // SHARE.get(w, 2 if w.startswith('Z') else 1)
            if isinstance(wargs, Random): wargs.requests(nn, P)
            res = {s: [] for s in ports}; memcpy = []
            for _ in range(rounds):
                for s, port in ports.items():
                    c0 = cpu(procs[s].pid)
                    krps = benchmark(port, wargs, nn, P)
                    if procs[s].poll() is not None: raise SystemExit(f'{s} ended with status {procs[s].returncode} during {w}')
                    res[s].append((krps, (cpu(procs[s].pid) - c0) / nn * 1e6))
                if w in OPERANDS: memcpy.append(memcpy_seconds(OPERANDS[w]) * 1e6)
            cells, base, us = [], None, {}
            for s in ports:
                k = statistics.median(r[0] for r in res[s]); us[s] = u = statistics.median(r[1] for r in res[s])
                base = base or (k, u)
                cells.append(f'{k:8.4g} {u:6.2f} {k/base[0]:4.2f} {u/base[1] if base[1] else 0:4.2f}')
            goal = GOAL.get(w) or GOAL.get((w, P))
            print(f'{w:10} {P:3}  ' + '  '.join(f'{c:>24}' for c in cells) + (f'   goal {goal}' if goal else ''), flush=True)
            if w in OPERANDS:
                copied = statistics.median(memcpy); read = OPERANDS[w] * DAY / 1e3
                print(f'{"  GB/s":14}  ' + '  '.join(f'{read / us[s]:10.1f} memcpy x {us[s] / copied:4.2f}' for s in us) +
                      f'   memcpy {read / copied:.1f}, goal: memcpy x {MEMCPY_GOAL}', flush=True)
    for s in ports: print(f'rss {s}: {rss(procs[s].pid)/1e6:.0f} MB')

def measure_sparse(servers, users):
    """Ten days of so many users among 4 billion ids, one server after the other: memory, and milliseconds for a command."""
    if int(next(l for l in open('/proc/meminfo') if l.startswith('MemAvailable')).split()[1]) < 8_000_000:
        raise SystemExit('this takes 8 GB of free memory')
    days = [f'dau:{d}' for d in range(10)]
    rows = [('resident, MB', '2 MB'), ('MEMORY USAGE, MB', None), ('SETBIT, us of CPU', None)] + [(f'{what}, ms', '50 times less') for what in (
            'BITCOUNT of a day', 'BITOP OR of ten days', 'BITCOUNT of that', 'BITOP AND of two days', 'BITOP AND of ten days', 'BITOP XOR of two days')]
    columns = {}
    for name, cmd in servers:
        p, port = start(cmd, ('taskset', '-c', '0'))
        try: columns[name] = sparse_column(p.pid, Client(port), days, users)
        finally: p.kill(); p.wait()
    first = next(iter(columns.values()))
    print(f'{"ten days of " + str(users):26}' + ''.join(f'{n:>18}' for n in columns) + '   (and how many times less than the first)')
    for i, (what, goal) in enumerate(rows):
        print(f'{what:26}' + ''.join(f'{c[i]:10.3f} {first[i] / c[i]:7.1f}' for c in columns.values()) + (f'   goal {goal}' if goal else ''))
    if len({tuple(c[-1]) for c in columns.values()}) != 1: raise SystemExit('the servers count differently')

def sparse_column(pid, client, days, users):
    r = random.Random(4); before = rss(pid); c0 = cpu(pid)
    for day in days:
        ids = [r.randrange(4_000_000_000) for _ in range(users)]
        for i in range(0, users, 1000):
            batch = ids[i:i + 1000]; client.send(b''.join(enc('SETBIT', day, user, 1) for user in batch), len(batch))
    loaded = (cpu(pid) - c0) / len(days) / users * 1e6
    time.sleep(1)
    column = [(rss(pid) - before) / 1e6, sum(client.ask('MEMORY', 'USAGE', day) for day in days) / 1e6, loaded]
    counts = []
    for command in (['BITCOUNT', days[0]], ['BITOP', 'OR', 'result', *days], ['BITCOUNT', 'result'], ['BITOP', 'AND', 'result', *days[:2]],
                    ['BITOP', 'AND', 'result', *days], ['BITOP', 'XOR', 'result', *days[:2]]):
        took = []
        while len(took) < 3 or sum(took) < 0.3:
            t = time.perf_counter(); counts.append(client.ask(*command)); took.append(time.perf_counter() - t)
        counts[-len(took):] = counts[-1:]
        column.append(statistics.median(took) * 1e3)
        if command[0] == 'BITOP': counts.append(client.ask('BITCOUNT', 'result'))
    return column + [counts]
main()

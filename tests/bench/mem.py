#!/usr/bin/env python3
"""Memory per element of several servers on the same data: growth of the process's resident set / elements,
the ratio to the first server named, and where there is one the goal.

    tools/build release spinel-server
    tests/bench/mem.py redis='redis-server --port {port} --save ""' spinel='build/release/spinel-server --port {port}'

usage: mem.py [--scale F] [--sparse] [--only PART-OF-A-NAME] NAME=COMMAND ...   ({port} in COMMAND is replaced)

--scale 0.1 loads a tenth of the elements. --sparse loads the sparse bitmaps, too, for which Redis takes 5 GB.
A data set whose commands a server does not have says so and is skipped. Bitmaps are measured after twelve seconds,
when allocators have given back to the system what was freed on the way.
"""
import random, socket, subprocess, sys, time
from servers import enc, rss, start


def feed(port, gen, batch=2000):
    s = socket.create_connection(('127.0.0.1', port)); f = s.makefile('rb')
    n = 0; buf = []
    def drain(k):
        for _ in range(k):
            l = f.readline()
            if not l: raise ConnectionError('closed the connection')
            if l[:1] == b'-': raise SystemExit(f'error reply: {l!r}')
            if l[:1] == b'$' and int(l[1:]) >= 0: f.read(int(l[1:]) + 2)
    for c in gen:
        buf.append(c); n += 1
        if len(buf) == batch: s.sendall(b''.join(buf)); drain(batch); buf = []
    if buf: s.sendall(b''.join(buf)); drain(len(buf))
    s.close(); return n

def sets(scale, include_sparse):
    R = random.Random
    N = int(1_000_000 * scale)
    def strings(vlen):
        for i in range(N * 2): yield enc('SET', f'user:{i:010d}', b'v' * vlen)
    def ints():
        for i in range(N * 2): yield enc('SET', f'cnt:{i:010d}', i * 7)
    def ttl():
        for i in range(N): yield enc('SET', f'sess:{i:010d}', b'v' * 32, 'EX', 86400)
    def zset():
        r = R(1)
        for i in range(N): yield enc('ZADD', 'board', r.randrange(10**9), f'player:{i:08d}')
    def hbig():
        for i in range(N): yield enc('HSET', 'bighash', f'field:{i:08d}', b'v' * 16)
    def hsmall():
        for i in range(N // 10): yield enc('HSET', f'u:{i:08d}', *[x for j in range(8) for x in (f'field{j}', f'value{j}{i}')])
    def sbig():
        for i in range(N): yield enc('SADD', 'bigset', f'member:{i:08d}')
    def sint():
        r = R(2)
        for i in range(N): yield enc('SADD', 'intset', r.randrange(10**9))
    def lst():
        for i in range(N): yield enc('RPUSH', 'biglist', b'v' * 24)
    def dau():   # 2M active users drawn from 10M ids
        r = R(3)
        for i in range(N * 2): yield enc('SETBIT', 'dau:dense', r.randrange(10_000_000), 1)
    def active():  # 2M of 10M ids: a day, SETBIT by SETBIT, and its union with 6 and with 29 more, which go then
        r = R(3); ids = 10_000_000; some = lambda: r.getrandbits(ids) & r.getrandbits(ids) & (r.getrandbits(ids) | r.getrandbits(ids))
        for i in r.sample(range(ids), N * 2): yield enc('SETBIT', 'day', i, 1)
        for union in ('week', 'month'): yield enc('BITOP', 'OR', union, 'day')
        for d in range(29):
            data = some().to_bytes(ids // 8, 'big')
            for i in range(0, len(data), 65536): yield enc('SETRANGE', 'other', i, data[i:i + 65536])
            for union in ('week', 'month')[d >= 6:]: yield enc('BITOP', 'OR', union, union, 'other')
            yield enc('DEL', 'other')
    def sparse(users):  # so many a day in a 4G id space, 10 days
        r = R(4)
        for d in range(10):
            for i in range(int(users * scale)): yield enc('SETBIT', f'dau:sparse:{d}', r.randrange(4_000_000_000), 1)
    def hll(keys, each):
        for i in range(int(keys * each * scale)): yield enc('PFADD', f'hll:{i % keys}', f'u{i}')
    def hdense():
        for k in range(100):
            for i in range(0, N // 100, 500): yield enc('PFADD', f'hll:{k}', *(f'{k}:{j}' for j in range(i, i + 500)))
    def geo():
        r = R(5)
        for i in range(N): yield enc('GEOADD', 'shops', f'{r.uniform(-180, 180):.6f}', f'{r.uniform(-85, 85):.6f}', f'shop:{i:010d}')
    both = [('bitmap sparse 2k a day (MB total)', lambda: sparse(2000), 2), ('bitmap sparse 20k a day (MB total)', lambda: sparse(20_000), 2)]
    return [('string 15B key 32B val', lambda: strings(32), 72), ('string 15B key int val', ints, 44), ('string 32B val + TTL', ttl, 90),
            ('zset 1 key', zset, 62), ('hash 1 key', hbig, 56), ('hash 8 fields (per hash)', hsmall, 257), ('set strings 1 key', sbig, 40),
            ('set ints 1 key', sint, 16), ('list 24B', lst, 26), ('bitmap dense (MB total)', dau, None),
            ('bitmaps day, week, month (MB total)', active, 5), ('hll 1000 keys (per add)', lambda: hll(1000, 100), None),
            ('hll 10k keys (per add)', lambda: hll(10_000, 100), None), ('hll 100 dense keys (MB total)', hdense, None),
            ('geo 1 key', geo, None)] + (both if include_sparse else [])

def main():
    a = sys.argv[1:]; scale = 1.0; only = None; include_sparse = False
    while a and a[0].startswith('--'):
        if a[0] == '--scale': scale = float(a[1]); a = a[2:]
        elif a[0] == '--only': only = a[1]; a = a[2:]
        elif a[0] == '--sparse': include_sparse = True; a = a[1:]
        else: raise SystemExit('unknown ' + a[0])
    servers = [x.split('=', 1) for x in a]
    print(f'{"data set":36}' + ''.join(f'{n:>24}' for n, _ in servers) + '   (bytes/element, ratio, load s; goal)')
    for name, gen, goal in sets(scale, include_sparse):
        if only and only not in name: continue
        row = []; base = None
        for n, cmd in servers:
            p, port = start(cmd)
            try:
                time.sleep(0.2); m0 = rss(p.pid); t = time.time()
                k = feed(port, gen()); t = time.time() - t; time.sleep(12 if 'bitmap' in name else 1)
                if p.poll() is not None: raise ConnectionError('ended')
                m = rss(p.pid) - m0
                base = base or m
                row.append((f'{m/1e6:.1f} MB' if 'MB total' in name else f'{m/k:.1f}') + f' {m/base:.2f} {t:.1f}')
            except SystemExit as e: row.append('failed: ' + str(e)[:24])
            except (OSError, ValueError) as e:  # the connection, or its end in the middle of a reply
                try: status = p.wait(1)
                except subprocess.TimeoutExpired: row.append('failed: ' + str(e)[:24])
                else: raise SystemExit(f'{n} ended with status {status} while loading {name}')
            finally: p.kill(); p.wait()
        print(f'{name:36}' + ''.join(f'{c:>24}' for c in row) + (f'   goal {goal}' if goal else ''), flush=True)
main()

#!/usr/bin/env python3
"""What very large collections cost the other clients, and what a full reply of one takes.

    tools/build release spinel-server
    tests/bench/large.py redis='redis-server --port {port} --save ""' spinel='build/release/spinel-server --port {port}'

usage: large.py [--elements N] NAME=COMMAND ...   ({port} in COMMAND is replaced)

For a hash, list, set and sorted set of N elements (10 million): the longest time that another client waited for the
answer to PING while the key was removed by UNLINK, by expiry (with lazyfree-lazy-expire) and by FLUSHALL ASYNC, beside
the longest wait of an equally long time in which nothing was removed. Then, for a tenth of the elements, the seconds
and the growth of the resident set that HGETALL, LRANGE, SMEMBERS and ZRANGE of all of them take, with a reader that
reads at once, and whether the client-output-buffer-limit is kept when one does not read.
"""
import socket, sys, threading, time
from servers import enc, rss, start

class Client:
    def __init__(self, port):
        self.s = socket.create_connection(('127.0.0.1', port)); self.f = self.s.makefile('rb', 1 << 20)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    def call(self, *a):
        """The answer of a command that has one line."""
        self.s.sendall(enc(*a)); line = self.f.readline()
        if line[:1] == b'-' or not line: raise SystemExit(f'{a[:2]}: {line!r}')
        if line[:1] == b'$' and int(line[1:]) >= 0: return self.f.read(int(line[1:]) + 2)[:-2]
        return line[1:-2]
    def reply_lines(self, *a):
        """Reads an array reply and returns the number of its elements."""
        self.s.sendall(enc(*a)); n = int(self.f.readline()[1:])
        for _ in range(n): self.f.read(int(self.f.readline()[1:]) + 2)
        return n
    def close(self): self.s.close(); self.f.close()

ADD = {  # type: (command, arguments of element i)
    'hash': ('HSET', lambda i: (b'field:%08d' % i, b'vvvvvvvvvvvvvvvv')),
    'list': ('RPUSH', lambda i: (b'vvvvvvvvvvvvvvvv%08d' % i,)),
    'set': ('SADD', lambda i: (b'member:%08d' % i,)),
    'zset': ('ZADD', lambda i: (b'%d' % (i * 7919 % 1000003), b'player:%08d' % i)),
}
READ = {'hash': ('HGETALL', 'k'), 'list': ('LRANGE', 'k', '0', '-1'), 'set': ('SMEMBERS', 'k'),
        'zset': ('ZRANGE', 'k', '0', '-1', 'WITHSCORES')}

def fill(c, kind, n, batch=500):
    command, element = ADD[kind]
    pending = 0
    for i in range(0, n, batch):
        c.s.sendall(enc(command, 'k', *(x for j in range(i, min(n, i + batch)) for x in element(j))))
        pending += 1
        if pending == 20:
            for _ in range(pending): c.f.readline()
            pending = 0
    for _ in range(pending): c.f.readline()

class Pinger(threading.Thread):
    """The longest that a PING waits, until it is told to stop."""
    def __init__(self, port):
        super().__init__(); self.c = Client(port); self.stop = False; self.longest = 0; self.start()
    def run(self):
        while not self.stop:
            t = time.perf_counter(); self.c.call('PING'); self.longest = max(self.longest, time.perf_counter() - t)
            time.sleep(0.0002)
        self.c.close()
    def ms(self):
        self.stop = True; self.join(); return self.longest * 1000

def gone(c):
    while True:
        info = c.call('INFO', 'memory').decode()
        if 'lazyfree_pending_objects:0' in info and c.call('DBSIZE') == b'0': return
        time.sleep(0.01)

def pauses(cmd, n):
    p, port = start(cmd)
    try:
        c = Client(port); c.call('CONFIG', 'SET', 'lazyfree-lazy-expire', 'yes')
        for kind in ADD:
            row = []
            for how in ('unlink', 'expire', 'flush'):
                fill(c, kind, n)
                quiet = Pinger(port); time.sleep(1); idle = quiet.ms()
                pinger = Pinger(port); time.sleep(0.2); t = time.perf_counter()
                if how == 'unlink': c.call('UNLINK', 'k')
                elif how == 'expire': c.call('PEXPIRE', 'k', '1')
                else: c.call('FLUSHALL', 'ASYNC')
                gone(c); took = time.perf_counter() - t; row.append((how, pinger.ms(), idle, took))
            yield kind, row
    finally:
        p.terminate(); p.wait()

def replies(cmd, n):
    for kind in ADD:
        p, port = start(cmd)
        try:
            c = Client(port); fill(c, kind, n); before = rss(p.pid); t = time.perf_counter()
            elements = c.reply_lines(*READ[kind]); seconds = time.perf_counter() - t
            peak = (rss(p.pid, 'VmHWM') - before) / 1e6
            # One that does not read, under a hard limit: it must be disconnected, and memory stay near the limit.
            c.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 8388608 0 0')
            idle = Client(port); name = idle.call('CLIENT', 'ID').decode(); before = rss(p.pid)
            idle.s.sendall(enc(*READ[kind]))
            deadline = time.perf_counter() + 60
            while True:
                c.s.sendall(enc('CLIENT', 'LIST')); size = int(c.f.readline()[1:]); text = c.f.read(size + 2).decode()
                if f'id={name} ' not in text: break
                if time.perf_counter() > deadline: raise SystemExit('a client over its limit is still connected')
                time.sleep(0.01)
            yield kind, elements, seconds, peak, (rss(p.pid) - before) / 1e6
        finally:
            p.terminate(); p.wait()

def main(args):
    n = 10_000_000
    if '--elements' in args: i = args.index('--elements'); n = int(args[i + 1]); del args[i:i + 2]
    if not args or any('=' not in a for a in args): raise SystemExit(__doc__)
    for name, cmd in (a.split('=', 1) for a in args):
        print(f'{name}: longest wait of another client while {n:,} elements are removed, in ms (while nothing is), seconds until freed')
        for kind, row in pauses(cmd, n):
            print(f'  {kind:6}' + '   '.join(f'{how} {ms:7.1f} ({idle:4.1f}) {took:5.2f} s' for how, ms, idle, took in row), flush=True)
        print(f'{name}: reply of {n // 10:,} elements: seconds, growth of the resident set in MB; growth when a client with a limit of 8 MiB does not read')
        for kind, elements, seconds, peak, kept in replies(cmd, n // 10):
            print(f'  {kind:6} {elements:9,} lines {seconds:6.2f} s {peak:8.1f} MB   {kept:6.1f} MB', flush=True)

main(sys.argv[1:])

#!/usr/bin/env python3
"""What replicas cost a master, of several servers in one run.

    tests/bench/replication.py redis='redis-server --port {port} --save ""' spinel='build/release/spinel-server --port {port} --save ""'

usage: replication.py [--rounds N] [--mb N] [--replica COMMAND] NAME=COMMAND ...   ({port} in COMMAND is replaced)

Masters are pinned to core 0, all else to core 1. Replicas are redis-server unless --replica says otherwise.
First: SET of 32 bytes at depth 100 by redis-benchmark with no, one and three replicas; median CPU microseconds of the
master per command until all replicas have everything, its ratio to the first server named, and the most that INFO's
mem_total_replication_buffers showed. Then a full copy of --mb megabytes (200 bytes a key, not compressed) to a client
that only reads: seconds, and the longest time that another client waited for PING meanwhile.
"""
import os, socket, statistics, subprocess, sys, tempfile, threading, time
from servers import cpu, enc, options, start

N = 1_000_000
DIRECTORY = tempfile.TemporaryDirectory()  # snapshots of one measurement must not be found by the next
OPTIONS = ' --repl-diskless-sync-delay 0 --rdbcompression no --enable-debug-command yes --client-output-buffer-limit "replica 0 0 0"' + f' --dir {DIRECTORY.name}'

class Client:
    def __init__(self, port): self.s = socket.create_connection(('127.0.0.1', port)); self.f = self.s.makefile('rb')
    def run(self, *words):
        self.s.sendall(enc(*words)); line = self.f.readline().strip()
        return self.f.read(int(line[1:]) + 2)[:-2].decode() if line[:1] == b'$' else line[1:].decode()
    def info(self, field):
        return next((l.split(':')[1] for l in self.run('INFO').split('\r\n') if l.startswith(field + ':')), '')

def follow(command, port, count):
    replicas = [start(f'{command} --dir {tempfile.mkdtemp(dir=DIRECTORY.name)}', ['taskset', '-c', '1']) for _ in range(count)]
    for _, own in replicas: Client(own).run('REPLICAOF', '127.0.0.1', port)
    return replicas

def stream(command, replica, count):
    p, port = start(command + OPTIONS, ['taskset', '-c', '0']); replicas = []
    try:
        replicas = follow(replica, port, count); c = Client(port)
        while c.run('INFO', 'replication').count('state=online') < count: time.sleep(0.05)
        time.sleep(1.5)  # the first acknowledgements
        before, most, over = cpu(p.pid), 0, threading.Event()
        def watch():
            nonlocal most; w = Client(port)
            while not over.wait(0.1): most = max(most, int(w.info('mem_total_replication_buffers') or 0))
        watcher = threading.Thread(target=watch); watcher.start()
        subprocess.run(['taskset', '-c', '1', 'redis-benchmark', '-p', str(port), '-n', str(N), '-c', '50', '-P', '100', '-r', '100000',
                        '-d', '32', '-t', 'set', '-q'], stdout=subprocess.DEVNULL, check=True)
        c.run('SET', 'last', '1'); c.run('WAIT', count, 60000); over.set(); watcher.join()
        return (cpu(p.pid) - before) / N * 1e6, most
    finally:
        for one, _ in [*replicas, (p, 0)]: one.kill(); one.wait()

def full_copy(command, mb):
    p, port = start(command + OPTIONS, ['taskset', '-c', '0'])
    try:
        c = Client(port); c.run('DEBUG', 'POPULATE', mb * 1000000 // 216, 'key', 200)
        worst, over = 0.0, threading.Event()
        def ping():
            nonlocal worst; w = Client(port)
            while not over.is_set(): began = time.perf_counter(); w.run('PING'); worst = max(worst, time.perf_counter() - began)
        pinging = threading.Thread(target=ping); pinging.start()
        s = socket.create_connection(('127.0.0.1', port)); s.sendall(enc('REPLCONF', 'capa', 'eof')); s.recv(100)
        began = time.perf_counter(); s.sendall(enc('PSYNC', '?', '-1')); head = b''
        while b'$EOF:' not in head or len(head.split(b'$EOF:')[1]) < 42: head += s.recv(1 << 16)
        mark = head.split(b'$EOF:')[1][:40]; buffer = bytearray(1 << 20); tail, total = b'', 0
        while not tail.endswith(mark):
            got = s.recv_into(buffer)
            if got == 0: raise SystemExit('the copy ended early')
            total += got; tail = (tail + bytes(buffer[max(0, got - 40):got]))[-40:]
        took = time.perf_counter() - began; over.set(); pinging.join()
        return took, worst, total / 1e6
    finally: p.kill(); p.wait()

def main(args):
    rounds, mb, replica, servers = options(args, __doc__, rounds=3, mb=500, replica='redis-server --port {port} --save ""')
    os.sched_setaffinity(0, {1})
    for count, goal in ((0, ''), (1, '   goal 0.35'), (3, '   goal 0.35')):
        runs = {server: [] for server, _ in servers}
        for _ in range(rounds):
            for server, cmd in servers: runs[server].append(stream(cmd, replica, count))
        us = {server: statistics.median(r[0] for r in values) for server, values in runs.items()}
        most = {server: statistics.median(r[1] for r in values) for server, values in runs.items()}
        first = us[servers[0][0]]
        print(f'SET, {count} replicas  ' + '   '.join(f'{s} {us[s]:6.3f} us ({us[s] / first:5.3f}), {most[s] / 1e6:6.2f} MB' for s in us) + goal, flush=True)
    runs = {server: [] for server, _ in servers}
    for _ in range(rounds):
        for server, cmd in servers: runs[server].append(full_copy(cmd, mb))
    median = {s: [statistics.median(r[i] for r in runs[s]) for i in range(3)] for s in runs}; first = median[servers[0][0]][0]
    print('full copy         ' + '   '.join(f'{s} {took:6.2f} s ({took / first:5.3f}) of {size:.0f} MB, longest PING {worst * 1000:.1f} ms'
                                            for s, (took, worst, size) in median.items()), flush=True)

main(sys.argv[1:])

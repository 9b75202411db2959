#!/usr/bin/env python3
"""Server CPU that PUBLISH takes per delivered message, of several servers in one run.

    tests/bench/pubsub.py redis='redis-server --port {port} --save ""' spinel='build/release/spinel-server --port {port}'

usage: pubsub.py [--rounds N] NAME=COMMAND ...   ({port} in COMMAND is replaced)

Each server is pinned to core 0; redis-benchmark publishes 32 bytes from core 1 on 50 connections at depth 16, and
subscribers read there. A row per workload: the median of CPU microseconds per delivered message, its ratio to the first
server named, and the goal for that ratio.
"""
import os, select, socket, statistics, subprocess, sys, threading
from servers import cpu, enc, options, start

CHANNEL, TEXT = 'news', 'x' * 32
WORK = [  # name, subscribers, patterns that match nothing, messages, goal
    ('50 subscribers', 50, 0, 48_000, 0.5),
    ('1 subscriber, 10,000 idle patterns', 1, 10_000, 4_000, 0.1),
    ('no subscriber', 0, 0, 400_000, None),
]

def subscribe(port, command, names):
    s = socket.create_connection(('127.0.0.1', port)); confirmed = 0
    for i in range(0, len(names), 100):
        s.sendall(enc(command, *names[i:i + 100])); wanted = confirmed + len(names[i:i + 100])
        while confirmed < wanted: confirmed += s.recv(1 << 16).count(b'subscribe\r\n')
    return s

class Drain(threading.Thread):
    """Reads what arrives until so many bytes have, in all."""
    def __init__(self, sockets, bytes_due):
        super().__init__(daemon=True); self.sockets, self.due = sockets, bytes_due; self.start()
    def run(self):
        poll = select.epoll(); by_fd = {s.fileno(): s for s in self.sockets}
        for fd in by_fd: poll.register(fd, select.EPOLLIN)
        while self.due > 0:
            for fd, _ in poll.poll(): self.due -= len(by_fd[fd].recv(1 << 18))

def measure(cmd, subscribers, patterns, messages):
    p, port = start(cmd, ['taskset', '-c', '0'])
    try:
        readers = [subscribe(port, 'SUBSCRIBE', [CHANNEL]) for _ in range(subscribers)]
        idle = subscribe(port, 'PSUBSCRIBE', [f'user:{i}:*' for i in range(patterns)]) if patterns else None
        os.sched_setaffinity(0, {1}); before = cpu(p.pid)
        drain = Drain(readers, subscribers * messages * len(enc('message', CHANNEL, TEXT)))
        subprocess.run(['redis-benchmark', '-p', str(port), '-n', str(messages), '-c', '50', '-P', '16', '-q',
                        'PUBLISH', CHANNEL, TEXT], stdout=subprocess.DEVNULL, check=True)
        drain.join(60)
        if drain.is_alive(): raise SystemExit('messages are missing')
        took = cpu(p.pid) - before
        for s in readers + [idle] * bool(idle): s.close()
        return took / messages / max(subscribers, 1) * 1e6
    finally:
        p.terminate(); p.wait()

def main(args):
    rounds, servers = options(args, __doc__, rounds=3)
    for name, subscribers, patterns, messages, goal in WORK:
        took = {server: [] for server, _ in servers}
        for _ in range(rounds):
            for server, cmd in servers: took[server].append(measure(cmd, subscribers, patterns, messages))
        us = {server: statistics.median(values) for server, values in took.items()}
        first = us[servers[0][0]]
        print(f'{name:36}' + '   '.join(f'{server} {value:8.3f} us ({value / first:5.3f})' for server, value in us.items())
              + (f'   goal {goal}' if goal else ''), flush=True)

main(sys.argv[1:])

#!/usr/bin/env python3
"""What durability costs: snapshots, loading, and append-only files, of several servers in one run on one disk.

    tools/build release spinel-server
    tests/bench/durability.py redis='redis-server --port {port} --dir {dir}' spinel='build/release/spinel-server --port {port} --dir {dir}'

usage: durability.py [--only PART,...] [--scale FRACTION] [--rounds N] [--dir DIRECTORY] [--fsync-ms MS] NAME=COMMAND ...

{port} and {dir} in COMMAND are replaced; options of each part follow. Ratios are to the first server named. PARTs:
  snapshot  SAVE, and start until the data are loaded: 3M strings of 64 bytes, a sorted set and a hash of 1M; best of N
  replay    start with an append-only file of 5M mixed commands, until it is loaded; best of N
  everysec  SET of 50 clients at depth 16: throughput with appendfsync everysec against none, as a fraction; best of N
  always    SET of 50 clients at depth 1 with appendfsync always; best of N
  readers   GET of 42 clients beside 8 that SET with appendfsync always; best of N
  bgsave    BGSAVE of 2 GB under writes: the longest time that PING took, beside that before, and memory copied
--fsync-ms makes each fsync take that much longer for all servers, as on a disk that does not cache writes: without it the
parts of `always` measure how fast this disk happens to be. --scale makes data sets smaller, to try the script. Data are in a temporary directory of DIRECTORY.
"""
import os, random, shutil, socket, subprocess, sys, tempfile, threading, time
from servers import enc, rss, start

GOAL = {'snapshot save': 'at most 0.40', 'snapshot load': 'at most 0.45', 'replay': 'at most 0.50', 'everysec': 'at least 0.85',
        'always': 'at least 1.00', 'readers': 'at least 5.00'}

class Client:
    def __init__(self, port):
        self.s = socket.create_connection(('127.0.0.1', port)); self.f = self.s.makefile('rb', 1 << 20)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    def reply(self):
        line = self.f.readline()
        if not line: raise SystemExit('the server closed the connection')
        if line[:1] == b'$' and int(line[1:]) >= 0: return self.f.read(int(line[1:]) + 2)[:-2]
        return line[:-2]
    def ask(self, *command):
        self.s.sendall(enc(*command)); return self.reply()
    def call(self, *command):
        answer = self.ask(*command)
        if answer[:1] == b'-': raise SystemExit(f'{command}: {answer}')
        return answer
    def fill(self, batches):
        """Sends batches of requests with replies of one line each, and reads replies meanwhile."""
        counts = []; done = threading.Event()
        def read():
            seen = 0
            while not done.is_set() or seen < sum(counts):
                line = self.f.readline()
                if not line or line[:1] == b'-': raise SystemExit(f'a request failed: {line}')
                seen += 1
        reader = None
        for requests, replies in batches:
            counts.append(replies); self.s.sendall(requests)
            if reader is None: reader = threading.Thread(target=read); reader.start()
        counts.append(1); done.set(); self.s.sendall(enc('PING')); reader.join()
    def info(self, section):
        return dict(l.split(':', 1) for l in self.call('INFO', section).decode().split('\r\n') if ':' in l)
    def close(self): self.f.close(); self.s.close()

class Server:
    """A running server. `options` follow the command."""
    def __init__(self, command, directory, options='', before=()):
        begin = time.perf_counter()
        self.process, self.port = start(command.replace('{dir}', directory) + ' ' + options, before)
        self.client = Client(self.port)
        while self.client.ask('PING') != b'+PONG': time.sleep(0.002)
        self.seconds_to_start = time.perf_counter() - begin
    def __enter__(self): return self
    def __exit__(self, *_): self.client.close(); self.process.kill(); self.process.wait()

def text(pool, i, size): at = i * 37 % (len(pool) - size); return pool[at:at + size]

def data_sets(scale):
    pool = random.Random(3).randbytes(1 << 16).hex().encode()
    def strings(i): return b'*3\r\n$3\r\nSET\r\n$11\r\nkey:%07d\r\n$64\r\n%s\r\n' % (i, text(pool, i, 64))
    def zset(i): score = b'%d' % (i * 7919 % 1000003); return b'*4\r\n$4\r\nZADD\r\n$1\r\nz\r\n$%d\r\n%s\r\n$14\r\nplayer:%07d\r\n' % (len(score), score, i)
    def hash_(i): return b'*4\r\n$4\r\nHSET\r\n$1\r\nh\r\n$13\r\nfield:%07d\r\n$16\r\n%s\r\n' % (i, text(pool, i, 16))
    return {'strings': (strings, int(3e6 * scale)), 'zset': (zset, int(1e6 * scale)), 'hash': (hash_, int(1e6 * scale))}

def batches(make, count, size=5000):
    for i in range(0, count, size):
        n = min(size, count - i); yield b''.join(make(j) for j in range(i, i + n)), n

def show(what, goal, names, values, unit, better):
    """A row. The ratio is that of a server to the first one."""
    first = values[names[0]]
    row = '   '.join(f'{n} {values[n]:10.3f} {unit} ({values[n] / first:5.2f})' for n in names)
    print(f'{what:18} {row}   {better}' + (f'; goal {GOAL[goal]}' if goal in GOAL else ''), flush=True)

def snapshot(servers, directory, scale, rounds):
    names = [n for n, _ in servers]
    for kind, (make, count) in data_sets(scale).items():
        save = {}; load = {}
        for _ in range(rounds):
            for name, command in servers:
                place = os.path.join(directory, name); os.makedirs(place, exist_ok=True)
                if not os.path.exists(place + '/dump.rdb'):
                    with Server(command, place, '--save ""') as s: s.client.fill(batches(make, count)); s.client.call('SAVE')
                with Server(command, place, '--save ""') as s:
                    load[name] = min(load.get(name, 1e9), s.seconds_to_start)
                    t = time.perf_counter(); s.client.call('SAVE'); save[name] = min(save.get(name, 1e9), time.perf_counter() - t)
        show(f'save {kind}', 'snapshot save', names, save, 's', 'less is better'); show(f'load {kind}', 'snapshot load', names, load, 's', 'less is better')
        for name in names: shutil.rmtree(os.path.join(directory, name))

def write_commands(path, count):
    r = random.Random(11); pool = random.Random(3).randbytes(1 << 16).hex().encode(); keys = max(count // 5, 1)
    kinds = [lambda k, i: enc('SET', b'key:%d' % k, text(pool, i, 32)), lambda k, i: enc('SET', b'key:%d' % k, text(pool, i, 32)),
             lambda k, i: enc('INCR', b'n:%d' % k), lambda k, i: enc('INCR', b'n:%d' % k),
             lambda k, i: enc('HSET', b'h:%d' % (k % 1000), b'f:%d' % k, text(pool, i, 16)), lambda k, i: enc('ZADD', 'z', k * 7 % 1000003, b'm:%d' % k),
             lambda k, i: enc('SADD', b's:%d' % (k % 100), b'm:%d' % k), lambda k, i: enc('RPUSH', b'l:%d' % (k % 1000), text(pool, i, 24)),
             lambda k, i: enc('PEXPIREAT', b'key:%d' % k, 4102444800000), lambda k, i: enc('DEL', b'n:%d' % k)]
    with open(path, 'wb') as f:
        f.write(enc('SELECT', 0))
        for i in range(count): f.write(kinds[r.randrange(len(kinds))](r.randrange(keys), i))

def replay(servers, directory, scale, rounds):
    made = os.path.join(directory, 'commands'); write_commands(made, int(5e6 * scale)); best = {}; sizes = {}
    for _ in range(rounds):
        for name, command in servers:
            place = os.path.join(directory, name); os.makedirs(place + '/appendonlydir')
            os.link(made, place + '/appendonlydir/appendonly.aof.1.incr.aof')
            with open(place + '/appendonlydir/appendonly.aof.manifest', 'w') as f: f.write('file appendonly.aof.1.incr.aof seq 1 type i\n')
            with Server(command, place, '--appendonly yes --save "" --auto-aof-rewrite-percentage 0') as s:
                best[name] = min(best.get(name, 1e9), s.seconds_to_start); sizes[name] = s.client.call('DBSIZE')
            shutil.rmtree(place)
    os.remove(made)
    if len(set(sizes.values())) != 1: raise SystemExit(f'the servers loaded different data: {sizes}')
    show('replay', 'replay', [n for n, _ in servers], best, 's', 'less is better')

def benchmark(port, *options, core=None):
    """Requests per second of redis-benchmark."""
    pin = ['taskset', '-c', str(core)] if core is not None else []
    out = subprocess.run([*pin, 'redis-benchmark', '-p', str(port), '--csv', *map(str, options)], capture_output=True, text=True).stdout
    return float(out.strip().splitlines()[-1].split('","')[1].strip('"'))

def throughput(server, directory, options, run, before=()):
    name, command = server; place = os.path.join(directory, name); os.makedirs(place)
    with Server(command, place, options + ' --save "" --auto-aof-rewrite-percentage 0', before) as s: result = run(s.port)
    shutil.rmtree(place); return result

def everysec(servers, directory, scale, rounds):
    n = int(2e6 * scale); best = {}
    run = lambda port: benchmark(port, '-t', 'set', '-n', n, '-r', 1000000, '-d', 32, '-c', 50, '-P', 16, core=1)
    for _ in range(rounds):
        for server in servers:
            for policy, options in (('none', '--appendonly no'), ('everysec', '--appendonly yes --appendfsync everysec')):
                rate = throughput(server, directory, options, run, ('taskset', '-c', '0'))
                best[server[0], policy] = max(best.get((server[0], policy), 0), rate)
    print(f'{"everysec":18} ' + '   '.join(f'{name} {best[name, "everysec"] / 1e3:.0f} of {best[name, "none"] / 1e3:.0f} k/s '
          f'({best[name, "everysec"] / best[name, "none"]:.2f})' for name, _ in servers) + f'   fraction that is left; goal {GOAL["everysec"]}', flush=True)

def always(servers, directory, scale, rounds):
    best = {}
    for _ in range(rounds):
        for server in servers:
            rate = throughput(server, directory, '--appendonly yes --appendfsync always',
                              lambda port: benchmark(port, '-t', 'set', '-n', int(100_000 * scale), '-r', 100000, '-d', 32, '-c', 50))
            best[server[0]] = max(best.get(server[0], 0), rate / 1e3)
    show('always: SET', 'always', [n for n, _ in servers], best, 'k/s', 'more is better')

def readers(servers, directory, scale, rounds):
    def run(port):
        writers = subprocess.Popen(['redis-benchmark', '-p', str(port), '-l', '-t', 'set', '-n', '1000000', '-r', '100000', '-d', '32', '-c', '8'],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(0.3); read = lambda n: benchmark(port, '-t', 'get', '-n', n, '-r', 100000, '-c', 42)
            rate = read(5000); return read(max(5000, int(rate * 5 * scale)))  # five seconds
        finally: writers.kill(); writers.wait()
    best = {}
    for _ in range(rounds):
        for server in servers:
            rate = throughput(server, directory, '--appendonly yes --appendfsync always', run)
            best[server[0]] = max(best.get(server[0], 0), rate / 1e3)
    show('GET beside SET', 'readers', [n for n, _ in servers], best, 'k/s', 'more is better')

class Pinger(threading.Thread):
    """The longest that a PING waits, until it is asked."""
    def __init__(self, port):
        super().__init__(); self.c = Client(port); self.stop = False; self.longest = 0; self.start()
    def run(self):
        while not self.stop:
            t = time.perf_counter(); self.c.call('PING'); self.longest = max(self.longest, time.perf_counter() - t); time.sleep(0.0005)
        self.c.close()
    def ms(self): self.stop = True; self.join(); return self.longest * 1000

def bgsave(servers, directory, scale, _):
    keys = int(2e6 * scale)
    for name, command in servers:
        place = os.path.join(directory, name); os.makedirs(place)
        with Server(command, place, '--save "" --enable-debug-command yes') as s:
            s.client.call('DEBUG', 'POPULATE', keys, 'key', 1000); resident = rss(s.process.pid)
            # A process of its own writes values of the same size to random keys.
            writer = subprocess.Popen([sys.executable, os.path.abspath(__file__), '--write', str(s.port), str(keys)])
            try:
                time.sleep(1); quiet = Pinger(s.port); time.sleep(5 * scale); idle = quiet.ms()
                pinger = Pinger(s.port); began = time.perf_counter(); s.client.call('BGSAVE'); lowest = free = available()
                while s.client.info('persistence')['rdb_bgsave_in_progress'] == '1': lowest = min(lowest, available()); time.sleep(0.05)
                took = time.perf_counter() - began; longest = pinger.ms()
            finally: writer.kill(); writer.wait()
            info = s.client.info('persistence'); fork = int(s.client.info('stats')['latest_fork_usec']) / 1000
            if info['rdb_last_bgsave_status'] != 'ok': raise SystemExit(f'{name}: BGSAVE failed')
            print(f'{"BGSAVE under SET":18} {name}: data {resident / 1e6:.0f} MB, {took:.1f} s, longest PING {longest:.1f} ms (before: {idle:.1f}), fork {fork:.1f} ms, '
                  f'copied {int(info["rdb_last_cow_size"]) / 1e6:.0f} MB, free memory fell by {(free - lowest) / 1e6:.0f} MB', flush=True)
        shutil.rmtree(place)

def available():
    for l in open('/proc/meminfo'):
        if l.startswith('MemAvailable'): return int(l.split()[1]) * 1024

def write_for_ever(port, keys):
    c = Client(port); r = random.Random(1); value = b'v' * 1000
    while True:
        c.s.sendall(b''.join(enc('SET', b'key:%d' % r.randrange(keys), value) for _ in range(20)))
        for _ in range(20): c.f.readline()
        time.sleep(0.001)

def slow_down(servers, ms):
    library = os.path.join(tempfile.gettempdir(), 'spinel_slow_fsync.so')
    subprocess.run(['cc', '-O2', '-shared', '-fPIC', '-o', library, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'slow_fsync.c'), '-ldl'], check=True)
    return [(name, f'env LD_PRELOAD={library} FSYNC_MS={ms} {command}') for name, command in servers]

PARTS = {'snapshot': snapshot, 'replay': replay, 'everysec': everysec, 'always': always, 'readers': readers, 'bgsave': bgsave}

def main(args):
    if args[:1] == ['--write']: return write_for_ever(int(args[1]), int(args[2]))
    option = {'--only': ','.join(PARTS), '--scale': '1', '--rounds': '3', '--dir': tempfile.gettempdir(), '--fsync-ms': '0'}
    while args and args[0] in option: option[args[0]] = args[1]; del args[:2]
    parts = option['--only'].split(',')
    if not args or any('=' not in a for a in args) or any(p not in PARTS for p in parts): raise SystemExit(__doc__)
    servers = [tuple(a.split('=', 1)) for a in args]
    if float(option['--fsync-ms']) > 0: servers = slow_down(servers, option['--fsync-ms'])
    for part in parts:
        with tempfile.TemporaryDirectory(dir=option['--dir']) as directory:
            PARTS[part](servers, directory, float(option['--scale']), int(option['--rounds']))

main(sys.argv[1:])

"""What the measuring scripts share: starting a server, its memory, requests as bytes."""
import os, shlex, socket, subprocess, time

def rss(pid, field='VmRSS'):
    for l in open(f'/proc/{pid}/status'):
        if l.startswith(field): return int(l.split()[1]) * 1024

def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0)); return s.getsockname()[1]

def start(cmd, before=()):
    """A server and its port, once it answers. `before` are words to run its command by."""
    port = free_port()
    p = subprocess.Popen([*before, *shlex.split(cmd.replace('{port}', str(port)))],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(2000):
        if p.poll() is not None: raise SystemExit(f'ended with status {p.returncode} at its start: {cmd}')
        try: socket.create_connection(('127.0.0.1', port), 1).close(); return p, port
        except OSError: time.sleep(0.005)
    p.kill(); p.wait()
    raise SystemExit(f'does not answer on port {port}: {cmd}')

def enc(*a):
    a = [x if isinstance(x, bytes) else str(x).encode() for x in a]
    return b'*%d\r\n' % len(a) + b''.join(b'$%d\r\n%s\r\n' % (len(x), x) for x in a)

def cpu(pid):
    """Seconds of CPU that all threads of a process took."""
    return sum(int(open(f'/proc/{pid}/task/{t}/schedstat').read().split()[0]) for t in os.listdir(f'/proc/{pid}/task')) / 1e9

def options(args, doc, **defaults):
    """Values of the options that `defaults` names, taken out of `args`, and then the NAME=COMMAND that are left."""
    for name in list(defaults):
        if f'--{name}' in args:
            i = args.index(f'--{name}')
            defaults[name] = type(defaults[name])(args[i + 1])
            del args[i:i + 2]
    if not args or any('=' not in a for a in args): raise SystemExit(doc)
    return *defaults.values(), [a.split('=', 1) for a in args]

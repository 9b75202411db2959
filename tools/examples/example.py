"""What the examples share: their arguments, a connection, keys of their own, results that are checked."""

import argparse
import sys

import redis


def arguments(documentation, **numbers):
    """The arguments of an example: --host, --port, and one for each of `numbers`, a name with its default and help."""
    parser = argparse.ArgumentParser(description=documentation, allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=6379)
    parser.add_argument("--memory", action="store_true", help="tell on stderr what the data takes")
    for name, (default, explanation) in numbers.items():
        parser.add_argument("--" + name.replace("_", "-"), type=int, default=default, help=f"{explanation} ({default})")
    return parser.parse_args()


class Keys:
    """A connection and a prefix for keys. Whatever starts with it is removed before the with block and after it."""

    def __init__(self, options, prefix, **connection):
        self.client = redis.Redis(options.host, options.port, **connection)
        self.prefix = f"example:{prefix}:"

    def __call__(self, *parts):
        return self.prefix + ":".join(map(str, parts))

    def __enter__(self):
        self.remove()
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        for key in self.client.scan_iter(match=self.prefix + "*", count=1000):
            self.client.unlink(key)


def show(what, actual, expected):
    """Prints a result of the server; ends the program if it is not what plain Python expects."""
    if actual != expected:
        sys.exit(f"wrong: {what}: the server says {actual!r}, expected was {expected!r}")
    print(f"{what}: {actual}")


def require(what, condition):
    if not condition:
        sys.exit(f"wrong: {what}")


def note(text):
    """For what differs from run to run: the standard output has only what does not."""
    print(text, file=sys.stderr)


def batches(items, size):
    """Lists of up to `size` of the items."""
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch

#!/usr/bin/env python3
"""make_rdb.py DIRECTORY: writes RDB files as Redis wrote them in the versions 1 to 12, and Valkey in its version 80, with
all encodings that each has: NAME.rdb, and in NAME.txt what is in it. Shares no code with the server.
"""

import pathlib
import struct
import sys

EXPIRES_S = 2147483000
EXPIRES_MS = 4102444800123
NEVER = -1

# --- bytes


def crc64(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x95AC9329AC4BC9B5 if crc & 1 else 0)
    return crc


def length(value, form=None):
    """The shortest form, or that of 6, 14, 32 or 64 bits."""
    form = form or (6 if value < 64 else 14 if value < 16384 else 32)
    if form == 6:
        return bytes([value])
    if form == 14:
        return bytes([0x40 | value >> 8, value & 0xFF])
    return b"\x80" + struct.pack(">I", value) if form == 32 else b"\x81" + struct.pack(">Q", value)


def string(data, form=None):
    return length(len(data), form) + data


def integer(value):
    for code, kind in ((0xC0, "<b"), (0xC1, "<h"), (0xC2, "<i")):
        if -(1 << 8 * struct.calcsize(kind) - 1) <= value < 1 << 8 * struct.calcsize(kind) - 1:
            return bytes([code]) + struct.pack(kind, value)
    raise ValueError(value)


def lzf(data):
    """Literals, and copies of the byte before."""
    out = bytearray()
    at = 0
    while at < len(data):
        run = 1
        while at + run < len(data) and data[at + run] == data[at]:
            run += 1
        out += bytes([0, data[at]])
        at += 1
        run -= 1
        while run >= 3:
            copied = min(run, 264)
            coded = copied - 2
            out += bytes([coded << 5, 0] if coded < 7 else [7 << 5, coded - 7, 0])
            at += copied
            run -= copied
    return b"\xc3" + length(len(out)) + length(len(data)) + bytes(out)


def text_double(value):
    special = {float("inf"): b"\xfe", float("-inf"): b"\xff"}
    if value in special:
        return special[value]
    text = repr(value).encode()
    return bytes([len(text)]) + text


def as_integer(element):
    try:
        value = int(element)
    except ValueError:
        return None
    return value if str(value).encode() == element and -(1 << 63) <= value < 1 << 63 else None


def fits(value, bits):
    return -(1 << bits - 1) <= value < 1 << bits - 1


# --- packed collections


def ziplist_entry(element, version):
    value = as_integer(element)
    if value is None:
        size = len(element)
        if size < 64:
            return bytes([size]) + element
        if size < 16384:
            return bytes([0x40 | size >> 8, size & 0xFF]) + element
        return b"\x80" + struct.pack(">I", size) + element
    if version >= 6:  # before there were only 16, 32 and 64 bits
        if 0 <= value <= 12:
            return bytes([0xF1 + value])
        if fits(value, 8):
            return b"\xfe" + struct.pack("<b", value)
    if fits(value, 16):
        return b"\xc0" + struct.pack("<h", value)
    if version >= 6 and fits(value, 24):
        return b"\xf0" + struct.pack("<i", value)[:3]
    if fits(value, 32):
        return b"\xd0" + struct.pack("<i", value)
    return b"\xe0" + struct.pack("<q", value)


def ziplist(elements, version):
    body, last, previous = b"", 10, 0
    for element in elements:
        last = 10 + len(body)
        head = bytes([previous]) if previous < 254 else b"\xfe" + struct.pack("<I", previous)
        entry = head + ziplist_entry(element, version)
        previous = len(entry)
        body += entry
    return struct.pack("<IIH", 10 + len(body) + 1, last, len(elements)) + body + b"\xff"


def zipmap(pairs):
    out = bytes([len(pairs)])
    for index, (field, value) in enumerate(pairs):
        free = index % 3
        for part, slack in ((field, None), (value, free)):
            out += bytes([len(part)]) if len(part) < 254 else b"\xfe" + struct.pack("<I", len(part))
            if slack is not None:
                out += bytes([slack])
            out += part
            out += b"?" * (slack or 0)
    return out + b"\xff"


def intset(values):
    values = sorted(values)
    width, kind = next((w, k) for w, k in ((2, "h"), (4, "i"), (8, "q")) if all(fits(v, 8 * w) for v in values))
    return struct.pack("<II", width, len(values)) + b"".join(struct.pack("<" + kind, v) for v in values)


def listpack_entry(element):
    value = as_integer(element)
    if value is None:
        size = len(element)
        if size < 64:
            coded = bytes([0x80 | size]) + element
        elif size < 4096:
            coded = bytes([0xE0 | size >> 8, size & 0xFF]) + element
        else:
            coded = b"\xf0" + struct.pack("<I", size) + element
    elif 0 <= value <= 127:
        coded = bytes([value])
    elif fits(value, 13):
        coded = struct.pack(">H", 0xC000 | value & 0x1FFF)
    elif fits(value, 16):
        coded = b"\xf1" + struct.pack("<h", value)
    elif fits(value, 24):
        coded = b"\xf2" + struct.pack("<i", value)[:3]
    elif fits(value, 32):
        coded = b"\xf3" + struct.pack("<i", value)
    else:
        coded = b"\xf4" + struct.pack("<q", value)
    size = len(coded)
    groups = 1 if size <= 127 else 2 if size < 16383 else 3 if size < 2097151 else 4
    back = [size >> 7 * (groups - 1 - i) & 0x7F | (0x80 if i else 0) for i in range(groups)]
    return coded + bytes(back)


def listpack(elements):
    body = b"".join(listpack_entry(element) for element in elements)
    return struct.pack("<IH", 6 + len(body) + 1, len(elements)) + body + b"\xff"


# --- a file


class File:
    def __init__(self, magic, version):
        self.version = version
        self.bytes = magic
        self.database = 0
        self.pending = NEVER
        self.expected = []

    def add(self, data):
        self.bytes += data

    def select(self, database, keys, expires):
        self.database = database
        self.add(b"\xfe" + length(database))
        if self.version >= 7:
            self.add(b"\xfb" + length(keys) + length(expires))

    def expire_s(self):
        self.add(b"\xfd" + struct.pack("<i", EXPIRES_S))
        self.pending = EXPIRES_S * 1000

    def expire_ms(self):
        self.add(b"\xfc" + struct.pack("<q", EXPIRES_MS))
        self.pending = EXPIRES_MS

    def key(self, type_byte, name, payload, kind, elements):
        self.add(bytes([type_byte]) + string(name) + payload)
        head = b"%d %s %s %d\n" % (self.database, name, kind, self.pending)
        self.expected.append(head + b"".join(element + b"\n" for element in elements))
        self.pending = NEVER

    def string(self, name, value, payload):
        self.key(0, name, payload, b"string", [value])

    def list(self, type_byte, name, payload, elements):
        self.key(type_byte, name, payload, b"list", elements)

    def set(self, type_byte, name, payload, members):
        self.key(type_byte, name, payload, b"set", sorted(members))

    def zset(self, type_byte, name, payload, scores):
        ordered = sorted(scores, key=lambda pair: (pair[1], pair[0]))
        self.key(type_byte, name, payload, b"zset", [member + b"=" + shown(score) for member, score in ordered])

    def hash(self, type_byte, name, payload, fields):
        """Fields are (name, value) or (name, value, Unix milliseconds)."""
        shown_fields = [b"%s=%s@%d" % (f[0], f[1], f[2] if len(f) > 2 else NEVER) for f in fields]
        self.key(type_byte, name, payload, b"hash", sorted(shown_fields))

    def write(self, path):
        self.add(b"\xff")
        if self.version >= 5:
            self.add(struct.pack("<Q", crc64(self.bytes)))
        path.with_suffix(".rdb").write_bytes(self.bytes)
        path.with_suffix(".txt").write_bytes(b"".join(entry + b"\n" for entry in sorted(self.expected)))


def shown(score):
    return repr(score).removesuffix(".0").encode()


# --- contents

LIST = [b"first", b"", b"12", b"13", b"-1", b"127", b"128", b"-32769", b"8388607", b"-8388609", b"2147483648",
        b"-9223372036854775808", b"007", b"x" * 63, b"y" * 64, b"z" * 300, b"w" * 5000, b"last"]
SCORES = [(b"a", 1.0), (b"b", -1.5), (b"c", float("inf")), (b"d", float("-inf")), (b"e", 2.5), (b"17", 1.0)]
FIELDS = [(b"field", b"value"), (b"7", b"-70000"), (b"", b"empty name"), (b"long", b"v" * 300), (b"none", b"")]
SMALL, MEDIUM, WIDE = [3, -1, 300], [1, 70000, -70000], [5, 1 << 40, -(1 << 62)]


def flat(pairs):
    return [part for pair in pairs for part in pair]


def packed_scores():
    return flat([(member, shown(score)) for member, score in sorted(SCORES, key=lambda p: (p[1], p[0]))])


def add_plain(file):
    """What there always was."""
    file.string(b"string", b"hello", string(b"hello"))
    file.string(b"empty", b"", string(b""))
    for value in (7, -300, 70000):
        file.string(b"integer:%d" % value, str(value).encode(), integer(value))
    file.string(b"14 bits", b"m" * 700, string(b"m" * 700))
    file.string(b"32 bits", b"n" * 20000, string(b"n" * 20000))
    file.string(b"long form", b"abc", string(b"abc", 32))
    compressible = b"start" + b"a" * 1000 + b"bcd" + b"e" * 40
    file.string(b"compressed", compressible, lzf(compressible))
    file.expire_s()
    file.string(b"expires in seconds", b"1", integer(1))
    file.list(1, b"list", length(len(LIST)) + b"".join(map(string, LIST)), LIST)
    file.set(2, b"set", length(3) + string(b"a") + integer(5) + string(b""), [b"a", b"5", b""])
    file.zset(3, b"zset", length(len(SCORES)) + b"".join(string(m) + text_double(s) for m, s in SCORES), SCORES)
    file.hash(4, b"hash", length(len(FIELDS)) + b"".join(map(string, flat(FIELDS))), FIELDS)


def add_packed(file):
    version = file.version
    file.hash(9, b"zipmap", string(zipmap(FIELDS)), FIELDS)
    file.list(10, b"ziplist", string(ziplist(LIST, version)), LIST)
    compressible = [b"q" * 2000, b"r"]
    file.list(10, b"compressed ziplist", lzf(ziplist(compressible, version)), compressible)
    for name, values in ((b"small", SMALL), (b"medium", MEDIUM), (b"wide", WIDE)):
        file.set(11, b"intset:" + name, string(intset(values)), [str(v).encode() for v in values])
    file.zset(12, b"ziplist zset", string(ziplist(packed_scores(), version)), SCORES)


def add_quicklists(file):
    file.expire_ms()
    nodes = length(2) + string(ziplist(LIST[:9], file.version)) + string(ziplist(LIST[9:], file.version))
    file.list(14, b"quicklist", nodes, LIST)


def add_doubles(file):
    payload = length(len(SCORES)) + b"".join(string(m) + struct.pack("<d", s) for m, s in reversed(SCORES))
    file.zset(5, b"binary zset", payload, SCORES)
    file.string(b"64 bits", b"abcd", string(b"abcd", 64))


def add_access(file):
    file.add(b"\xf8" + length(1000))
    file.string(b"idle", b"x", string(b"x"))
    file.add(b"\xf9\x2a")
    file.string(b"frequent", b"x", string(b"x"))


def add_listpacks(file):
    file.hash(16, b"listpack hash", string(listpack(flat(FIELDS))), FIELDS)
    file.zset(17, b"listpack zset", string(listpack(packed_scores())), SCORES)
    huge = b"plain" * 1000
    nodes = length(3) + length(2) + string(listpack(LIST[:5])) + length(1) + string(huge)
    file.list(18, b"quicklist2", nodes + length(2) + string(listpack(LIST[5:])), LIST[:5] + [huge] + LIST[5:])


def add_field_expiry(file):
    soonest = EXPIRES_MS
    fields = [(b"first", b"1", soonest), (b"later", b"22", soonest + 5000), (b"never", b"x" * 70, NEVER)]
    payload = struct.pack("<q", soonest) + length(len(fields))
    for name, value, time in fields:
        payload += length(0 if time == NEVER else time - soonest + 1) + string(name) + string(value)
    file.hash(24, b"hash with expiry", payload, fields)
    packed = flat([(name, value, str(max(time, 0)).encode()) for name, value, time in fields])
    file.hash(25, b"listpack with expiry", struct.pack("<q", soonest) + string(listpack(packed)), fields)


def redis_file(version):
    file = File(b"REDIS%04d" % version, version)
    if version >= 7:
        file.add(b"\xfa" + string(b"redis-ver") + string(b"0.0.0") + b"\xfa" + string(b"redis-bits") + integer(64))
        file.add(b"\xfa" + string(b"nobody knows it") + string(b"anything"))
    file.select(0, 40, 2)
    if version >= 12:
        file.add(b"\xf4" + length(100) + length(40) + length(2))
    add_plain(file)
    if version >= 2:
        add_packed(file)
    if version >= 3:
        file.expire_ms()
        file.string(b"expires in milliseconds", b"v", string(b"v"))
    if version >= 4:
        file.hash(13, b"ziplist hash", string(ziplist(flat(FIELDS), version)), FIELDS)
    if version >= 7:
        add_quicklists(file)
    if version >= 8:
        add_doubles(file)
    if version >= 9:
        add_access(file)
    if version >= 10:
        add_listpacks(file)
    if version >= 11:
        members = [b"a", b"5", b"b" * 70, b"-129"]
        file.set(20, b"listpack set", string(listpack(members)), members)
    if version >= 12:
        add_field_expiry(file)
    file.select(9, 1, 0)
    file.string(b"in another database", b"x", string(b"x"))
    return file


def valkey_file():
    file = File(b"VALKEY080", 80)
    file.add(b"\xfa" + string(b"valkey-ver") + string(b"9.0.0"))
    file.add(b"\xf3" + string(b"j" * 40) + length(2) + length(0) + length(100) + length(200) + length(16383))
    file.select(0, 20, 2)
    file.string(b"string", b"hello", string(b"hello"))
    add_listpacks(file)
    fields = [(b"first", b"1", EXPIRES_MS), (b"never", b"x", NEVER)]
    payload = length(2) + b"".join(string(n) + string(v) + struct.pack("<q", t) for n, v, t in fields)
    file.hash(22, b"hash with expiry", payload, fields)
    return file


def main():
    directory = pathlib.Path(sys.argv[1])
    for version in range(1, 13):
        redis_file(version).write(directory / f"redis{version:02}")
    valkey_file().write(directory / "valkey80")


if __name__ == "__main__":
    assert crc64(b"123456789") == 0xE9C6D914C4B8D9CA
    main()

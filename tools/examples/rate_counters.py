#!/usr/bin/env python3
"""Rate limits and request counters that expire: a fixed window, a sliding window, one counter for each minute."""

import collections
import random
import time

from example import Keys, arguments, note, require, show


def fixed_window(keys, who, limit, window_ms):
    """Whether one more request is within the limit: the first one opens a window, which closes by expiry."""
    pipe = keys.client.pipeline(transaction=False)
    pipe.incr(keys("fixed", who))
    pipe.pexpire(keys("fixed", who), window_ms, nx=True)
    return pipe.execute()[0] <= limit


def sliding_window(keys, who, request, now_ms, limit, window_ms):
    """Whether fewer than `limit` requests were let through in the last window_ms."""
    key = keys("sliding", who)
    pipe = keys.client.pipeline(transaction=False)
    pipe.zremrangebyscore(key, "-inf", now_ms - window_ms)
    pipe.zcard(key)
    if pipe.execute()[1] >= limit:
        return False
    pipe.zadd(key, {request: now_ms})
    pipe.pexpire(key, window_ms)
    pipe.execute()
    return True


def try_fixed_window(keys):
    client = keys.client
    allowed = [fixed_window(keys, "ann", limit=5, window_ms=600_000) for _ in range(8)]
    show("fixed window, five allowed", allowed, [True] * 5 + [False] * 3)
    require("the window closes by itself", 0 < client.pttl(keys("fixed", "ann")) <= 600_000)
    show("fixed window, somebody else", fixed_window(keys, "bob", limit=1, window_ms=600_000), True)
    show("fixed window, a short one", fixed_window(keys, "cid", limit=1, window_ms=50), True)
    deadline = time.monotonic() + 60
    while client.exists(keys("fixed", "cid")):
        require("the window closes in time", time.monotonic() < deadline)
        time.sleep(0.005)
    show("fixed window, after it closed", fixed_window(keys, "cid", limit=1, window_ms=600_000), True)


def try_sliding_window(keys, requests):
    """Requests at times of a clock of our own, compared with a queue of the times that were let through."""
    chance, limit, window_ms = random.Random(5), 20, 600_000
    now_ms, expected, passed, differing = 1_700_000_000_000, collections.deque(), 0, 0
    for number in range(requests):
        now_ms += int(chance.expovariate(1 / 18_000))
        while expected and expected[0] <= now_ms - window_ms:
            expected.popleft()
        may = len(expected) < limit
        if may:
            expected.append(now_ms)
        allowed = sliding_window(keys, "dora", f"request-{number}", now_ms, limit, window_ms)
        passed += allowed
        differing += allowed != may
    show("sliding window, decided wrongly", differing, 0)
    show("sliding window, requests of the last ten minutes", keys.client.zcard(keys("sliding", "dora")), len(expected))
    print(f"sliding window, let through: {passed} of {requests}")


def try_minute_counters(keys, requests):
    """Sixty counters of 16 bits in one string of 120 bytes. They stop at 65535 instead of starting over."""
    client, key, chance = keys.client, keys("minutes"), random.Random(9)
    expected = [0] * 60
    pipe = client.pipeline(transaction=False)
    for _ in range(requests):
        minute, weight = int(chance.triangular(0, 60, 45)), chance.choice((1, 1, 1, 10, 5000))
        expected[minute] = min(65535, expected[minute] + weight)
        pipe.bitfield(key, default_overflow="SAT").incrby("u16", f"#{minute}", weight).execute()
    pipe.expire(key, 7200)
    pipe.execute()
    every_minute = client.bitfield(key)
    for minute in range(60):
        every_minute.get("u16", f"#{minute}")
    counts = every_minute.execute()
    show("minutes, counted", counts, expected)
    show("minutes, full counters", counts.count(65535), expected.count(65535))
    show("minutes, bytes", client.strlen(key), 2 * (max(m for m in range(60) if expected[m]) + 1))
    require("the counters expire", 0 < client.ttl(key) <= 7200)


def main():
    options = arguments(__doc__, requests=(3000, "requests to each of the counters"))
    with Keys(options, "rate-counters", decode_responses=True) as keys:
        try_fixed_window(keys)
        try_sliding_window(keys, options.requests)
        try_minute_counters(keys, options.requests)
        if options.memory:
            note(f"an hour of minutes: {keys.client.memory_usage(keys('minutes'))} bytes")


main()

#!/usr/bin/env python3
"""Daily, weekly and monthly active users and how many return, from a bitmap a day: bit N is the user with id N."""

import functools
import itertools
import operator
import random

from example import Keys, arguments, batches, note, require, show

DAYS = 30
WEEK = range(24, 31)
WEEK_BEFORE = range(17, 24)
LIVE_BATCH = 5000
IMPORT_BYTES = 65536


class Users:
    """Sets of users in plain Python: integers, the highest bit of which is the user with id 0."""

    def __init__(self, ids):
        self.ids = ids
        self.random = random.Random(2024)

    def chosen(self, of, numerator, halvings):
        """About numerator / 2**halvings of the users in `of`, by chance."""
        result = 0
        for level in range(halvings):
            bits = self.random.getrandbits(self.ids)
            result = result | bits if numerator >> level & 1 else result & bits
        return result & of

    def days(self):
        """Who came on each day, about a fifth of all: one in eight comes on most days, half of them now and then."""
        everyone = (1 << self.ids) - 1
        regular = self.chosen(everyone, 1, 3)
        occasional = self.chosen(everyone, 1, 1) & ~regular
        return [self.chosen(regular, 3, 2) | self.chosen(occasional, 1, 2) for _ in range(DAYS)]

    def as_string(self, users):
        return users.to_bytes(self.ids // 8, "big")

    def as_ids(self, users):
        flags = format(users, f"0{self.ids}b").encode().translate(bytes.maketrans(b"01", b"\0\1"))
        return list(itertools.compress(range(self.ids), flags))

    def between(self, users, first, last):
        """How many of them have ids from first to last."""
        return ((users >> (self.ids - 1 - last)) & ((1 << (last - first + 1)) - 1)).bit_count()


def all_of(sets):
    return functools.reduce(operator.and_, sets)


def any_of(sets):
    return functools.reduce(operator.or_, sets)


def store_import(client, key, data):
    """Writes a day that was collected elsewhere, piece by piece."""
    pipe = client.pipeline(transaction=False)
    for start in range(0, len(data), IMPORT_BYTES):
        pipe.setrange(key, start, data[start:start + IMPORT_BYTES])
    require("length after the import", pipe.execute()[-1] == len(data))


def store_live(client, key, ids):
    """Marks users one by one, as requests of theirs come in; returns how many came for the first time."""
    first_visits = 0
    for batch in batches(ids, LIVE_BATCH):
        pipe = client.pipeline(transaction=False)
        for user in batch:
            pipe.setbit(key, user, 1)
        first_visits += pipe.execute().count(0)
    return first_visits


def load(keys, users, days):
    """All days by import. Today only in part: one in sixteen users comes while we look, in any order."""
    client, today = keys.client, days[-1]
    for number, day in enumerate(days[:-1], 1):
        store_import(client, keys("day", number), users.as_string(day))
    live = users.chosen(today, 1, 4)
    arrivals = users.as_ids(live)
    users.random.shuffle(arrivals)
    show("today, live", store_live(client, keys("day", DAYS), arrivals), len(arrivals))
    show("today, live, again", store_live(client, keys("day", DAYS), arrivals[:1000]), 0)
    store_import(client, keys("import"), users.as_string(today & ~live))
    client.bitop("OR", keys("day", DAYS), keys("day", DAYS), keys("import"))
    client.delete(keys("import"))


def count(keys, operation, name, sources):
    """The number of users in the result of an operation, which is kept under `name`."""
    keys.client.bitop(operation, keys(name), *sources)
    return keys.client.bitcount(keys(name))


def activity(keys, users, days):
    client = keys.client
    for number in WEEK:
        show(f"active on day {number}", client.bitcount(keys("day", number)), days[number - 1].bit_count())
    week, week_before, month = (any_of(days[number - 1] for number in numbers)
                                for numbers in (WEEK, WEEK_BEFORE, range(1, DAYS + 1)))
    for name, numbers, expected in (("week", WEEK, week), ("week-before", WEEK_BEFORE, week_before),
                                    ("month", range(1, DAYS + 1), month)):
        actual = count(keys, "OR", name, [keys("day", number) for number in numbers])
        show(f"active in the {name}", actual, expected.bit_count())
    show("not seen in the month", count(keys, "NOT", "absent", [keys("month")]), users.ids - month.bit_count())
    stickiness = client.bitcount(keys("day", DAYS)) / client.bitcount(keys("month"))
    print(f"of the month's users, active today: {stickiness:.1%}")

    every_day = all_of(days[number - 1] for number in WEEK)
    actual = count(keys, "AND", "every-day", [keys("day", number) for number in WEEK])
    show("active on every day of the week", actual, every_day.bit_count())
    show("the first of them", client.bitpos(keys("every-day"), 1), users.ids - every_day.bit_length())
    count(keys, "XOR", "changed", [keys("week"), keys("week-before")])
    show("new this week", count(keys, "AND", "new", [keys("changed"), keys("week")]),
         (week & ~week_before).bit_count())
    show("lost this week", count(keys, "AND", "lost", [keys("changed"), keys("week-before")]),
         (week_before & ~week).bit_count())
    tenth = users.ids // 10
    for number in range(10):
        first, last = number * tenth, number * tenth + tenth - 1
        show(f"active today with ids from {first} to {last}",
             client.bitcount(keys("day", DAYS), first, last, "BIT"), users.between(days[-1], first, last))
    for user in range(0, users.ids, users.ids // 3):
        pipe = client.pipeline(transaction=False)
        for number in range(1, DAYS + 1):
            pipe.getbit(keys("day", number), user)
        show(f"days on which user {user} came", sum(pipe.execute()),
             sum(day >> (users.ids - 1 - user) & 1 for day in days))


def retention(keys, users, days):
    """How many come again: of a day's users a week later, and of those who signed up that day on each day since."""
    client, start = keys.client, WEEK_BEFORE[-1]
    again = count(keys, "AND", "again", [keys("day", start), keys("day", DAYS)])
    show(f"of day {start}, active on day {DAYS}", again, (days[start - 1] & days[-1]).bit_count())
    signed_up = users.chosen(days[start - 1], 1, 10)
    show("signed up", store_live(client, keys("signed-up"), users.as_ids(signed_up)), signed_up.bit_count())
    for number in WEEK:
        returned = count(keys, "AND", "returned", [keys("signed-up"), keys("day", number)])
        show(f"of those, active on day {number}", returned, (signed_up & days[number - 1]).bit_count())


def memory(keys, users, resident_before, tell):
    """The day and the unions take no more than half a byte for each id, 5 MB for 10 million."""
    client, kept = keys.client, [keys("day", DAYS), keys("week"), keys("month")]
    used = [client.memory_usage(key) for key in kept]
    show(f"today, week and month within {users.ids // 2} bytes", sum(used) <= users.ids // 2, True)
    if tell:
        for key in set(client.scan_iter(match=keys("*"), count=1000)) - {key.encode() for key in kept}:
            client.delete(key)
        resident = client.info("memory")["used_memory_rss"] - resident_before
        note(f"today, week and month: {' + '.join(map(str, used))} = {sum(used)} bytes; "
             f"with these alone, resident memory is {resident} bytes more than at the start")


def main():
    options = arguments(__doc__, ids=(10_000_000, "how many ids there are"))
    users = Users(max(80_000, options.ids // 80 * 80))
    days = users.days()
    with Keys(options, "active-users") as keys:
        resident_before = keys.client.info("memory")["used_memory_rss"]
        load(keys, users, days)
        activity(keys, users, days)
        retention(keys, users, days)
        memory(keys, users, resident_before, options.memory)


main()

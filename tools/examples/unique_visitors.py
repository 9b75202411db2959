#!/usr/bin/env python3
"""Unique visitors of pages by HyperLogLog: 12 KiB a page and day at most, however many come, and counts within 2 %."""

import random

from example import Keys, arguments, batches, note, require, show

PAGES = {"home": 60, "news": 25, "shop": 12, "jobs": 2, "imprint": 1}  # share of the visits, in percent
DAYS = 7
STANDARD_ERROR = 0.0081


def visits(options):
    """Who visited which page on which day: page, day, list of visitors, with repetitions."""
    chance = random.Random(7)
    for day in range(1, DAYS + 1):
        for page, share in PAGES.items():
            number = options.visits * share // 100
            yield page, day, [f"visitor-{int(chance.random() ** 2 * options.visits)}" for _ in range(number)]


def estimate(what, actual, exact):
    """Prints a count and how far off it is; four standard errors, or two visitors, are too far."""
    require(f"{what}: {actual} for {exact}", abs(actual - exact) <= max(2, 4 * STANDARD_ERROR * exact))
    error = (actual - exact) / exact if exact else 0
    print(f"{what}: about {actual}, exactly {exact}, error {error:+.2%}")


def main():
    options = arguments(__doc__, visits=(100_000, "visits a day"))
    with Keys(options, "unique-visitors") as keys:
        client, seen = keys.client, {}
        for page, day, visitors in visits(options):
            pipe = client.pipeline(transaction=False)
            for batch in batches(visitors, 200):
                pipe.pfadd(keys(page, day), *batch)
            pipe.execute()
            seen[page, day] = set(visitors)
        for (page, day), exact in seen.items():
            estimate(f"{page}, day {day}", client.pfcount(keys(page, day)), len(exact))

        for page in PAGES:
            client.pfmerge(keys(page, "week"), *(keys(page, day) for day in range(1, DAYS + 1)))
            exact = set().union(*(seen[page, day] for day in range(1, DAYS + 1)))
            estimate(f"{page}, week", client.pfcount(keys(page, "week")), len(exact))
        for day in range(1, DAYS + 1):
            exact = set().union(*(seen[page, day] for page in PAGES))
            estimate(f"any page, day {day}", client.pfcount(*(keys(page, day) for page in PAGES)), len(exact))
        weeks = [keys(page, "week") for page in PAGES]
        estimate("any page, week", client.pfcount(*weeks), len(set().union(*seen.values())))

        show("somebody who was there", client.pfadd(keys("home", 1), sorted(seen["home", 1])[0]), 0)
        show("a page nobody visited", client.pfcount(keys("none", 1)), 0)
        # The counter is a string: whoever reads it can store it elsewhere and go on counting there.
        client.set(keys("copy"), client.get(weeks[0]))
        show("the same from a copy", client.pfcount(keys("copy")), client.pfcount(weeks[0]))
        show("a copy counts on", client.pfcount(keys("copy"), weeks[1]), client.pfcount(weeks[0], weeks[1]))
        if options.memory:
            note(f"home, week: {client.memory_usage(weeks[0])} bytes; "
                 f"imprint, day 1: {client.memory_usage(keys('imprint', 1))} bytes")


main()

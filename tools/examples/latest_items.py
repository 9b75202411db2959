#!/usr/bin/env python3
"""The latest N items of a feed: MessagePack objects in a list that is cut to its length."""

import collections
import random

import msgpack

from example import Keys, arguments, batches, note, show

KINDS = ("comment", "like", "order", "photo")


def events(number):
    """Objects with text, numbers, bytes, lists and nothing in them, small and large."""
    chance = random.Random(13)
    for serial in range(number):
        yield {
            "id": serial,
            "kind": chance.choice(KINDS),
            "user": f"üser-{chance.randrange(1000)}",
            "price": chance.randrange(100_000) / 100,
            "tags": [chance.choice(KINDS) for _ in range(chance.randrange(4))],
            "thumbnail": chance.randbytes(chance.choice((0, 20, 60, 2000))),
            "parent": chance.choice((None, serial // 2)),
        }


def main():
    options = arguments(__doc__, items=(20_000, "items that come in"), keep=(1000, "items to keep"))
    expected = collections.deque(maxlen=options.keep)
    with Keys(options, "latest-items") as keys:
        client, latest = keys.client, keys("latest")

        def page(first, last):
            return [msgpack.unpackb(packed) for packed in client.lrange(latest, first, last)]

        for batch in batches(events(options.items), 100):
            pipe = client.pipeline(transaction=False)
            for item in batch:
                pipe.lpush(latest, msgpack.packb(item))
                pipe.ltrim(latest, 0, options.keep - 1)
                expected.appendleft(item)
            pipe.execute()
        kept = list(expected)
        show("items kept", client.llen(latest), len(kept))
        show("the latest", [item["id"] for item in page(0, 4)], [item["id"] for item in kept[:5]])
        show("the oldest", msgpack.unpackb(client.lindex(latest, -1))["id"], kept[-1]["id"])
        show("all as they came", page(0, -1) == kept, True)
        show("a page from the middle", [(item["id"], item["kind"], item["price"]) for item in page(40, 44)],
             [(item["id"], item["kind"], item["price"]) for item in kept[40:45]])
        wanted = kept[min(100, len(kept) - 1)]
        place = client.lpos(latest, msgpack.packb(wanted))
        show("where an item is", place, kept.index(wanted))
        wanted["price"] = 0
        client.lset(latest, place, msgpack.packb(wanted))
        show("after a change", page(place, place) == [wanted], True)
        show("taken back", client.lrem(latest, 1, msgpack.packb(kept[0])), 1)
        show("now the latest", page(0, 0)[0]["id"], kept[1]["id"])
        if options.memory:
            size = sum(len(msgpack.packb(item)) for item in kept[1:])
            note(f"{client.memory_usage(latest, samples=0)} bytes for {size} bytes of objects")


main()

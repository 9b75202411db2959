#!/usr/bin/env python3
"""A leaderboard in a sorted set: best players, my place and who is around me, pages, ties, seasons."""

import random

from example import Keys, arguments, batches, note, show

PAGE = 10


class Board:
    """The same in plain Python: best first, of the same score the name that is greater."""

    def __init__(self):
        self.scores = {}

    def ordered(self):
        return sorted(self.scores.items(), key=lambda entry: (entry[1], entry[0]), reverse=True)


def play(keys, board, rounds, chance):
    """Everybody starts with some points and wins or loses some in games; returns the expected scores."""
    client, players = keys.client, list(board.scores)
    for batch in batches(players, 1000):
        client.zadd(keys("all"), {player: board.scores[player] for player in batch})
    for batch in batches(range(rounds), 1000):
        pipe = client.pipeline(transaction=False)
        for _ in batch:
            player, points = chance.choice(players), chance.randint(-20, 50)
            board.scores[player] += points
            pipe.zincrby(keys("all"), points, player)
        pipe.execute()


def places(keys, board):
    client, ordered = keys.client, board.ordered()
    show("players", client.zcard(keys("all")), len(ordered))
    show("the best three", client.zrange(keys("all"), 0, 2, desc=True, withscores=True), ordered[:3])
    for page in (0, 1, len(ordered) // PAGE - 1):
        first = page * PAGE
        show(f"page {page}", client.zrange(keys("all"), first, first + PAGE - 1, desc=True),
             [player for player, _ in ordered[first:first + PAGE]])
    for place in (0, len(ordered) // 3, len(ordered) - 1):
        me, score = ordered[place]
        rank = client.zrevrank(keys("all"), me)
        show(f"place of {me}", rank, place)
        above = max(0, rank - 2)
        show(f"around {me}", client.zrange(keys("all"), above, rank + 2, desc=True, withscores=True),
             ordered[above:place + 3])
        # Who has as many points shares the place: it is one more than the number of those who have more.
        show(f"place of {me}, ties shared", client.zcount(keys("all"), f"({score:.17g}", "+inf") + 1,
             sum(other > score for _, other in ordered) + 1)
        show(f"tied with {me}", client.zrange(keys("all"), score, score, byscore=True),
             [player for player, other in reversed(ordered) if other == score])
    show("no such player", client.zrevrank(keys("all"), "nobody"), None)


def seasons(keys, board, chance):
    client = keys.client
    scores = {player: float(chance.randint(0, 1000)) for player in chance.sample(list(board.scores), 500)}
    client.zadd(keys("season"), scores)
    show("ever and this season", client.zunionstore(keys("both"), {keys("all"): 1, keys("season"): 2}),
         len(board.scores))
    for player, points in scores.items():
        board.scores[player] += 2 * points
    show("best of both", client.zrange(keys("both"), 0, 4, desc=True, withscores=True), board.ordered()[:5])
    best = max(scores.values())
    somebody = next(iter(scores))
    show("a worse result does not count", client.zadd(keys("season"), {somebody: -1}, gt=True, ch=True), 0)
    show("a better one does", client.zadd(keys("season"), {somebody: best + 1}, gt=True, ch=True), 1)
    show("winner", client.zpopmax(keys("season")), [(somebody, best + 1)])
    show("all but the best hundred go", client.zremrangebyrank(keys("season"), 0, -101), len(scores) - 101)


def main():
    options = arguments(__doc__, players=(20_000, "players"), rounds=(50_000, "games that they play"))
    chance, board = random.Random(11), Board()
    board.scores = {f"player:{number:06}": float(chance.randint(0, 5000)) for number in range(options.players)}
    with Keys(options, "leaderboard", decode_responses=True) as keys:
        play(keys, board, options.rounds, chance)
        places(keys, board)
        seasons(keys, board, chance)
        if options.memory:
            used = keys.client.memory_usage(keys("all"), samples=0)
            note(f"{used} bytes, {used / options.players:.1f} a player")


main()

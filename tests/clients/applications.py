"""A leaderboard, a job queue, a session store and an audience as programs use them: applications.py PORT

Prints what it saw. The output is the same with every server that does what Redis does, and the same
as that of applications.js.
"""

import json
import sys
import threading
import time

import redis

PORT = int(sys.argv[1])


def connect():
    return redis.Redis(host="127.0.0.1", port=PORT, decode_responses=True)


def show(what, value):
    print(f"{what}: {json.dumps(value, separators=(',', ':'))}")


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def pairs(rows):
    """Members with scores, the scores as the text that the protocol has."""
    return [[member, f"{score:.17g}"] for member, score in rows]


def leaderboard(client):
    pipe = client.pipeline(transaction=False)
    for player in range(5000):
        pipe.zadd("board", {f"player:{player:04}": player * 7919 % 5003})
    show("board: players added", sum(pipe.execute()))
    show("board: top five", pairs(client.zrevrange("board", 0, 4, withscores=True)))
    show("board: bottom three", pairs(client.zrange("board", 0, 2, withscores=True)))
    for player, points in (("player:0042", 5000), ("player:0007", 0.5), ("player:4999", -100)):
        show(f"board: {player} gains {points}", client.zincrby("board", points, player))
        show(f"board: {player} is now", client.zrevrank("board", player))
    show("board: around", pairs(client.zrevrange("board", 100, 104, withscores=True)))
    show("board: between", client.zcount("board", 1000, "(2000"))
    show("board: page", client.zrevrangebyscore("board", 4000, "-inf", start=10, num=5))
    show("board: absent", [client.zscore("board", "nobody"), client.zrank("board", "nobody")])
    show("board: not lowered", client.zadd("board", {"player:0042": 1}, gt=True, ch=True))
    show("board: raised", client.zadd("board", {"player:0042": 90000}, gt=True, ch=True))
    show("board: scores", client.zmscore("board", ["player:0042", "nobody", "player:0000"]))
    show("board: season", client.zunionstore("season", {"board": 2, "board:none": 1}))
    show("board: season's best", pairs(client.zrange("season", 0, 1, desc=True, withscores=True)))
    show("board: cut", client.zremrangebyrank("board", 0, -101))
    show("board: left", client.zcard("board"))
    show("board: winner", pairs(client.zpopmax("board", 1)))
    for name in ("ann", "bob", "cid", "dora"):
        client.zadd("names", {name: 0})
    show("board: names", client.zrangebylex("names", "[b", "(d"))


def job_queue(client):
    for job in range(20):
        client.lpush("jobs", json.dumps({"id": job}, separators=(",", ":")))
    show("queue: waiting", client.llen("jobs"))
    done = []
    while (job := client.lmove("jobs", "jobs:active", "RIGHT", "LEFT")) is not None:
        done.append(json.loads(job)["id"])
        assert client.lrem("jobs:active", 1, job) == 1
    show("queue: in order", done)
    show("queue: nothing left", [client.exists("jobs"), client.exists("jobs:active")])

    taken = []

    def worker():
        own = connect()
        while (item := own.blpop(["jobs:urgent", "jobs"], timeout=60))[1] != "stop":
            taken.append(list(item))

    thread = threading.Thread(target=worker)
    thread.start()
    until(lambda: client.info("clients")["blocked_clients"] == 1)
    client.rpush("jobs", "a", "b", "c")
    until(lambda: len(taken) == 3)
    pipe = client.pipeline(transaction=False)
    pipe.rpush("jobs:urgent", "now").rpush("jobs", "later", "stop").execute()
    thread.join(60)
    show("queue: taken", taken)
    show("queue: timeout", client.blpop("jobs:none", timeout=0.01))
    for event in range(1500):
        client.lpush("latest", f"event {event}")
        client.ltrim("latest", 0, 999)
    show("queue: latest kept", client.llen("latest"))
    show("queue: latest", client.lrange("latest", 0, 2))
    show("queue: oldest", client.lindex("latest", -1))
    show("queue: position", client.lpos("latest", "event 1000"))


def session_store(client):
    for user in range(200):
        key = f"session:{user}"
        client.hset(key, mapping={"user": f"user{user}", "visits": 0, "cart": "[]"})
        client.expire(key, 3600)
        client.sadd("online", user)
    show("session: fields", sorted(client.hgetall("session:7").items()))
    for _ in range(3):
        client.hincrby("session:7", "visits", 2)
    show("session: visits", client.hmget("session:7", "visits", "nothing", "user"))
    show("session: balance", client.hincrbyfloat("session:7", "balance", 10.25))
    show("session: balance", client.hincrbyfloat("session:7", "balance", "-0.125"))
    show("session: lives", 3590 < client.ttl("session:7") <= 3600)
    show("session: new field only once",
         [client.hsetnx("session:7", "theme", "dark"), client.hsetnx("session:7", "theme", "light")])
    show("session: logged out", [client.delete("session:9"), client.srem("online", 9)])
    show("session: online", [client.scard("online"), int(client.sismember("online", 9)),
                             client.smismember("online", [1, 9, 400])])
    client.sadd("premium", *range(0, 400, 3))
    show("session: premium online", len(client.sinter("online", "premium")))
    show("session: count of them", client.sintercard(2, ["online", "premium"], limit=10))
    show("session: premium offline", client.sdiffstore("away", "premium", "online"))
    show("session: all", len(client.sunion("online", "premium")))
    show("session: scan", sorted(int(user) for user in client.sscan_iter("online"))[:5])
    show("session: field scan", sorted(dict(client.hscan_iter("session:7"))))
    show("session: visits sorted", client.sort("online", by="session:*->visits", desc=True,
                                               start=0, num=1, get=["#", "session:*->user"]))
    show("session: emptied", [client.hdel("session:8", "user", "visits", "cart"),
                              client.exists("session:8")])
    try:
        client.hget("online", "user")
    except redis.ResponseError as error:
        show("session: wrong type", str(error))


def audience(client):
    pipe = client.pipeline(transaction=False)
    for day in range(3):
        for user in range(0, 3000, day + 2):
            pipe.setbit(f"day:{day}", user * 37 % 20011, 1)
    show("audience: marked", len(pipe.execute()))
    show("audience: days", [client.bitcount(f"day:{day}") for day in range(3)])
    show("audience: unmarked", [client.setbit("day:0", 74, 0), client.getbit("day:0", 74)])
    for operation in ("AND", "OR", "XOR"):
        show(f"audience: {operation}", [client.bitop(operation, "result", "day:0", "day:1", "day:2", "day:none"),
                                        client.bitcount("result")])
    show("audience: NOT", [client.bitop("NOT", "result", "day:2"), client.bitcount("result", -9, -1)])
    show("audience: bits", client.bitcount("day:1", 5, -5, "BIT"))
    show("audience: first and last", [client.bitpos("day:1", 1), client.bitpos("day:1", 1, 8),
                                      client.bitpos("day:1", 0, 3, 9, "BIT"), client.bitpos("day:none", 1)])
    show("audience: far away", [client.setbit("far", 2**32 - 1, 1), client.bitcount("far"), client.strlen("far"),
                                client.bitpos("far", 1), client.getrange("far", 2**29 - 2, -1) == "\x00\x01"])
    show("audience: no further", client.delete("far"))
    try:
        client.setbit("far", 2**32, 1)
    except redis.ResponseError as error:
        show("audience: too far", str(error))
    show("audience: counters", client.bitfield("counters").set("u8", "#1", 250).incrby("u8", "#1", 10)
         .incrby("u8", "#1", 255, "SAT").incrby("i5", 100, -17, "FAIL").get("u63", 0).execute())

    for page in range(3):
        for start in range(0, 2000 * page + 20, 20):
            client.pfadd(f"page:{page}", *(f"visitor {number}" for number in range(start, start + 20)))
    show("audience: visitors", [client.pfcount(f"page:{page}") for page in range(3)])
    show("audience: known", [client.pfadd("page:1", "visitor 7"), client.pfadd("page:1", "somebody")])
    show("audience: of any page", client.pfcount("page:0", "page:1", "page:2", "page:none"))
    client.pfmerge("pages", "page:0", "page:1")
    show("audience: merged", client.pfcount("pages"))
    try:
        client.pfadd("counters", "x")
    except redis.ResponseError as error:
        show("audience: not a counter", str(error))

    show("audience: shops", client.geoadd("shops", [13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"]))
    show("audience: moved", client.geoadd("shops", [13.4, 38.1, "Palermo"], ch=True))
    show("audience: apart", f"{client.geodist('shops', 'Palermo', 'Catania', 'km'):.4f}")
    show("audience: hashes", client.geohash("shops", "Palermo", "Catania", "Rome"))
    near = client.geosearch("shops", longitude=15, latitude=37, radius=200, unit="km", sort="ASC", withdist=True)
    show("audience: near", [[name, f"{distance:.4f}"] for name, distance in near])
    show("audience: in a box", client.geosearch("shops", member="Catania", width=100, height=100, unit="km"))
    show("audience: kept", client.geosearchstore("near", "shops", longitude=15, latitude=37, radius=200, unit="km"))


def main():
    client = connect()
    client.flushall()
    leaderboard(client)
    job_queue(client)
    session_store(client)
    audience(client)


main()

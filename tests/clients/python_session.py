"""What an application does with Python's redis: python_session.py PORT"""

import socket
import sys
import threading
import time

import redis

PORT = int(sys.argv[1])


def connect(**options):
    return redis.Redis(host="127.0.0.1", port=PORT, **options)


def expect(actual, wanted):
    assert actual == wanted, f"got {actual!r}, want {wanted!r}"


def expect_error(kind, text, call, *arguments, **options):
    try:
        result = call(*arguments, **options)
    except kind as error:
        assert text in str(error), f"error {error!r} does not say {text!r}"
        return
    raise AssertionError(f"{text!r} was due, got {result!r}")


def sessions_with_ttl(r):
    for user in range(100):
        expect(r.setex(f"session:{user}", 3600, f"token-{user}"), True)
    expect(r.get("session:42"), b"token-42")
    assert 3000 < r.ttl("session:42") <= 3600
    expect(r.expire("session:42", 7200, gt=True), True)
    expect(r.expire("session:42", 60, gt=True), False)
    assert r.pttl("session:42") > 3_600_000
    expect(r.getex("session:42", persist=True), b"token-42")
    expect(r.ttl("session:42"), -1)
    expect(r.getdel("session:42"), b"token-42")
    expect(r.get("session:42"), None)
    expect(r.ttl("session:42"), -2)
    r.psetex("session:short", 1, "gone")
    deadline = time.monotonic() + 60
    while r.exists("session:short"):
        assert time.monotonic() < deadline, "a key outlived its time"
        time.sleep(0.005)


def messages(r):
    with r.pubsub() as channels:
        channels.subscribe("news", "weather")
        channels.psubscribe("user:*")
        expect([channels.get_message(timeout=60)["type"] for _ in range(3)],
               ["subscribe", "subscribe", "psubscribe"])
        expect(r.publish("news", "hello"), 1)
        expect(r.publish("user:17", "logged in"), 1)
        expect(r.publish("sport", "nobody listens"), 0)
        first = channels.get_message(timeout=60)
        expect((first["type"], first["channel"], first["data"]), ("message", b"news", b"hello"))
        second = channels.get_message(timeout=60)
        expect((second["pattern"], second["channel"], second["data"]),
               (b"user:*", b"user:17", b"logged in"))
        expect(r.pubsub_numsub("news"), [(b"news", 1)])
        channels.ping()
        expect(channels.get_message(timeout=60)["type"], "pong")
        channels.unsubscribe()
        channels.punsubscribe()
        expect(channels.get_message(timeout=60)["type"], "unsubscribe")
    heard = []
    with r.pubsub(ignore_subscribe_messages=True) as channels:
        channels.subscribe(**{"handled": lambda message: heard.append(message["data"])})
        thread = channels.run_in_thread(sleep_time=0.01)
        while r.publish("handled", "last") == 0:
            time.sleep(0.005)
        deadline = time.monotonic() + 60
        while not heard:
            assert time.monotonic() < deadline, "no message arrived"
            time.sleep(0.005)
        thread.stop()
        thread.join()


def keyspace_events(r):
    r.config_set("notify-keyspace-events", "Kx$")
    with r.pubsub(ignore_subscribe_messages=True) as events:
        events.subscribe("__keyspace@0__:watched")
        events.get_message(timeout=60)
        r.set("watched", "v", px=1)
        expect(next(m["data"] for m in events.listen()), b"set")
        expect(next(m["data"] for m in events.listen()), b"expired")
    r.config_set("notify-keyspace-events", "")


def cache(r):
    expect(r.set("cache:page", "<html>", nx=True, ex=60), True)
    expect(r.set("cache:page", "<other>", nx=True, ex=60), None)
    expect(r.set("cache:page", "<new>", xx=True, get=True), b"<html>")
    expect(r.set("cache:page", "<kept>", keepttl=True), True)
    expect(r.mset({f"cache:{i}": i for i in range(500)}), True)
    values = r.mget([f"cache:{i}" for i in range(501)])
    expect(values, [str(i).encode() for i in range(500)] + [None])
    expect(r.msetnx({"cache:0": "x", "cache:fresh": "x"}), False)
    expect(r.unlink(*[f"cache:{i}" for i in range(500)]), 500)


def counters(r):
    for _ in range(10):
        r.incr("hits")
    expect(r.incr("hits", 90), 100)
    expect(r.decr("hits", 1), 99)
    expect(r.incrbyfloat("price", "10.25"), 10.25)
    expect(r.incrbyfloat("price", -0.25), 10.0)
    threads = [threading.Thread(target=lambda: [r.incr("shared") for _ in range(200)])
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(r.get("shared"), b"1600")


def pipelines(r):
    pipe = r.pipeline(transaction=False)
    for i in range(5000):
        pipe.set(f"p:{i}", i)
        pipe.get(f"p:{i}")
    replies = pipe.execute()
    expect(replies[0::2], [True] * 5000)
    expect(replies[1::2], [str(i).encode() for i in range(5000)])
    pipe = r.pipeline(transaction=False)
    pipe.set("text", "abc").incr("text").get("text")
    replies = pipe.execute(raise_on_error=False)
    expect(replies[0], True)
    assert isinstance(replies[1], redis.ResponseError), replies[1]
    expect(replies[2], b"abc")


def transactions(r):
    pipe = r.pipeline(transaction=True)
    pipe.set("t:a", 1).incr("t:a").lpush("t:a", "x").get("t:a")
    replies = pipe.execute(raise_on_error=False)
    expect(replies[:2], [True, 2])
    assert isinstance(replies[2], redis.ResponseError), replies[2]
    expect(replies[3], b"2")
    expect(r.pipeline().execute(), [])
    # A refused command discards everything.
    pipe = r.pipeline().set("t:a", 9).execute_command("NOSUCH")
    expect_error(redis.ResponseError, "unknown command", pipe.execute)
    expect(r.get("t:a"), b"2")
    # Another client's change of a watched key.
    with r.pipeline() as pipe:
        pipe.watch("t:a")
        r.incr("t:a")
        pipe.multi()
        pipe.set("t:a", 100)
        expect_error(redis.WatchError, "Watched variable changed", pipe.execute)
    expect(r.get("t:a"), b"3")

    # An optimistic counter: no increment is lost.
    def increment(pipe):
        value = int(pipe.get("t:counter") or 0)
        pipe.multi()
        pipe.set("t:counter", value + 1)

    threads = [threading.Thread(target=lambda: [r.transaction(increment, "t:counter") for _ in range(50)])
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(r.get("t:counter"), b"200")
    expect(r.pipeline().hset("t:h", "f", "v").hgetall("t:h").execute(), [1, {b"f": b"v"}])


def iteration(r):
    wanted = {f"p:{i}".encode() for i in range(5000)}
    expect(set(r.scan_iter("p:*", count=100)), wanted)
    expect(set(r.scan_iter("p:*", count=1000, _type="string")), wanted)
    expect(set(r.scan_iter("p:*", _type="list")), set())
    expect(set(r.keys("p:499?")), {f"p:499{i}".encode() for i in range(10)})
    assert r.randomkey() is not None


def binary_values(r):
    every_byte = bytes(range(256)) * 4
    expect(r.set(b"\x00\xff\r\n", every_byte), True)
    expect(r.get(b"\x00\xff\r\n"), every_byte)
    expect(r.append(b"\x00\xff\r\n", b"\r\n"), 1026)
    expect(r.getrange(b"\x00\xff\r\n", -2, -1), b"\r\n")
    expect(r.setrange("padded", 5, "x"), 6)
    expect(r.get("padded"), b"\x00" * 5 + b"x")
    big = b"0123456789abcdef" * (1 << 20)
    expect(r.set("big", big), True)
    assert r.get("big") == big, "16 MB came back changed"
    expect(r.strlen("big"), len(big))
    r.delete("big")
    text = connect(decode_responses=True)
    text.set("greeting", "h\u00e9llo \u4e16\u754c")
    expect(text.get("greeting"), "h\u00e9llo \u4e16\u754c")


def keys_and_databases(r):
    other = connect(db=5)
    other.flushdb()
    r.set("moving", 1)
    expect(r.move("moving", 5), True)
    expect(other.get("moving"), b"1")
    expect(r.copy("p:1", "copied", destination_db=5), True)
    expect(other.get("copied"), b"1")
    expect(r.rename("p:1", "renamed"), True)
    expect_error(redis.ResponseError, "no such key", r.rename, "none", "x")
    expect(r.renamenx("renamed", "p:2"), False)
    expect(r.object("encoding", "p:2"), b"int")
    expect(other.dbsize(), 2)
    r.swapdb(5, 6)
    expect(other.dbsize(), 0)
    expect(r.exists("p:2", "p:2", "none"), 2)
    expect(r.touch("p:2", "p:3"), 2)


def administration(r):
    info = r.info()
    expect(info["redis_mode"], "standalone")
    expect(info["tcp_port"], PORT)
    assert info["db0"]["keys"] > 4000, info["db0"]
    assert info["used_memory"] > 0
    expect(r.config_get("maxmemory-policy"), {"maxmemory-policy": "noeviction"})
    expect(r.config_set("maxmemory-samples", 7), True)
    expect(r.config_get("maxmemory-samples"), {"maxmemory-samples": "7"})
    expect(r.client_setname("python-session"), True)
    assert r.client_id() > 0
    assert any(client["name"] == "python-session" for client in r.client_list())
    seconds, microseconds = r.time()
    assert abs(seconds - time.time()) < 3600 and 0 <= microseconds < 1_000_000
    assert r.memory_usage("p:2") > 0
    assert r.command_count() > 50
    assert r.lastsave() is not None
    assert isinstance(r.slowlog_get(), list)
    expect(r.ping(), True)
    expect(r.echo("hello"), b"hello")


def errors(r):
    expect_error(redis.ResponseError, "not an integer", r.incr, "text")
    expect_error(redis.ResponseError, "unknown command", r.execute_command, "NOSUCH")
    expect_error(redis.ResponseError, "wrong number of arguments", r.execute_command, "GET")
    expect_error(redis.ResponseError, "syntax error", r.execute_command, "SET", "a", "b", "BAD")
    expect_error(redis.ResponseError, "invalid expire time", r.set, "a", "b", ex=0)
    expect_error(redis.ResponseError, "DB index is out of range", connect(db=99).ping)
    expect_error(redis.ResponseError, "without any password", connect(password="x").ping)


def reconnection(r):
    mine = connect(single_connection_client=True)
    mine.set("before", 1)
    r.client_kill_filter(_id=mine.client_id())
    deadline = time.monotonic() + 60
    while True:
        try:
            expect(mine.get("before"), b"1")
            break
        except redis.ConnectionError:
            assert time.monotonic() < deadline, "no way back after CLIENT KILL"
    # A server that is asked for nonsense closes that one connection only.
    with socket.create_connection(("127.0.0.1", PORT)) as rude:
        rude.sendall(b"*1\r\nnonsense\r\n")
        assert rude.recv(1000).startswith(b"-ERR Protocol error")
    expect(r.ping(), True)


def main():
    r = connect()
    r.flushall()
    for part in (sessions_with_ttl, cache, counters, pipelines, transactions, iteration, binary_values,
                 keys_and_databases, messages, keyspace_events, administration, errors, reconnection):
        part(r)
        print(f"ok: python {part.__name__}")


main()

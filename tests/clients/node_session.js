// What an application does with node's ioredis: node_session.js PORT
'use strict';

const assert = require('node:assert/strict');
const Redis = require('ioredis');

const port = Number(process.argv[2]);
const connect = (options = {}) => new Redis({ host: '127.0.0.1', port, ...options });

async function until(condition) {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    assert(Date.now() < deadline, 'waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function sessionsWithTtl(redis) {
  await Promise.all(
    Array.from({ length: 100 }, (_, user) => redis.set(`session:${user}`, `token-${user}`, 'EX', 3600)));
  assert.equal(await redis.get('session:7'), 'token-7');
  const ttl = await redis.ttl('session:7');
  assert(ttl > 3000 && ttl <= 3600, `ttl ${ttl}`);
  assert.equal(await redis.getex('session:7', 'PXAT', 33177117420123), 'token-7');
  assert.equal(await redis.pexpiretime('session:7'), 33177117420123);
  assert.equal(await redis.persist('session:7'), 1);
  assert.equal(await redis.getdel('session:7'), 'token-7');
  assert.equal(await redis.get('session:7'), null);
  await redis.set('session:short', 'gone', 'PX', 1);
  await until(async () => (await redis.exists('session:short')) === 0);
}

async function cache(redis) {
  assert.equal(await redis.set('cache:page', '<html>', 'EX', 60, 'NX'), 'OK');
  assert.equal(await redis.set('cache:page', '<other>', 'EX', 60, 'NX'), null);
  assert.equal(await redis.set('cache:page', '<new>', 'XX', 'GET'), '<html>');
  const entries = new Map(Array.from({ length: 500 }, (_, i) => [`cache:${i}`, String(i)]));
  assert.equal(await redis.mset(entries), 'OK');
  const values = await redis.mget([...entries.keys(), 'none']);
  assert.deepEqual(values, [...entries.values(), null]);
  assert.equal(await redis.unlink(...entries.keys()), 500);
}

async function counters(redis) {
  const hits = await Promise.all(Array.from({ length: 1000 }, () => redis.incr('hits')));
  assert.deepEqual(hits, Array.from({ length: 1000 }, (_, i) => i + 1));
  assert.equal(await redis.decrby('hits', 500), 500);
  assert.equal(await redis.incrbyfloat('price', 10.5), '10.5');
  assert.equal(await redis.incrbyfloat('price', '-0.25'), '10.25');
}

async function pipelines(redis) {
  const pipeline = redis.pipeline();
  for (let i = 0; i < 5000; ++i) pipeline.set(`p:${i}`, i).get(`p:${i}`);
  const replies = await pipeline.exec();
  assert.equal(replies.length, 10_000);
  replies.forEach(([error, value], i) => {
    assert.equal(error, null);
    assert.equal(value, i % 2 === 0 ? 'OK' : String((i - 1) / 2));
  });
  const mixed = await redis.pipeline().set('text', 'abc').incr('text').get('text').exec();
  assert.equal(mixed[0][1], 'OK');
  assert.match(mixed[1][0].message, /not an integer/);
  assert.equal(mixed[2][1], 'abc');
  const batching = connect({ enableAutoPipelining: true });
  const echoes = await Promise.all(Array.from({ length: 2000 }, (_, i) => batching.get(`p:${i}`)));
  assert.deepEqual(echoes, Array.from({ length: 2000 }, (_, i) => String(i)));
  await batching.quit();
}

async function iteration(redis) {
  const found = new Set();
  for await (const keys of redis.scanStream({ match: 'p:*', count: 100, type: 'string' })) {
    keys.forEach((key) => found.add(key));
  }
  assert.equal(found.size, 5000);
  assert.equal((await redis.keys('p:499?')).length, 10);
}

async function binaryValues(redis) {
  const bytes = Buffer.from(Array.from({ length: 1024 }, (_, i) => i % 256));
  const key = Buffer.from([0, 255, 13, 10]);
  assert.equal(await redis.set(key, bytes), 'OK');
  assert.deepEqual(await redis.getBuffer(key), bytes);
  assert.equal(await redis.strlen(key), 1024);
  const big = Buffer.alloc(8 << 20, 'spinel');
  await redis.set('big', big);
  assert(big.equals(await redis.getBuffer('big')), '8 MB came back changed');
  await redis.del('big');
  await redis.set('greeting', 'h\u00e9llo \u4e16\u754c');
  assert.equal(await redis.get('greeting'), 'h\u00e9llo \u4e16\u754c');
}

async function keysAndDatabases(redis) {
  const other = connect({ db: 5 });
  await other.flushdb();
  await redis.set('moving', 1);
  assert.equal(await redis.move('moving', 5), 1);
  assert.equal(await other.get('moving'), '1');
  assert.equal(await redis.copy('p:1', 'copied', 'DB', 5), 1);
  assert.equal(await other.dbsize(), 2);
  assert.equal(await redis.rename('p:1', 'renamed'), 'OK');
  assert.equal(await redis.object('ENCODING', 'renamed'), 'int');
  assert.equal(await redis.type('renamed'), 'string');
  assert.equal(await other.flushdb('ASYNC'), 'OK');
  await other.quit();
}

async function administration(redis) {
  assert.match(await redis.info('server'), /redis_mode:standalone/);
  assert.deepEqual(await redis.config('GET', 'databases'), ['databases', '16']);
  assert.equal(await redis.client('SETNAME', 'node-session'), 'OK');
  assert.match(await redis.client('LIST'), /name=node-session/);
  assert.deepEqual(await redis.command('GETKEYS', 'SET', 'a', 'b'), ['a']);
  assert(await redis.command('COUNT') > 50);
  assert(await redis.memory('USAGE', 'renamed') > 0);
  assert.equal((await redis.time()).length, 2);
}

async function errors(redis) {
  await assert.rejects(redis.incr('text'), /ERR value is not an integer or out of range/);
  await assert.rejects(redis.call('NOSUCH', 'a'), /ERR unknown command 'NOSUCH'/);
  await assert.rejects(redis.call('GET'), /ERR wrong number of arguments for 'get' command/);
  await assert.rejects(redis.set('a', 'b', 'EX', 0), /ERR invalid expire time in 'set' command/);
}

async function messages(redis) {
  const subscriber = connect({ retryStrategy: () => 10 });
  const heard = [];
  subscriber.on('message', (channel, text) => heard.push(`${channel} ${text}`));
  subscriber.on('pmessage', (pattern, channel, text) => heard.push(`${pattern} ${channel} ${text}`));
  assert.equal(await subscriber.subscribe('news', 'weather'), 2);
  assert.equal(await subscriber.psubscribe('user:*'), 3);
  assert.equal(await redis.publish('news', 'hello'), 1);
  assert.equal(await redis.publish('user:17', 'logged in'), 1);
  await until(() => heard.length === 2);
  assert.deepEqual(heard, ['news hello', 'user:* user:17 logged in']);
  await assert.rejects(subscriber.get('x'));
  // Subscriptions come back after the connection broke.
  await redis.client('KILL', 'TYPE', 'pubsub');
  await until(async () => (await redis.publish('news', 'again')) === 1);
  await until(() => heard.includes('news again'));
  assert.equal(await subscriber.unsubscribe('news', 'weather'), 1);
  assert.equal(await subscriber.punsubscribe('user:*'), 0);
  assert.deepEqual(await redis.pubsub('CHANNELS'), []);
  await subscriber.quit();
}

async function reconnection(redis) {
  const mine = connect({ retryStrategy: () => 10 });
  await mine.set('before', 'kept');
  await redis.client('KILL', 'ID', await mine.client('ID'));
  assert.equal(await mine.get('before'), 'kept');
  await mine.quit();
}

async function main() {
  const redis = connect();
  await redis.flushall();
  for (const part of [sessionsWithTtl, cache, counters, pipelines, iteration, binaryValues,
    keysAndDatabases, messages, administration, errors, reconnection]) {
    await part(redis);
    console.log(`ok: node ${part.name}`);
  }
  assert.equal(await redis.quit(), 'OK');
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});

// A leaderboard, a job queue, a session store and an audience as programs use them: applications.js PORT
//
// Prints what it saw. The output is the same with every server that does what Redis does, and the
// same as that of applications.py.
'use strict';

const assert = require('node:assert/strict');
const Redis = require('ioredis');

const connect = () => new Redis({ host: '127.0.0.1', port: Number(process.argv[2]) });
const show = (what, value) => console.log(`${what}: ${JSON.stringify(value)}`);
const byName = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

async function until(condition) {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    assert(Date.now() < deadline, 'waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

// Members with scores, from the flat array that the protocol has.
function pairs(flat) {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}

async function leaderboard(redis) {
  const pipe = redis.pipeline();
  for (let player = 0; player < 5000; ++player) {
    pipe.zadd('board', (player * 7919) % 5003, `player:${String(player).padStart(4, '0')}`);
  }
  const added = await pipe.exec();
  show('board: players added', added.reduce((sum, [, one]) => sum + one, 0));
  show('board: top five', pairs(await redis.zrevrange('board', 0, 4, 'WITHSCORES')));
  show('board: bottom three', pairs(await redis.zrange('board', 0, 2, 'WITHSCORES')));
  for (const [player, points] of [['player:0042', 5000], ['player:0007', 0.5], ['player:4999', -100]]) {
    const score = await redis.zincrby('board', points, player);
    // Python shows a float.
    console.log(`board: ${player} gains ${points}: ${score.includes('.') ? score : `${score}.0`}`);
    show(`board: ${player} is now`, await redis.zrevrank('board', player));
  }
  show('board: around', pairs(await redis.zrevrange('board', 100, 104, 'WITHSCORES')));
  show('board: between', await redis.zcount('board', 1000, '(2000'));
  show('board: page', await redis.zrevrangebyscore('board', 4000, '-inf', 'LIMIT', 10, 5));
  show('board: absent', [await redis.zscore('board', 'nobody'), await redis.zrank('board', 'nobody')]);
  show('board: not lowered', await redis.zadd('board', 'GT', 'CH', 1, 'player:0042'));
  show('board: raised', await redis.zadd('board', 'GT', 'CH', 90000, 'player:0042'));
  const scores = await redis.zmscore('board', 'player:0042', 'nobody', 'player:0000');
  console.log(`board: scores: [${scores.map((score) => (score === null ? 'null' : `${score}.0`))}]`);
  show('board: season', await redis.zunionstore('season', 2, 'board', 'board:none', 'WEIGHTS', 2, 1));
  show("board: season's best", pairs(await redis.zrange('season', 0, 1, 'REV', 'WITHSCORES')));
  show('board: cut', await redis.zremrangebyrank('board', 0, -101));
  show('board: left', await redis.zcard('board'));
  show('board: winner', pairs(await redis.zpopmax('board', 1)));
  for (const name of ['ann', 'bob', 'cid', 'dora']) await redis.zadd('names', 0, name);
  show('board: names', await redis.zrangebylex('names', '[b', '(d'));
}

async function jobQueue(redis) {
  for (let job = 0; job < 20; ++job) await redis.lpush('jobs', JSON.stringify({ id: job }));
  show('queue: waiting', await redis.llen('jobs'));
  const done = [];
  for (;;) {
    const job = await redis.lmove('jobs', 'jobs:active', 'RIGHT', 'LEFT');
    if (job === null) break;
    done.push(JSON.parse(job).id);
    assert.equal(await redis.lrem('jobs:active', 1, job), 1);
  }
  show('queue: in order', done);
  show('queue: nothing left', [await redis.exists('jobs'), await redis.exists('jobs:active')]);

  const taken = [];
  const worker = (async () => {
    const own = connect();
    for (;;) {
      const item = await own.blpop('jobs:urgent', 'jobs', 60);
      if (item[1] === 'stop') break;
      taken.push(item);
    }
    own.disconnect();
  })();
  await until(async () => (await redis.info('clients')).includes('blocked_clients:1\r\n'));
  await redis.rpush('jobs', 'a', 'b', 'c');
  await until(() => taken.length === 3);
  await redis.pipeline().rpush('jobs:urgent', 'now').rpush('jobs', 'later', 'stop').exec();
  await worker;
  show('queue: taken', taken);
  show('queue: timeout', await redis.blpop('jobs:none', 0.01));
  for (let event = 0; event < 1500; ++event) {
    redis.lpush('latest', `event ${event}`);
    await redis.ltrim('latest', 0, 999);
  }
  show('queue: latest kept', await redis.llen('latest'));
  show('queue: latest', await redis.lrange('latest', 0, 2));
  show('queue: oldest', await redis.lindex('latest', -1));
  show('queue: position', await redis.lpos('latest', 'event 1000'));
}

async function sessionStore(redis) {
  for (let user = 0; user < 200; ++user) {
    const key = `session:${user}`;
    await redis.hset(key, { user: `user${user}`, visits: 0, cart: '[]' });
    await redis.expire(key, 3600);
    await redis.sadd('online', user);
  }
  show('session: fields', Object.entries(await redis.hgetall('session:7')).sort(([a], [b]) => byName(a, b)));
  for (let i = 0; i < 3; ++i) await redis.hincrby('session:7', 'visits', 2);
  show('session: visits', await redis.hmget('session:7', 'visits', 'nothing', 'user'));
  show('session: balance', Number(await redis.hincrbyfloat('session:7', 'balance', 10.25)));
  show('session: balance', Number(await redis.hincrbyfloat('session:7', 'balance', '-0.125')));
  const ttl = await redis.ttl('session:7');
  show('session: lives', ttl > 3590 && ttl <= 3600);
  show('session: new field only once', [
    await redis.hsetnx('session:7', 'theme', 'dark'), await redis.hsetnx('session:7', 'theme', 'light')]);
  show('session: logged out', [await redis.del('session:9'), await redis.srem('online', 9)]);
  show('session: online', [
    await redis.scard('online'), await redis.sismember('online', 9), await redis.smismember('online', 1, 9, 400)]);
  await redis.sadd('premium', Array.from({ length: 134 }, (_, i) => 3 * i));
  show('session: premium online', (await redis.sinter('online', 'premium')).length);
  show('session: count of them', await redis.sintercard(2, 'online', 'premium', 'LIMIT', 10));
  show('session: premium offline', await redis.sdiffstore('away', 'premium', 'online'));
  show('session: all', (await redis.sunion('online', 'premium')).length);
  const online = [];
  for await (const page of redis.sscanStream('online')) online.push(...page.map(Number));
  show('session: scan', online.sort((a, b) => a - b).slice(0, 5));
  const fields = [];
  for await (const page of redis.hscanStream('session:7')) fields.push(...pairs(page).map(([field]) => field));
  show('session: field scan', fields.sort(byName));
  show('session: visits sorted', await redis.sort(
    'online', 'BY', 'session:*->visits', 'LIMIT', 0, 1, 'GET', '#', 'GET', 'session:*->user', 'DESC'));
  show('session: emptied', [
    await redis.hdel('session:8', 'user', 'visits', 'cart'), await redis.exists('session:8')]);
  await assert.rejects(redis.hget('online', 'user'), (error) => {
    show('session: wrong type', error.message);
    return true;
  });
}

async function audience(redis) {
  const pipe = redis.pipeline();
  for (let day = 0; day < 3; ++day) {
    for (let user = 0; user < 3000; user += day + 2) pipe.setbit(`day:${day}`, (user * 37) % 20011, 1);
  }
  show('audience: marked', (await pipe.exec()).length);
  const count = (key, ...range) => redis.bitcount(key, ...range);
  show('audience: days', [await count('day:0'), await count('day:1'), await count('day:2')]);
  show('audience: unmarked', [await redis.setbit('day:0', 74, 0), await redis.getbit('day:0', 74)]);
  for (const operation of ['AND', 'OR', 'XOR']) {
    show(`audience: ${operation}`, [
      await redis.bitop(operation, 'result', 'day:0', 'day:1', 'day:2', 'day:none'), await count('result')]);
  }
  show('audience: NOT', [await redis.bitop('NOT', 'result', 'day:2'), await count('result', -9, -1)]);
  show('audience: bits', await count('day:1', 5, -5, 'BIT'));
  show('audience: first and last', [
    await redis.bitpos('day:1', 1), await redis.bitpos('day:1', 1, 8), await redis.bitpos('day:1', 0, 3, 9, 'BIT'),
    await redis.bitpos('day:none', 1)]);
  show('audience: far away', [
    await redis.setbit('far', 2 ** 32 - 1, 1), await count('far'), await redis.strlen('far'),
    await redis.bitpos('far', 1), (await redis.getrange('far', 2 ** 29 - 2, -1)) === '\0\x01']);
  show('audience: no further', await redis.del('far'));
  await assert.rejects(redis.setbit('far', 2 ** 32, 1), (error) => {
    show('audience: too far', error.message.replace(/^ERR /, ''));  // Python leaves that out
    return true;
  });
  show('audience: counters', await redis.bitfield(
    'counters', 'SET', 'u8', '#1', 250, 'INCRBY', 'u8', '#1', 10, 'OVERFLOW', 'SAT', 'INCRBY', 'u8', '#1', 255,
    'OVERFLOW', 'FAIL', 'INCRBY', 'i5', 100, -17, 'GET', 'u63', 0));

  for (let page = 0; page < 3; ++page) {
    for (let start = 0; start < 2000 * page + 20; start += 20) {
      await redis.pfadd(`page:${page}`, Array.from({ length: 20 }, (_, i) => `visitor ${start + i}`));
    }
  }
  show('audience: visitors', [
    await redis.pfcount('page:0'), await redis.pfcount('page:1'), await redis.pfcount('page:2')]);
  show('audience: known', [await redis.pfadd('page:1', 'visitor 7'), await redis.pfadd('page:1', 'somebody')]);
  show('audience: of any page', await redis.pfcount('page:0', 'page:1', 'page:2', 'page:none'));
  await redis.pfmerge('pages', 'page:0', 'page:1');
  show('audience: merged', await redis.pfcount('pages'));
  await assert.rejects(redis.pfadd('counters', 'x'), (error) => {
    show('audience: not a counter', error.message);
    return true;
  });

  show('audience: shops', await redis.geoadd('shops', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania'));
  show('audience: moved', await redis.geoadd('shops', 'CH', 13.4, 38.1, 'Palermo'));
  show('audience: apart', await redis.geodist('shops', 'Palermo', 'Catania', 'km'));
  show('audience: hashes', await redis.geohash('shops', 'Palermo', 'Catania', 'Rome'));
  show('audience: near', await redis.geosearch(
    'shops', 'FROMLONLAT', 15, 37, 'BYRADIUS', 200, 'km', 'ASC', 'WITHDIST'));
  show('audience: in a box', await redis.geosearch('shops', 'FROMMEMBER', 'Catania', 'BYBOX', 100, 100, 'km'));
  show('audience: kept', await redis.geosearchstore('near', 'shops', 'FROMLONLAT', 15, 37, 'BYRADIUS', 200, 'km'));
}

async function main() {
  const redis = connect();
  await redis.flushall();
  await leaderboard(redis);
  await jobQueue(redis);
  await sessionStore(redis);
  await audience(redis);
  redis.disconnect();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

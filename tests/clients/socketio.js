// Two nodes of a chat that reach each other's users through Socket.IO's Redis adapters, and ioredis
// with automatic pipelines: socketio.js PORT
//
// Prints what it saw; the output is the same with every server that does what Redis does.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const Redis = require('ioredis');
const { Server } = require('socket.io');
const { io: connectTo } = require('socket.io-client');
const { createAdapter, createShardedAdapter } = require('@socket.io/redis-adapter');

const options = { host: '127.0.0.1', port: Number(process.argv[2]) };
const show = (what, value) => console.log(`${what}: ${JSON.stringify(value)}`);

async function until(condition) {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    assert(Date.now() < deadline, 'waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

// A node of the chat with one user, who notes what it is told.
async function startNode(name, makeAdapter) {
  const clients = [new Redis(options), new Redis(options)];
  const server = http.createServer();
  const io = new Server(server, { adapter: makeAdapter(...clients) });
  const told = [];
  io.on('connection', (socket) => {
    socket.on('join', async (room, done) => {
      await socket.join(room);
      done();
    });
    socket.on('say', (room, text) => io.to(room).emit('said', `${name} in ${room}: ${text}`));
  });
  io.on('poll', (question, answer) => answer(`${name} answers ${question}`));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const user = connectTo(`http://127.0.0.1:${server.address().port}`, { transports: ['websocket'] });
  user.on('said', (text) => told.push(text));
  await new Promise((resolve) => user.on('connect', resolve));
  const join = (room) => new Promise((resolve) => user.emit('join', room, resolve));
  const stop = async () => {
    user.disconnect();
    await io.close();
    for (const client of clients) client.disconnect();
  };
  return { name, io, user, told, join, stop };
}

async function chat(kind, makeAdapter) {
  const nodes = [await startNode('north', makeAdapter), await startNode('south', makeAdapter)];
  const [north, south] = nodes;
  await until(async () => (await north.io.fetchSockets()).length === 2);
  await until(async () => (await south.io.fetchSockets()).length === 2);
  await north.join('room');
  await south.join('room');
  await south.join('south only');
  await until(async () => (await north.io.in('south only').fetchSockets()).length === 1);
  await until(async () => (await south.io.in('room').fetchSockets()).length === 2);

  for (let i = 0; i < 50; ++i) north.user.emit('say', 'room', `message ${i}`);
  await until(() => nodes.every((node) => node.told.length === 50));
  for (const node of nodes) show(`${kind}: ${node.name} was told`, node.told.splice(0));
  north.user.emit('say', 'south only', 'hello');
  await until(() => south.told.length === 1);
  show(`${kind}: only south was told`, [north.told.length, south.told.splice(0)]);

  show(`${kind}: answers`, (await north.io.serverSideEmitWithAck('poll', 'why')).sort());
  north.io.in('room').socketsJoin('later');
  await until(async () => (await south.io.in('later').fetchSockets()).length === 2);
  south.io.to('later').except('south only').emit('said', 'for north');
  await until(() => north.told.length === 1);
  show(`${kind}: all but south were told`, [north.told.splice(0), south.told.length]);
  north.io.in('room').socketsLeave('room');
  await until(async () => (await south.io.in('room').fetchSockets()).length === 0);
  for (const node of nodes) await node.stop();
}

async function automaticPipelines() {
  const redis = new Redis({ ...options, enableAutoPipelining: true });
  await Promise.all(Array.from({ length: 500 }, (_, i) => redis.set(`key:${i}`, i)));
  const values = await Promise.all(Array.from({ length: 500 }, (_, i) => redis.get(`key:${i}`)));
  show('automatic pipelines: sum', values.reduce((sum, value) => sum + Number(value), 0));
  const counted = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) => (i === 5 ? redis.lpush('key:1', 'x') : redis.incr('count'))));
  show('automatic pipelines: one fails',
    counted.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message)));
  show('automatic pipelines: transaction',
    await redis.multi().incr('count').get('key:7').exec());
  await redis.quit();
}

async function main() {
  await chat('adapter', createAdapter);
  await chat('sharded adapter', createShardedAdapter);
  await automaticPipelines();
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});

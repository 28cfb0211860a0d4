import test from 'node:test';
import assert from 'node:assert/strict';
import { openVarve, memoryStore } from '../../main/resources/io/varve/gateway/static/varve-local.js';
import { eventually, FakeGateway, FAST, seeded } from './fake-gateway.mjs';

const CLIENTS = 6;
const STEPS = 60;
const KEYS = 5;
const SOURCES = ['a', 'b'];

/** Watches what an application sees of a source, and says when it ever went backwards. */
class Watch {
  #last = new Map(); // key → the event that was shown last
  problems = [];

  constructor(varve, source) {
    this.varve = varve;
    this.source = source;
    this.look();
    source.onChange(() => this.look());
  }

  look() {
    for (const key of new Set([...this.#last.keys(), ...this.source.state.keys()])) {
      const [before, now] = [this.#last.get(key), this.source.state.get(key)];
      if (before === now) continue;
      this.#compare(key, before, now);
      this.#last.set(key, now);
    }
  }

  #compare(key, before, now) {
    if (before === undefined) return;
    const say = (what) => this.problems.push(`${this.source.source} ${key}: ${what}: ${JSON.stringify(before)} then ${JSON.stringify(now)}`);
    if (now === undefined) return say('vanished');
    const own = (event) => event.clientId === this.varve.clientId;
    if (own(before) && own(now) && now.clientSeq < before.clientSeq) say('an older own value after a newer');
    if (before.position > 0 && now.position > 0 && now.position < before.position) say('an older position after a newer');
    // Only an event that lies behind ours in the log may take its place.
    if (own(before) && !own(now) && !this.#landedBefore(before, now.position)) say('another value although ours is not below it');
  }

  #landedBefore(event, position) {
    const landed = this.log.events.find((e) => e.clientId === event.clientId && e.clientSeq === event.clientSeq);
    return landed !== undefined && landed.position < position;
  }
}

function faults(random, gateway) {
  return ({ path }) => {
    if (gateway.calm) return null;
    const p = random();
    if (p < 0.06) return 'cut-before';
    if (p < 0.12) return 'cut-after';
    if (p < 0.2 && path === '/v1/push') return 'twice';
    if (p < 0.24) return { status: [500, 503, 504, 429][Math.floor(random() * 4)] };
    if (p < 0.34) return { delayMs: random() * 15 };
    return null;
  };
}

async function run(seed) {
  const random = seeded(seed);
  const gateway = await new FakeGateway().start();
  gateway.fault = faults(random, gateway);
  gateway.pageEvents = 7;
  const clients = [];
  const appended = new Map();
  const problems = [];
  const open = async (i, store) => {
    const errors = (error) => {
      if (['BUFFER_REPLACED', 'EVENTS_LOST', 'LOG_IDENTITY_CHANGED', 'INTERNAL', 'STORE_FAILED', 'REJECTED'].includes(error.code)) problems.push(error.stack);
    };
    const varve = await openVarve({ gateway: [gateway.url, gateway.url], store, timing: FAST, onError: errors });
    const sources = SOURCES.map((s) => varve.source(s));
    const watches = sources.map((source) => {
      const watch = new Watch(varve, source);
      watch.log = gateway;
      return watch;
    });
    const folds = SOURCES.map((s) => varve.source(s, { reduce: (list, e) => [...list, `${e.clientId}/${e.clientSeq}`], initial: [] }));
    clients[i] = { varve, store, sources, watches, folds };
    if (!appended.has(varve.clientId)) appended.set(varve.clientId, 0);
  };
  try {
    for (let i = 0; i < CLIENTS; i++) await open(i, memoryStore());
    for (let step = 0; step < STEPS; step++) {
      const i = Math.floor(random() * CLIENTS);
      const client = clients[i];
      const p = random();
      if (p < 0.7) {
        const n = 1 + Math.floor(random() * 5);
        for (let k = 0; k < n; k++) {
          const source = client.sources[Math.floor(random() * SOURCES.length)];
          const number = appended.get(client.varve.clientId) + 1;
          appended.set(client.varve.clientId, number);
          const { clientSeq } = await source.append({ type: 'T', key: 'k' + Math.floor(random() * KEYS), data: { number } });
          assert.equal(clientSeq, number);
        }
      } else if (p < 0.8) client.varve.simulateOffline(!client.varve.status.simulatedOffline);
      else if (p < 0.9) gateway.cutStreams();
      else if (p < 0.95) {
        problems.push(...client.watches.flatMap((watch) => watch.problems));
        await client.varve.close();
        await open(i, client.store);
      } else await new Promise((resolve) => setTimeout(resolve, random() * 20));
    }
    gateway.calm = true;
    for (const { varve } of clients) varve.simulateOffline(false);
    await Promise.all(clients.map(({ varve }) => varve.drained()));
    await eventually('all at the head', () => clients.every(({ sources, folds }) => [...sources, ...folds].every((s) => s.position === gateway.head)));

    // Each client's events are in the log once, in order, and there is nothing else.
    for (const [clientId, count] of appended) {
      const numbers = gateway.events.filter((e) => e.clientId === clientId);
      assert.deepEqual(numbers.map((e) => e.clientSeq), Array.from({ length: count }, (_, n) => n + 1));
      assert.deepEqual(numbers.map((e) => e.data.number), numbers.map((e) => e.clientSeq));
    }
    assert.equal(gateway.head, [...appended.values()].reduce((a, b) => a + b, 0));
    // Everybody's states are what the log says.
    SOURCES.forEach((source, s) => {
      const inLog = gateway.events.filter((e) => e.source === source);
      const latest = new Map(inLog.map((e) => [e.key, e.position]));
      for (const { sources, folds } of clients) {
        assert.deepEqual(new Map([...sources[s].state].map(([key, e]) => [key, e.position])), new Map([...latest].filter(([key]) => sources[s].state.has(key))));
        assert.equal(sources[s].state.size, latest.size);
        assert.deepEqual(folds[s].state, inLog.map((e) => `${e.clientId}/${e.clientSeq}`));
      }
    });
    problems.push(...clients.flatMap(({ watches }) => watches.flatMap((watch) => watch.problems)));
    assert.deepEqual(problems, []);
  } finally {
    await Promise.all(clients.map(({ varve }) => varve.close()));
    await gateway.stop();
  }
}

const seeds = process.env.VARVE_SEEDS ? process.env.VARVE_SEEDS.split(',').map(Number) : Array.from({ length: 12 }, (_, i) => i + 1);
for (const seed of seeds) {
  test(`all clients converge on a hostile network, and nothing flickers (VARVE_SEEDS=${seed})`, { timeout: 180_000 }, () => run(seed));
}

test('the watch convicts a state that goes back', () => {
  const event = (clientId, clientSeq, position) => ({ clientId, clientSeq, position });
  const cases = [
    [event('me', 2), event('me', 1)],
    [event('you', 1, 5), event('you', 2, 4)],
    [event('me', 2), event('you', 1, 3)],
    [event('me', 2), undefined],
  ];
  for (const [before, now] of cases) {
    const state = new Map([['k', before]]);
    const listeners = [];
    const watch = new Watch({ clientId: 'me' }, { source: 's', state, onChange: (f) => listeners.push(f) });
    watch.log = { events: [] };
    if (now === undefined) state.delete('k');
    else state.set('k', now);
    listeners[0]();
    assert.equal(watch.problems.length, 1);
  }
});

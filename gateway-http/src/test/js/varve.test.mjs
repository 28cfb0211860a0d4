import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStore, openVarve, memoryStore } from '../../main/resources/io/varve/gateway/static/varve-local.js';
import { eventually, FakeGateway, FAST } from './fake-gateway.mjs';

const TIMEOUT = { timeout: 120_000 };

/** A gateway and clients of it, all ended with the test. */
function scenario(name, run) {
  test(name, TIMEOUT, async () => {
    const gateway = await new FakeGateway().start();
    const opened = [];
    const open = async (options = {}) => {
      const varve = await openVarve({ gateway: gateway.url, store: memoryStore(), timing: FAST, ...options });
      opened.push(varve);
      return varve;
    };
    try {
      await run(gateway, open);
    } finally {
      await Promise.all(opened.map((varve) => varve.close()));
      await gateway.stop();
    }
  });
}

const cell = (key, data) => ({ type: 'Painted', key, data });
const is = (varve, state) => eventually(`state ${state}, was ${JSON.stringify(varve.status)}`, () => varve.status.state === state);
const pushes = (gateway) => gateway.requests.filter((r) => r.path === '/v1/push').map((r) => JSON.parse(r.text));
const landed = (gateway) => gateway.events.map((e) => [e.bufferId, e.clientSeq, e.data]);
const seqs = (gateway) => gateway.events.map((e) => e.clientSeq);

scenario('an event goes to the log once, and everybody sees it', async (gateway, open) => {
  const [a, b] = [await open(), await open()];
  const [seenByA, seenByB] = [a.source('s'), b.source('s')];
  const { clientSeq, saved } = await seenByA.append(cell('k', 1));
  await saved;
  assert.equal(clientSeq, 1);
  assert.equal(seenByA.state.get('k').data, 1);
  await a.drained();
  await eventually('b sees it', () => seenByB.state.get('k')?.data === 1);
  assert.deepEqual(landed(gateway), [[a.bufferId, 1, 1]]);
  assert.equal(gateway.events[0].clientId, a.clientId);
  await is(a, 'online');
});

scenario('without a network everything works, and goes out later in order', async (gateway, open) => {
  const varve = await open();
  const source = varve.source('s');
  await is(varve, 'online');
  varve.simulateOffline(true);
  await is(varve, 'offline');
  for (let n = 1; n <= 5; n++) await source.append(cell('k' + (n % 2), n));
  assert.equal(source.pending, 5);
  assert.equal(source.state.get('k1').data, 5);
  assert.equal(source.state.get('k1').pending, true);
  await eventually('status', () => varve.status.pending === 5 && varve.status.simulatedOffline);
  assert.equal(gateway.head, 0);
  varve.simulateOffline(false);
  await varve.drained();
  await is(varve, 'online');
  assert.deepEqual(seqs(gateway), [1, 2, 3, 4, 5]);
  assert.equal(source.pending, 0);
});

scenario('a gateway that cannot be reached is offline; ready comes all the same', async (gateway, open) => {
  const errors = [];
  const varve = await open({ gateway: 'http://127.0.0.1:1', onError: (error) => errors.push(error) });
  const source = varve.source('s');
  await source.ready;
  await source.append(cell('k', 1));
  await is(varve, 'offline');
  assert.equal(varve.status.error.code, 'NETWORK');
  assert.equal(varve.logIdentity, null);
  assert.equal(source.state.get('k').data, 1);
  assert.ok(errors.some((e) => e.code === 'NETWORK'));
});

scenario('another gateway of the list takes over', async (gateway, open) => {
  const varve = await open({ gateway: ['http://127.0.0.1:1', gateway.url] });
  const source = varve.source('s');
  await source.append(cell('k', 1));
  await varve.drained();
  await is(varve, 'online');
});

scenario('a restarted client goes on where it was, offline too', async (gateway, open) => {
  gateway.append({ source: 's', type: 'T', key: 'other', data: 'theirs' });
  const store = memoryStore();
  const first = await open({ store });
  const source = first.source('s');
  await source.append(cell('mine', 1));
  await first.drained();
  await eventually('everything', () => source.state.size === 2 && source.position === 2);
  first.simulateOffline(true);
  await source.append(cell('late', 2));
  await first.close();
  const second = await open({ store, gateway: 'http://127.0.0.1:1' });
  const again = second.source('s');
  await again.ready;
  assert.deepEqual([...again.state.keys()].sort(), ['late', 'mine', 'other']);
  assert.equal(again.position, 2);
  assert.equal(second.clientId, first.clientId);
  await second.close();
  const third = await open({ store });
  await third.drained();
  assert.deepEqual(seqs(gateway), [undefined, 1, 2]);
});

for (const fault of ['cut-before', 'cut-after', 'twice']) {
  scenario(`a push that is ${fault} lands once`, async (gateway, open) => {
    let faults = 0;
    gateway.fault = (request) => (request.path === '/v1/push' && faults++ < 5 ? fault : null);
    const varve = await open();
    const source = varve.source('s');
    for (let n = 1; n <= 10; n++) await source.append(cell('k', n));
    await varve.drained();
    assert.deepEqual(seqs(gateway), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.ok(faults > 0);
  });
}

for (const status of [500, 502, 503, 504, 429]) {
  scenario(`after ${status} a push is repeated`, async (gateway, open) => {
    let faults = 0;
    gateway.fault = ({ path }) => (path === '/v1/push' && faults++ < 3 ? { status } : null);
    const varve = await open();
    await varve.source('s').append(cell('k', 1));
    await varve.drained();
    assert.deepEqual(seqs(gateway), [1]);
    assert.ok(faults >= 4);
  });
}

scenario('waits as long as a gateway asks it to', async (gateway, open) => {
  let asked = 0;
  gateway.fault = ({ path }) => {
    if (path !== '/v1/push' || asked !== 0) return null;
    asked = Date.now();
    return { status: 429, headers: { 'retry-after': '1', 'content-type': 'application/problem+json' }, body: '{"code":"OVERLOADED","detail":"busy"}' };
  };
  const varve = await open();
  await varve.source('s').append(cell('k', 1));
  await varve.drained();
  assert.ok(Date.now() - asked >= 1000);
});

scenario('a rejected event holds the queue until it is discarded; a void goes out', async (gateway, open) => {
  gateway.refuse = (event) => (event.data === 'bad' ? { status: 403, code: 'PERMISSION_DENIED' } : null);
  const varve = await open();
  const source = varve.source('s');
  varve.simulateOffline(true);
  for (const data of [1, 2, 'bad', 4]) await source.append(cell('k' + data, data));
  varve.simulateOffline(false);
  await is(varve, 'rejected');
  assert.deepEqual(seqs(gateway), [1, 2]);
  const [rejected] = varve.rejected();
  assert.equal(rejected.clientSeq, 3);
  assert.equal(rejected.problem.code, 'PERMISSION_DENIED');
  assert.equal(rejected.event.data, 'bad');
  assert.equal(source.state.get('kbad').rejected, true);
  await assert.rejects(varve.drained(), { code: 'REJECTED', clientSeq: 3 });
  await assert.rejects(varve.discard(4), { code: 'NOT_FOUND' });
  await varve.discard(3);
  await varve.drained();
  await is(varve, 'online');
  assert.deepEqual(seqs(gateway), [1, 2, 4]);
  assert.ok(!source.state.has('kbad'));
  assert.deepEqual(pushes(gateway).at(-1).events.map((e) => e.void), [true, undefined]);
});

scenario('a rejected event can be tried again', async (gateway, open) => {
  gateway.refuse = () => ({ status: 403, code: 'PERMISSION_DENIED' });
  const varve = await open();
  await varve.source('s').append(cell('k', 1));
  await is(varve, 'rejected');
  gateway.refuse = () => null;
  await varve.retry();
  await varve.drained();
  assert.deepEqual(seqs(gateway), [1]);
});

scenario('an event that is too large for the log is found in its run and rejected', async (gateway, open) => {
  const varve = await open();
  const source = varve.source('s');
  varve.simulateOffline(true);
  for (const data of [1, 2, 'x'.repeat(100_000), 4]) await source.append(cell('k', data));
  varve.simulateOffline(false);
  await is(varve, 'rejected');
  assert.deepEqual(varve.rejected().map((r) => [r.clientSeq, r.problem.code]), [[3, 'PAYLOAD_TOO_LARGE']]);
  assert.deepEqual(seqs(gateway), [1, 2]);
});

scenario('a refusal that names no event is narrowed down to one', async (gateway, open) => {
  gateway.refuse = (event) => (event.data === 13 ? { status: 400, code: 'INVALID_ARGUMENT', silent: true } : null);
  const varve = await open();
  const source = varve.source('s');
  varve.simulateOffline(true);
  for (let n = 1; n <= 20; n++) await source.append(cell('k', n));
  varve.simulateOffline(false);
  await is(varve, 'rejected');
  assert.deepEqual(varve.rejected().map((r) => r.clientSeq), [13]);
  assert.equal(gateway.head, 12);
});

scenario('a proxy that takes only small bodies gets small bodies', async (gateway, open) => {
  gateway.fault = ({ path, text }) => (path === '/v1/push' && text.length > 3000 ? { status: 413 } : null);
  const varve = await open();
  const source = varve.source('s');
  varve.simulateOffline(true);
  await Promise.all(Array.from({ length: 200 }, (_, n) => source.append(cell('k', n))));
  varve.simulateOffline(false);
  await varve.drained();
  assert.deepEqual(seqs(gateway), Array.from({ length: 200 }, (_, i) => i + 1));
});

scenario('sends runs of at most 500 events and about 1 MiB', async (gateway, open) => {
  const varve = await open();
  const source = varve.source('s');
  varve.simulateOffline(true);
  await Promise.all(Array.from({ length: 1200 }, (_, n) => source.append(cell('k', n))));
  await Promise.all(Array.from({ length: 30 }, () => source.append(cell('k', 'x'.repeat(60_000)))));
  varve.simulateOffline(false);
  await varve.drained();
  assert.equal(gateway.head, 1230);
  for (const { events } of pushes(gateway)) {
    assert.ok(events.length <= 500);
    assert.ok(JSON.stringify(events).length <= 1024 * 1024 + 1000);
  }
});

scenario('a token that ends or is taken away is renewed', async (gateway, open) => {
  const varve = await open();
  const source = varve.source('s');
  await source.append(cell('k', 1));
  await varve.drained();
  await is(varve, 'online');
  gateway.revokeTokens();
  gateway.sendToStreams('event: reauthenticate\ndata: {"expires":"2026-01-01T00:00:00Z"}\n\n', true);
  await source.append(cell('k', 2));
  await varve.drained();
  await is(varve, 'online');
  gateway.append({ source: 's', type: 'T', key: 'k', data: 3 });
  await eventually('3', () => source.state.get('k').data === 3);
});

scenario('a client that is not known says so, and is let in when it is', async (gateway, open) => {
  gateway.refusedClients.set('*', 'CLIENT_UNKNOWN');
  const varve = await open();
  await varve.source('s').append(cell('k', 1));
  await is(varve, 'offline');
  assert.equal(varve.status.error.code, 'CLIENT_UNKNOWN');
  assert.equal(varve.status.error.status, 403);
  gateway.refusedClients.clear();
  await varve.drained();
  await is(varve, 'online');
  assert.equal(varve.status.error, undefined);
});

scenario('works with a gateway in open mode', async (gateway, open) => {
  gateway.mode = 'open';
  const varve = await open();
  await varve.source('s').append(cell('k', 1));
  await varve.drained();
  assert.equal(gateway.events[0].clientId, varve.clientId);
  assert.ok(gateway.requests.every((r) => r.headers.authorization === undefined));
});

scenario('no token ever stands in an address', async (gateway, open) => {
  const varve = await open();
  const source = varve.source('s');
  await source.append(cell('k', 1));
  await varve.drained();
  await is(varve, 'online');
  const tokens = [...gateway.tokens.keys()];
  assert.ok(tokens.length > 0);
  for (const { parameters } of gateway.requests) assert.ok(!Object.values(parameters).some((v) => tokens.includes(v)));
});

scenario('a stream that is cut goes on where it was', async (gateway, open) => {
  const varve = await open();
  const seen = [];
  const source = varve.source('s', { reduce: (state, e) => [...state, e.data], initial: [] });
  source.onChange(({ state }) => seen.push(state));
  await is(varve, 'online');
  for (let n = 1; n <= 30; n++) {
    gateway.append({ source: 's', type: 'T', data: n });
    if (n % 5 === 0) gateway.cutStreams();
    if (n % 7 === 0) gateway.sendToStreams('retry: 5\n\nevent: reconnect\ndata: {"reason":"shutdown"}\n\n', true);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  const all = Array.from({ length: 30 }, (_, i) => i + 1);
  await eventually('all of it', () => source.state.length === 30);
  assert.deepEqual(source.state, all);
  for (const state of seen) assert.deepEqual(state, all.slice(0, state.length));
});

scenario('a stream that is silent for too long is opened anew', async (gateway, open) => {
  const varve = await open({ timing: { ...FAST, watchdogMs: 200 } });
  varve.source('s');
  await eventually('several streams', () => gateway.requests.filter((r) => r.path === '/v1/stream').length >= 3);
  gateway.heartbeatMs = 40;
  await is(varve, 'online');
});

scenario('one stream serves all sources, and drops those that were closed', async (gateway, open) => {
  const varve = await open();
  const sources = ['a/b', '..', 'ü%&?=', 'd'].map((name) => varve.source(name));
  await eventually('a stream of four', () => [...gateway.streams].some((s) => s.sources.size === 4));
  await eventually('one stream', () => gateway.streams.size === 1);
  for (const source of sources) gateway.append({ source: source.source, type: 'T', key: 'k', data: source.source });
  for (const source of sources) await eventually(source.source, () => source.state.get('k')?.data === source.source);
  sources[3].close();
  await eventually('a stream of three', () => gateway.streams.size === 1 && [...gateway.streams][0].sources.size === 3);
  gateway.append({ source: 'a/b', type: 'T', key: 'k', data: 2 });
  await eventually('2', () => sources[0].state.get('k').data === 2);
});

scenario('a source that is opened later catches up and follows', async (gateway, open) => {
  gateway.pageEvents = 3;
  for (let n = 1; n <= 10; n++) gateway.append({ source: 'late', type: 'T', key: 'k' + n, data: n });
  gateway.append({ source: 'late', type: 'T', key: 'k4', tombstone: true });
  const varve = await open();
  varve.source('first');
  await is(varve, 'online');
  const late = varve.source('late');
  const log = varve.source('late', { reduce: (n) => n + 1, initial: 0 });
  await Promise.all([late.ready, log.ready]);
  assert.equal(late.state.size, 9);
  assert.equal(log.state, 11);
  await is(varve, 'online');
  gateway.append({ source: 'late', type: 'T', key: 'k4', data: 'again' });
  await eventually('both', () => late.state.size === 10 && log.state === 12);
});

scenario('a tombstone hides a key before it has landed', async (gateway, open) => {
  gateway.append({ source: 's', type: 'T', key: 'k', data: 1 });
  const varve = await open();
  const source = varve.source('s');
  await source.ready;
  varve.simulateOffline(true);
  await source.append({ type: 'Erased', key: 'k', tombstone: true });
  assert.ok(!source.state.has('k'));
  assert.deepEqual(source.pendingEvents.map((e) => [e.key, e.tombstone, e.pending]), [['k', true, true]]);
  varve.simulateOffline(false);
  await varve.drained();
  await is(varve, 'online');
  assert.ok(!source.state.has('k'));
});

scenario('own events stay on top until they are pulled, though the stream is behind', async (gateway, open) => {
  const varve = await open();
  const source = varve.source('s');
  await is(varve, 'online');
  gateway.fault = ({ path }) => (path === '/v1/stream' || path === '/v1/events' ? { status: 503 } : null);
  gateway.append({ source: 'elsewhere', type: 'T' });
  gateway.cutStreams();
  await source.append(cell('k', 'mine'));
  await varve.drained();
  assert.equal(source.state.get('k').data, 'mine');
  assert.equal(source.state.get('k').pending, undefined);
  gateway.append({ source: 's', type: 'T', key: 'k', data: 'theirs' });
  assert.equal(source.state.get('k').data, 'mine');
  gateway.fault = () => null;
  await eventually('theirs', () => source.state.get('k').data === 'theirs');
});

scenario('an own event that was pulled before its push was answered is not shown, or folded, on top again', async (gateway, open) => {
  const store = memoryStore();
  const varve = await open({ store });
  const [source, count] = [varve.source('s'), varve.source('s', { reduce: (n) => n + 1, initial: 0, cacheAs: 'count' })];
  await is(varve, 'online');
  gateway.fault = ({ path }) => (path === '/v1/push' ? 'hang-after' : null);
  await source.append(cell('k', 'mine'));
  await eventually('it is in the log', () => gateway.head === 1);
  gateway.append({ source: 's', type: 'T', key: 'k', data: 'theirs' });
  await eventually('theirs', () => source.state.get('k').data === 'theirs');
  assert.equal(count.state, 2);
  assert.equal(varve.status.pending, 1);
  const late = varve.source('s', { reduce: (n) => n + 1, initial: 0 });
  await late.ready;
  assert.equal(late.state, 2);
  await varve.close();
  const again = await open({ store, gateway: 'http://127.0.0.1:1' });
  const [later, counted] = [again.source('s'), again.source('s', { reduce: (n) => n + 1, initial: 0, cacheAs: 'count' })];
  await Promise.all([later.ready, counted.ready]);
  assert.equal(later.state.get('k').data, 'theirs');
  assert.equal(counted.state, 2);
});

scenario('a restored log is read again, and gets what it lost and is still held', async (gateway, open) => {
  const errors = [];
  const varve = await open({ onError: (e) => errors.push(e) });
  const source = varve.source('s');
  const buffer = varve.bufferId;
  for (let n = 1; n <= 4; n++) await source.append(cell('k' + n, n));
  await varve.drained();
  await is(varve, 'online');
  varve.simulateOffline(true);
  await source.append(cell('k5', 5));
  gateway.restore(2);
  gateway.append({ source: 's', type: 'T', key: 'other', data: 'new history' });
  const identity = gateway.logIdentity;
  varve.simulateOffline(false);
  await varve.drained();
  await eventually('the new identity', () => varve.logIdentity === identity);
  await is(varve, 'online');
  assert.notEqual(varve.bufferId, buffer);
  const seen = [...source.state].map(([key, event]) => [key, event.data]).sort();
  const log = gateway.events.map((e) => [e.key, e.data]).sort();
  assert.deepEqual(seen, log);
  assert.equal(source.state.get('k5').data, 5);
  assert.equal(new Set(gateway.events.map((e) => e.key)).size, gateway.head, 'nothing landed twice');
  const codes = errors.map((e) => e.code);
  assert.ok(codes.includes('LOG_IDENTITY_CHANGED'));
  // Whatever is not there was reported.
  assert.equal(codes.includes('EVENTS_LOST'), !(source.state.has('k3') && source.state.has('k4')));
});

scenario('what waits is not taken for sent while it moves to the buffer of another log', async (gateway, open) => {
  // From files it takes a while to read again, unlike from memory.
  const directory = mkdtempSync(join(tmpdir(), 'varve-moved-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const store = fileStore(directory);
  const varve = await open({ store });
  const source = varve.source('s');
  await source.append(cell('k1', 1));
  await varve.drained();
  varve.simulateOffline(true);
  await source.append(cell('k2', 2));
  gateway.restore(0);
  gateway.fault = ({ path }) => (path === '/v1/push' ? { status: 503 } : null);
  let drained = false;
  varve.simulateOffline(false);
  const all = varve.drained().then(() => (drained = true));
  await eventually('the new identity', () => varve.logIdentity === gateway.logIdentity);
  await eventually('a push to it', () => pushes(gateway).some((push) => push.bufferId === varve.bufferId && push.events.length > 0));
  assert.equal(drained, false);
  gateway.fault = () => null;
  await all;
  assert.ok(gateway.events.some((e) => e.key === 'k2'));
});

scenario('nothing goes out once it is offline by hand, not even what was about to', async (gateway, open) => {
  const varve = await open();
  const source = varve.source('s');
  await is(varve, 'online');
  await source.append(cell('k', 1));
  varve.simulateOffline(true);
  // Nothing can be waited for: the statement is about time.
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(gateway.head, 0);
  varve.simulateOffline(false);
  await varve.drained();
  assert.equal(gateway.head, 1);
});

scenario('a checkpoint does not put off caching what comes behind it', async (gateway, open) => {
  const store = memoryStore();
  const varve = await open({ store });
  const source = varve.source('s');
  await is(varve, 'online');
  await eventually('it is cached', () => store.model.latest.get('s')?.position === 0);
  gateway.append({ source: 'other', type: 'T' });
  await eventually('a checkpoint', () => source.position === 1);
  const begin = Date.now();
  gateway.append({ source: 's', type: 'T', key: 'k', data: 1 });
  await eventually('it is cached', () => store.model.latest.get('s')?.position === 2);
  assert.ok(Date.now() - begin < 20_000, 'not only once a cache without changes would be due');
});

scenario('what is pulled and cached before its push is answered is dropped all the same', async (gateway, open) => {
  const store = memoryStore();
  let answer;
  const answered = new Promise((resolve) => (answer = resolve));
  const slow = async (url, init) => {
    const response = await fetch(url, init);
    if (url.includes('/v1/push')) await answered;
    return response;
  };
  const varve = await open({ store, fetch: slow });
  const source = varve.source('s');
  await source.append(cell('k', 1));
  await eventually('it is cached', () => store.model.latest.get('s')?.position === 1);
  answer();
  await varve.drained();
  await eventually('it is dropped', () => store.model.entries.size === 0);
});

scenario('what is sent again is shown where it lands then', async (gateway, open) => {
  const varve = await open();
  const source = varve.source('s');
  gateway.fault = ({ path }) => (path === '/v1/stream' || path === '/v1/events' || path === '/v1/latest' ? { status: 503 } : null);
  for (let n = 1; n <= 3; n++) await source.append(cell('k' + n, n));
  await varve.drained();
  const key = [...gateway.origins.keys()][0];
  gateway.origins.set(key, gateway.origins.get(key).slice(0, 1));
  gateway.events.length = 1;
  for (let n = 0; n < 2; n++) gateway.append({ source: 'x', type: 'T' });
  await source.append(cell('k4', 4));
  await varve.drained();
  const inLog = gateway.events.filter((e) => e.source === 's').map((e) => [e.key, e.position]);
  assert.deepEqual([...source.state.values()].map((e) => [e.key, e.position]), inLog);
});

scenario('a copied store moves to a new buffer when it meets the other one', async (gateway, open) => {
  const store = memoryStore();
  const original = await open({ store });
  await original.source('s').append(cell('a', 1));
  await original.drained();
  original.simulateOffline(true);
  await original.source('s').append(cell('same', 2));
  const copy = memoryStore();
  copy.keys = store.keys;
  copy.model = structuredCloneOfModel(store.model);
  original.simulateOffline(false);
  await original.source('s').append(cell('b', 3));
  await original.drained();
  const errors = [];
  gateway.fault = ({ path }) => (path === '/v1/push' ? { status: 503 } : null);
  const second = await open({ store: copy, onError: (e) => errors.push(e.code) });
  const source = second.source('s');
  const { clientSeq } = await source.append(cell('c', 4));
  assert.equal(clientSeq, 3);
  await eventually('the number that was used twice was pulled', () => source.position === 3);
  assert.equal(source.state.get('c').data, 4);
  gateway.fault = () => null;
  await second.drained();
  assert.deepEqual(gateway.events.map((e) => e.data), [1, 2, 3, 4]);
  assert.notEqual(second.bufferId, original.bufferId);
  assert.equal(gateway.events[3].bufferId, second.bufferId);
  assert.ok(errors.includes('BUFFER_REPLACED'));
});

function structuredCloneOfModel(model) {
  const copy = Object.create(Object.getPrototypeOf(model));
  return Object.assign(copy, structuredClone({ ...model }));
}

scenario('a log that expects a number that is gone gets the rest in a new buffer, and that is reported', async (gateway, open) => {
  const errors = [];
  const store = memoryStore();
  const varve = await open({ store, onError: (e) => errors.push(e.code) });
  const source = varve.source('s');
  for (let n = 1; n <= 3; n++) await source.append(cell('k', n));
  await varve.drained();
  await is(varve, 'online');
  await eventually('the state is cached, and what landed is dropped', () => store.model.entries.size === 0);
  const buffer = varve.bufferId;
  gateway.origins.clear();
  await source.append(cell('k', 4));
  await varve.drained();
  assert.equal(gateway.events.at(-1).data, 4);
  assert.notEqual(varve.bufferId, buffer);
  assert.ok(errors.includes('BUFFER_REPLACED') && errors.includes('EVENTS_LOST'));
  assert.equal(varve.status.error.code, 'EVENTS_LOST');
  await varve.retry();
  await eventually('cleared', () => varve.status.error === undefined);
});

scenario('what the log lost and the buffer still holds is sent again under its numbers', async (gateway, open) => {
  const varve = await open();
  const source = varve.source('s');
  gateway.fault = ({ path }) => (path === '/v1/stream' || path === '/v1/events' || path === '/v1/latest' ? { status: 503 } : null);
  for (let n = 1; n <= 3; n++) await source.append(cell('k', n));
  await varve.drained();
  const key = [...gateway.origins.keys()][0];
  gateway.origins.set(key, gateway.origins.get(key).slice(0, 1));
  gateway.events.length = 1;
  await source.append(cell('k', 4));
  await varve.drained();
  assert.deepEqual(landed(gateway).map(([, seq, data]) => [seq, data]), [[1, 1], [2, 2], [3, 3], [4, 4]]);
});

scenario('a reducer that throws leaves the event out and is reported', async (gateway, open) => {
  const errors = [];
  const varve = await open({ onError: (e) => errors.push(e.code) });
  const reduce = (sum, e) => {
    if (e.data === 'x') throw new Error('no number');
    return sum + e.data;
  };
  const source = varve.source('s', { reduce, initial: 0 });
  for (const data of [1, 'x', 2]) gateway.append({ source: 's', type: 'T', data });
  await eventually('3', () => source.state === 3);
  assert.ok(errors.includes('REDUCE_FAILED'));
});

scenario('a reduced state is cached when it has a name', async (gateway, open) => {
  const store = memoryStore();
  const options = { reduce: (sum, e) => sum + e.data, initial: 0, cacheAs: 'sum-1' };
  const first = await open({ store });
  const source = first.source('s', options);
  for (const data of [1, 2, 3]) gateway.append({ source: 's', type: 'T', data });
  await eventually('6', () => source.state === 6);
  await first.close();
  const second = await open({ store, gateway: 'http://127.0.0.1:1' });
  const again = second.source('s', options);
  await again.ready;
  assert.equal(again.state, 6);
  const renamed = second.source('s', { ...options, cacheAs: 'sum-2' });
  await renamed.ready;
  assert.equal(renamed.state, 0);
});

scenario('without the overlay a state is what the log has', async (gateway, open) => {
  const varve = await open({ overlay: false });
  const source = varve.source('s');
  await source.ready;
  varve.simulateOffline(true);
  await source.append(cell('k', 1));
  assert.equal(source.state.size, 0);
  assert.equal(source.pending, 1);
  varve.simulateOffline(false);
  await eventually('1', () => source.state.get('k')?.data === 1);
});

scenario('a full store rejects the append, says so, and recovers', async (gateway, open) => {
  const store = memoryStore();
  const varve = await open({ store });
  const source = varve.source('s');
  const append = store.append.bind(store);
  store.append = async () => {
    throw Object.assign(new Error('full'), { name: 'QuotaExceededError' });
  };
  await assert.rejects(source.append(cell('k', 1)), { code: 'STORE_FAILED' });
  await eventually('status.error', () => varve.status.error?.code === 'STORE_FAILED');
  assert.equal(source.state.size, 0);
  store.append = append;
  assert.equal((await source.append(cell('k', 1))).clientSeq, 1);
  await eventually('no error', () => varve.status.error === undefined);
});

scenario('bad events and options get errors that name the field', async (gateway, open) => {
  const varve = await open();
  const source = varve.source('s');
  const cases = [
    [undefined, 'event'], [{}, 'type'], [{ type: '' }, 'type'], [{ type: 5 }, 'type'], [{ type: 'T', key: '\ud800' }, 'key'],
    [{ type: 'T', key: 'a\0' }, 'key'], [{ type: 'T', colour: 1 }, 'colour'], [{ type: 'T', tombstone: true }, 'tombstone'],
    [{ type: 'T', tags: ['a', 1] }, 'tags[1]'], [{ type: 'T', data: 1, dataBase64: '' }, 'data'], [{ type: 'T', data: 1n }, 'data'],
    [{ type: 'T', source: 'other' }, 'source'],
  ];
  for (const [event, field] of cases) await assert.rejects(source.append(event), { code: 'INVALID_ARGUMENT', field });
  await assert.rejects(source.append({ type: 'T', data: 'x'.repeat(5_000_000) }), { code: 'PAYLOAD_TOO_LARGE' });
  assert.throws(() => varve.source(''), { field: 'source' });
  assert.throws(() => varve.source('s', { reduce: 1 }), { field: 'reduce' });
  await assert.rejects(openVarve({ gatway: '' }), { field: 'gatway' });
  await assert.rejects(openVarve({ gateway: 'varve.example', store: memoryStore() }), { field: 'gateway' });
  await assert.rejects(openVarve({ gateway: '', store: memoryStore() }), { field: 'gateway' });
  await assert.rejects(openVarve({ gateway: 'http://h', name: 'a b', store: memoryStore() }), { field: 'name' });
  await assert.rejects(openVarve({ gateway: 'http://h' }), { field: 'store' });
  for (let n = 0; n < 63; n++) varve.source('s' + n);
  assert.throws(() => varve.source('one too many'), /at most 64/);
  assert.equal(gateway.head, 0);
  assert.equal(source.pending, 0);
});

scenario('after close nothing is taken any more', async (gateway, open) => {
  const varve = await open();
  const source = varve.source('s');
  await varve.close();
  await assert.rejects(source.append(cell('k', 1)), { code: 'CLOSED' });
  assert.throws(() => varve.source('t'), { code: 'CLOSED' });
  await varve.close();
});

scenario('bytes go out as base64', async (gateway, open) => {
  const varve = await open();
  await varve.source('s').append({ type: 'T', data: Uint8Array.of(0, 255, 128), contentType: 'application/octet-stream' });
  await varve.drained();
  assert.equal(gateway.events[0].dataBase64, 'AP+A');
});

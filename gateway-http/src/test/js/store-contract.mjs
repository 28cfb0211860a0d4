/**
 * What every store of varve-local.js must do, whatever it keeps its events in. Imports nothing, so that it runs in
 * Node.js and in a browser's page alike.
 *
 * @param {(name: string, run: () => Promise<void>) => void} test registers a test
 * @param {() => Promise<{open: () => Promise<object>, durable: boolean}>} place makes a new, empty place; each call of
 *     its `open` opens a store there, with what the ones before left when it is durable
 */
export function storeContract(test, place) {
  const body = (n) => JSON.stringify({ source: 's', type: 'T', key: `k${n}`, data: n });
  const items = (...numbers) => numbers.map((n) => ({ source: 's', body: body(n) }));
  const all = { maxEvents: 1000, maxBytes: 1e9 };
  const numbersOf = (entries) => entries.map((entry) => entry.seq);
  const event = (key, position, more = {}) => ({ source: 's', type: 'T', key, position, ...more });
  const L = 'log-1';

  const withStore = (name, run, identity = L) =>
    test(name, async () => {
      const here = await place();
      const store = await here.open();
      try {
        await store.setLogIdentity(identity);
        await run(store, here);
      } finally {
        await store.close();
      }
    });

  withStore('gives numbers from 1 without gaps, and one buffer id', async (store) => {
    const first = await store.append(items(1));
    const rest = await store.append(items(2, 3));
    equal(numbersOf([...first, ...rest]), [1, 2, 3]);
    const { bufferId, nextSeq, entries } = await store.load();
    equal(nextSeq, 4);
    equal(entries.map((e) => [e.seq, e.bufferId, e.body, e.state]), [1, 2, 3].map((n) => [n, bufferId, body(n), 'pending']));
  });

  withStore('gives appends that come at once each its own number, in order', async (store) => {
    const made = await Promise.all(Array.from({ length: 50 }, (_, n) => store.append(items(n))));
    equal(made.map(([entry]) => [entry.seq, entry.body]), made.map((_, n) => [n + 1, body(n)]));
  });

  test('keeps everything for the next one to open it', async () => {
    const here = await place();
    if (!here.durable) return;
    const store = await here.open();
    await store.append(items(1, 2, 3, 4));
    await store.setLogIdentity(L);
    const before = await store.load();
    await store.landed(before.bufferId, 1, [[1, 7]], 9);
    await store.reject(before.bufferId, 2, { code: 'INVALID_ARGUMENT', detail: 'no' });
    await store.saveLatest('s', { logIdentity: L, from: 0, to: 5, full: true, set: [event('a', 3)], del: [] });
    await store.saveFold('s', 'sum', { logIdentity: L, position: 4, state: { sum: 1 } });
    await store.close();
    const again = await here.open();
    try {
      const after = await again.load();
      equal([after.bufferId, after.nextSeq, after.logIdentity], [before.bufferId, 5, L]);
      equal(after.entries.map((e) => [e.seq, e.state, e.position]), [[1, 'landed', 7], [2, 'rejected', undefined], [3, 'pending', undefined], [4, 'pending', undefined]]);
      equal((await again.loadSource('s')).latest.events, [event('a', 3)]);
      equal((await again.loadFold('s', 'sum')).state, { sum: 1 });
      equal(numbersOf(await again.append(items(5))), [5]);
    } finally {
      await again.close();
    }
  });

  test('keeps the first key pair it is given', async () => {
    const here = await place();
    const store = await here.open();
    const { subtle } = globalThis.crypto;
    const make = async () => {
      const pair = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, store.extractableKeys, ['sign', 'verify']);
      const { kty, crv, x, y } = await subtle.exportKey('jwk', pair.publicKey);
      return { jwk: { kty, crv, x, y }, privateKey: pair.privateKey };
    };
    equal(await store.loadKeys(subtle), null);
    const mine = await make();
    equal((await store.saveKeys(mine, subtle)).jwk.x, mine.jwk.x);
    equal((await store.saveKeys(await make(), subtle)).jwk.x, mine.jwk.x);
    await store.close();
    if (!here.durable) return;
    const again = await here.open();
    const kept = await again.loadKeys(subtle);
    await again.close();
    equal(kept.jwk.x, mine.jwk.x);
    equal(kept.privateKey.extractable, false);
    await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, kept.privateKey, new Uint8Array(1));
  });

  withStore('hands out runs in order, within both bounds, and at least one event', async (store) => {
    await store.append(items(1, 2, 3, 4, 5));
    equal(numbersOf((await store.unsent({ maxEvents: 2, maxBytes: 1e9 })).run), [1, 2]);
    equal(numbersOf((await store.unsent({ maxEvents: 9, maxBytes: 1 })).run), [1]);
    equal(numbersOf((await store.unsent({ maxEvents: 9, maxBytes: 300 })).run).length > 1, true);
    const { bufferId } = await store.load();
    await store.landed(bufferId, 3, [[1, 1], [2, 2], [3, 3]], 3);
    equal(numbersOf((await store.unsent(all)).run), [4, 5]);
  });

  withStore('remembers where events landed, or a bound on it', async (store) => {
    await store.append(items(1, 2, 3));
    const { bufferId } = await store.load();
    await store.landed(bufferId, 2, [[2, 11]], 20);
    equal((await store.load()).entries.map((e) => [e.state, e.position, e.exact]), [['landed', 20, false], ['landed', 11, true], ['pending', undefined, undefined]]);
    await store.landed(bufferId, 2, [[1, 10]], 30);
    equal((await store.load()).entries.map((e) => e.position), [10, 11, undefined]);
    await store.landed('another buffer', 3, [[3, 12]], 30);
    equal((await store.load()).entries[2].state, 'pending');
  });

  withStore('holds a rejected event, and what is behind it', async (store) => {
    await store.append(items(1, 2, 3));
    const { bufferId } = await store.load();
    await store.reject(bufferId, 2, { code: 'PERMISSION_DENIED', detail: 'no' });
    let unsent = await store.unsent(all);
    equal([numbersOf(unsent.run), unsent.blocked.seq], [[1], 2]);
    equal(await store.discard(1), false);
    equal(await store.discard(2), true);
    equal(await store.discard(2), false);
    unsent = await store.unsent(all);
    equal(unsent.run.map((e) => [e.seq, e.state]), [[1, 'pending'], [2, 'void'], [3, 'pending']]);
    await store.landed(bufferId, 3, [[1, 1], [2, 0], [3, 2]], 2);
    equal(numbersOf((await store.load()).entries), [1, 3]);
  });

  withStore('takes a rejection back', async (store) => {
    await store.append(items(1));
    const { bufferId } = await store.load();
    await store.reject(bufferId, 1, { code: 'X', detail: '' });
    await store.unreject();
    const [entry] = (await store.load()).entries;
    equal([entry.state, entry.problem], ['pending', undefined]);
  });

  withStore('sends again what the log turns out not to have, when it holds all of it', async (store) => {
    await store.append(items(1, 2, 3));
    const { bufferId } = await store.load();
    await store.landed(bufferId, 3, [[1, 1], [2, 2], [3, 3]], 3);
    equal(await store.unland(bufferId, 2), true);
    equal((await store.load()).entries.map((e) => e.state), ['landed', 'pending', 'pending']);
    await store.landed(bufferId, 2, [[2, 2]], 2);
    await store.dropLanded('s', 2);
    equal(await store.unland(bufferId, 2), false);
    equal((await store.load()).entries.map((e) => [e.seq, e.state]), [[3, 'pending']]);
  });

  withStore('moves what the log does not have to a new buffer, with new numbers', async (store) => {
    await store.append(items(1, 2, 3, 4, 5, 6));
    const { bufferId } = await store.load();
    await store.landed(bufferId, 3, [[1, 1], [2, 2], [3, 3]], 3);
    await store.dropLanded('s', 2);
    await store.reject(bufferId, 4, { code: 'X', detail: '' });
    await store.discard(4);
    await store.reject(bufferId, 5, { code: 'Y', detail: '' });
    await store.saveLatest('s', { logIdentity: L, from: 0, to: 2, full: true, set: [event('a', 2)], del: [] });
    const rotated = await store.rotate({ bufferId, landedThrough: 1, logIdentity: 'log-2', forgetStates: true });
    equal([rotated.moved, rotated.lost], [3, [2, 2]]);
    const after = await store.load();
    equal(after.bufferId, rotated.bufferId);
    equal(after.bufferId === bufferId, false);
    equal([after.nextSeq, after.logIdentity], [4, 'log-2']);
    equal(after.entries.map((e) => [e.seq, e.bufferId, e.body, e.state]), [
      [1, after.bufferId, body(3), 'pending'], [2, after.bufferId, body(5), 'rejected'], [3, after.bufferId, body(6), 'pending'],
    ]);
    equal((await store.loadSource('s')).latest, null);
    equal(await store.rotate({ bufferId, landedThrough: 0, logIdentity: 'log-3', forgetStates: true }), null);
  });

  withStore('caches a state by its changes', async (store) => {
    equal(await store.saveLatest('s', { logIdentity: L, from: 0, to: 5, full: true, set: [event('a', 1), event('b', 5)], del: [] }), 'apply');
    equal(await store.saveLatest('s', { logIdentity: L, from: 5, to: 8, full: false, set: [event('a', 7)], del: ['b'] }), 'apply');
    const { latest } = await store.loadSource('s');
    equal([latest.position, latest.logIdentity, latest.events], [8, L, [event('a', 7)]]);
    equal((await store.loadSource('other')).latest, null);
    await store.forgetSource('s');
    equal((await store.loadSource('s')).latest, null);
  });

  withStore('takes no change of a state that does not fit what is cached', async (store) => {
    const change = (from, to, full = false, logIdentity = L) => ({ logIdentity, from, to, full, set: [event('a', to)], del: [] });
    equal(await store.saveLatest('s', change(3, 5)), 'stale');
    equal(await store.saveLatest('s', change(0, 5, true)), 'apply');
    equal(await store.saveLatest('s', change(6, 9)), 'stale');
    equal(await store.saveLatest('s', change(2, 4)), 'skip');
    equal(await store.saveLatest('s', change(0, 4, true)), 'skip');
    equal(await store.saveLatest('s', change(4, 6)), 'apply');
    equal(await store.saveLatest('s', change(6, 7, true, 'log-0')), 'skip');
    equal((await store.loadSource('s')).latest.position, 6);
  });

  withStore('drops landed events only once the cached state has them', async (store) => {
    await store.append(items(1, 2));
    const { bufferId } = await store.load();
    await store.landed(bufferId, 2, [[1, 3], [2, 6]], 6);
    await store.saveLatest('s', { logIdentity: L, from: 0, to: 2, full: true, set: [], del: [] });
    await store.dropLanded('s', 100);
    equal(numbersOf((await store.loadSource('s')).entries), [1, 2]);
    await store.saveLatest('s', { logIdentity: L, from: 2, to: 4, full: false, set: [], del: [] });
    equal(numbersOf((await store.loadSource('s')).entries), [2]);
    equal(numbersOf((await store.loadSource('other')).entries), []);
  });

  withStore('is closed once it is closed', async (store) => {
    await store.close();
    let failed = false;
    try {
      await store.append(items(1));
    } catch {
      failed = true;
    }
    equal(failed, true);
  });
}

function equal(actual, expected) {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== e) throw new Error(`expected ${e}\n but was ${a}`);
}

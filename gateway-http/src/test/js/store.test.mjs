import test, { describe } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileStore, memoryStore } from '../../main/resources/io/varve/gateway/static/varve-local.js';
import { storeContract } from './store-contract.mjs';

const directories = [];
const directory = () => {
  directories.push(mkdtempSync(join(tmpdir(), 'varve-store-')));
  return directories.at(-1);
};
process.on('exit', () => directories.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

async function opened(store) {
  await store.open();
  return store;
}
const item = (n) => ({ source: 's', body: JSON.stringify({ source: 's', type: 'T', data: n }) });
const journalOf = (dir) => join(dir, readdirSync(dir).filter((f) => /^journal-\d+$/.test(f)).at(-1));

describe('memoryStore', () => {
  storeContract(test, async () => ({ durable: false, open: () => opened(memoryStore()) }));
});

describe('fileStore', () => {
  storeContract(test, async () => {
    const dir = directory();
    return { durable: true, open: () => opened(fileStore(dir)) };
  });

  test('cuts a torn tail off, wherever it was torn, and loses nothing before it', async () => {
    const dir = directory();
    const store = await opened(fileStore(dir));
    for (let n = 1; n <= 3; n++) await store.append([item(n)]);
    await store.close();
    const whole = readFileSync(journalOf(dir));
    const last = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (let cut = last; cut < whole.length; cut++) {
      const torn = directory();
      writeFileSync(join(torn, 'journal-1'), whole.subarray(0, cut));
      const again = await opened(fileStore(torn));
      assert.equal((await again.load()).entries.length, 2, `cut at ${cut}`);
      assert.deepEqual((await again.append([item(9)])).map((e) => e.seq), [3]);
      await again.close();
      const third = await opened(fileStore(torn));
      assert.equal((await third.load()).entries.length, 3);
      await third.close();
    }
  });

  test('refuses a journal that was damaged in the middle, and leaves it as it is', async () => {
    const dir = directory();
    const store = await opened(fileStore(dir));
    for (let n = 1; n <= 3; n++) await store.append([item(n)]);
    await store.close();
    const bytes = readFileSync(journalOf(dir));
    bytes[bytes.indexOf(10) + 15] ^= 1;
    writeFileSync(journalOf(dir), bytes);
    await assert.rejects(fileStore(dir).open(), { code: 'STORE_CORRUPT' });
    assert.deepEqual(readFileSync(journalOf(dir)), bytes);
  });

  test('belongs to one at a time, and is free when that one closes', async () => {
    const dir = directory();
    const store = await opened(fileStore(dir));
    await assert.rejects(fileStore(dir).open(), { code: 'STORE_LOCKED' });
    await store.close();
    await (await opened(fileStore(dir))).close();
  });

  test('is taken over from a process that was killed, by only one of those that try', async () => {
    const dir = directory();
    const holder = spawn(process.execPath, [fileURLToPath(new URL('file-store-writer.mjs', import.meta.url)), dir], { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    await assert.rejects(fileStore(dir).open(), { code: 'STORE_LOCKED' });
    const gone = new Promise((resolve) => holder.once('exit', resolve));
    holder.kill('SIGKILL');
    await gone;
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => opened(fileStore(dir))));
    const won = tries.filter((t) => t.status === 'fulfilled');
    assert.equal(won.length, 1);
    for (const { reason } of tries.filter((t) => t.status === 'rejected')) assert.equal(reason.code, 'STORE_LOCKED');
    await won[0].value.close();
  });

  test('compacts its journal, also while events are appended', async () => {
    const dir = directory();
    const store = await opened(fileStore(dir));
    const { bufferId } = await store.load();
    const large = 'x'.repeat(100_000);
    for (let n = 1; n <= 120; n++) {
      const appended = Promise.all([store.append([{ source: 's', body: `{"source":"s","type":"T","data":"${large}"}` }]), store.append([item(n)])]);
      await appended;
      if (n % 10 === 0) {
        await store.landed(bufferId, 2 * n - 4, [], n);
        await store.dropLanded('s', n);
      }
    }
    const before = await store.load();
    assert.ok(statSync(journalOf(dir)).size < 6 * 1024 * 1024);
    assert.notEqual(journalOf(dir), join(dir, 'journal-1'));
    await store.close();
    const again = await opened(fileStore(dir));
    assert.deepEqual(await again.load(), before);
    assert.equal(before.nextSeq, 241);
    await again.close();
  });

  test('keeps its key and its events to its owner', async () => {
    const dir = directory();
    const store = await opened(fileStore(dir));
    const { subtle } = globalThis.crypto;
    const pair = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    await store.saveKeys({ jwk: await subtle.exportKey('jwk', pair.publicKey), privateKey: pair.privateKey }, subtle);
    await store.append([item(1)]);
    await store.close();
    for (const file of readdirSync(dir)) assert.equal(statSync(join(dir, file)).mode & 0o077, 0, file);
  });

  test('takes back what it could not write, and says why', { skip: process.platform !== 'linux' }, async () => {
    // A limit on the size of files, as a full disk would be: EFBIG instead of ENOSPC.
    const dir = directory();
    const run = spawn('bash', ['-c', `ulimit -f 64; trap '' XFSZ; exec "${process.execPath}" "$0" "$1" full`, fileURLToPath(new URL('file-store-writer.mjs', import.meta.url)), dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    run.stdout.on('data', (piece) => (output += piece));
    await new Promise((resolve) => run.once('close', resolve));
    const told = JSON.parse(output.trim().split('\n').at(-1));
    assert.equal(told.failure, 'QUOTA_EXCEEDED');
    assert.ok(told.saved > 0);
    const again = await opened(fileStore(dir));
    const { entries } = await again.load();
    assert.deepEqual(entries.map((e) => e.seq), Array.from({ length: told.saved }, (_, i) => i + 1));
    await again.close();
  });
});

test('a kill at any instant loses nothing that was saved', { timeout: 300_000 }, async () => {
  const dir = directory();
  const script = fileURLToPath(new URL('file-store-writer.mjs', import.meta.url));
  const saved = new Map(); // number → what was appended
  let kills = 0;
  for (let round = 0; round < 25; round++) {
    const child = spawn(process.execPath, [script, dir, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let rest = '';
    let lines = 0;
    const killAfter = 1 + ((round * 37) % 120);
    child.stdout.on('data', (piece) => {
      rest += piece;
      const parts = rest.split('\n');
      rest = parts.pop();
      for (const line of parts.filter((l) => l.startsWith('saved '))) {
        const [, seq, value] = line.split(' ');
        assert.ok(!saved.has(Number(seq)), `number ${seq} was given out twice`);
        saved.set(Number(seq), value);
        if (++lines === killAfter) child.kill('SIGKILL');
      }
    });
    const signal = await new Promise((resolve) => child.once('close', (code, signal) => resolve(signal)));
    if (signal === 'SIGKILL') kills++;
    const store = await opened(fileStore(dir));
    const held = new Map((await store.load()).entries.map((e) => [e.seq, JSON.parse(e.body).data]));
    for (const [seq, value] of saved) assert.equal(held.get(seq), value, `number ${seq}, after round ${round}`);
    assert.deepEqual([...held.keys()], Array.from({ length: held.size }, (_, i) => i + 1));
    await store.close();
  }
  assert.equal(kills, 25, 'every writer was killed, not ended');
  assert.ok(saved.size >= 25);
});

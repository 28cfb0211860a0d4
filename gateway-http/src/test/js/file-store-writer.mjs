// TEST CODE: a process that appends to a file store until it is killed, and prints what was saved.
import { fileStore } from '../../main/resources/io/varve/gateway/static/varve-local.js';

const [dir, round] = process.argv.slice(2);
const store = fileStore(dir);
await store.open();
if (round === undefined) {
  console.log('open');
  setInterval(() => {}, 1000);
} else if (round === 'full') {
  let saved = 0;
  let failure = null;
  while (failure === null && saved < 10_000) {
    try {
      await store.append([{ source: 's', body: JSON.stringify({ source: 's', type: 'T', data: 'x'.repeat(1000) }) }]);
      saved++;
    } catch (error) {
      failure = error.code;
    }
  }
  console.log(JSON.stringify({ saved, failure }));
} else {
  for (let n = 0; ; n += 3) {
    await Promise.all(
      [n, n + 1, n + 2].map(async (i) => {
        const value = `${round}-${i}`;
        const [{ seq }] = await store.append([{ source: 's', body: JSON.stringify({ source: 's', type: 'T', data: value }) }]);
        process.stdout.write(`saved ${seq} ${value}\n`);
      }),
    );
    // Now and then, so that kills also meet a compaction.
    if (n % 30 === 0) await store.saveFold('s', 'pad', { logIdentity: null, position: n, state: 'p'.repeat(700_000) });
  }
}

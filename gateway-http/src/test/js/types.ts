// Type-checked, not run: what an application in TypeScript writes against varve-local.d.ts.
import { openVarve, memoryStore, fileStore, indexedDbStore, SseParser, VarveError } from 'varve-local';
import type { NewEvent, SeenEvent, Source, Varve, VarveStatus } from 'varve-local';

const varve: Varve = await openVarve({ gateway: ['https://a.example', 'https://b.example'], store: memoryStore(), timing: { backoffMaxMs: 5000 } });
const cells: Source<ReadonlyMap<string, SeenEvent>> = varve.source('canvas/main');
const stop: () => void = cells.onChange(({ state, pending, position, caughtUp, changed }) => {
  for (const key of changed) console.log(key, state.get(key)?.data, pending + position, caughtUp);
});
const event: NewEvent = { type: 'Painted', key: '1,1', data: { colour: 'red' }, tags: ['a'] };
const { clientSeq, saved } = await cells.append(event);
await saved;
const sum = varve.source<number>('sum', { reduce: (total, e) => total + Number(e.data), initial: 0, cacheAs: 'sum-1' });
const total: number = sum.state + clientSeq;
const status: VarveStatus = varve.status;
if (status.error?.code === 'QUOTA_EXCEEDED') console.log(status.error.detail, total);
for (const rejected of varve.rejected()) await varve.discard(rejected.clientSeq);
try {
  await varve.drained();
} catch (error) {
  if (error instanceof VarveError) console.log(error.code, error.status);
}
new SseParser({ onMessage: ({ type, data, id }) => console.log(type, data, id) }).push(new Uint8Array());
await openVarve({ store: fileStore('./buffer') });
await openVarve({ store: indexedDbStore('other') });

// @ts-expect-error an event needs a type
await cells.append({ key: 'k' });
// @ts-expect-error there is no such option
await openVarve({ gatway: '' });
// @ts-expect-error reduce comes with its initial state
varve.source<number>('s', { reduce: (n: number) => n });
// @ts-expect-error no such state
if (status.state === 'on-line') stop();

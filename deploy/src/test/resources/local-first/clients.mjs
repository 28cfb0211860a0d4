// Clients of varve-local.js in one Node process, for LocalFirstUnderFaultsTest, which starts it as
//   node clients.mjs MODULE COUNT SEED DIRECTORY SOURCE GATEWAY...
// and tells it by lines on standard input what to do; it answers by lines of JSON:
//   "append N"  every client appends N events, going offline now and then      -> {"appended":true}
//   "settle"    all go online and wait until nothing is pending                -> {"settled":true}
//   "report"    what each appended, under which number, and its merged state   -> one line a client, then {"reported":true}
//   "pending"   how many are pending in all                                    -> {"pending":n}
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const [module, count, seed, directory, source, ...gateways] = process.argv.slice(2);
const { openVarve, fileStore } = await import(pathToFileURL(module).href);

/** A small generator of chance (mulberry32), so that a seed repeats what is chosen. */
function chances(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const clients = [];
for (let i = 0; i < Number(count); i++) {
  const random = chances(Number(seed) + i);
  // Each begins with another gateway of the list.
  const start = i % gateways.length;
  const varve = await openVarve({
    gateway: [...gateways.slice(start), ...gateways.slice(0, start)],
    name: `node-${i}`,
    store: fileStore(join(directory, `node-${i}`)),
  });
  const view = varve.source(source);
  clients.push({ varve, view, random, appended: [], i });
}
say({ opened: clients.length });

async function appendMany(client, events) {
  for (let n = 0; n < events; n++) {
    const { random, varve, view, appended, i } = client;
    if (random() < 0.1) {
      varve.simulateOffline(!varve.status.simulatedOffline);
    }
    const key = `k${Math.floor(random() * 40)}`;
    const data = { by: `node-${i}`, n: appended.length + 1 };
    const { clientSeq } = await view.append({ type: 'Painted', key, data });
    appended.push({ clientSeq, key, data });
    await pause(random() * 200);
  }
}

function stateOf(view) {
  const state = {};
  for (const [key, event] of view.state) {
    state[key] = event.data;
  }
  return state;
}

const commands = {
  async append(n) {
    await Promise.all(clients.map((client) => appendMany(client, Number(n))));
    say({ appended: true });
  },
  async settle() {
    clients.forEach(({ varve }) => varve.simulateOffline(false));
    while (clients.some(({ varve }) => varve.status.pending > 0)) {
      await pause(50);
    }
    say({ settled: true });
  },
  async pending() {
    say({ pending: clients.reduce((sum, { varve }) => sum + varve.status.pending, 0) });
  },
  async report() {
    for (const { varve, view, appended } of clients) {
      say({ clientId: varve.clientId, bufferId: varve.bufferId, status: varve.status, appended, state: stateOf(view) });
    }
    say({ reported: true });
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = line.trim().split(' ');
  // Not awaited: "pending" is asked while "append" is under way.
  commands[name](argument).catch((error) => say({ error: String(error && error.stack) }));
}
// The test is gone.
process.exit(0);

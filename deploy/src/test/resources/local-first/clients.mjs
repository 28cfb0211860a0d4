// Clients of varve-local.js in one Node process, for LocalFirstUnderFaultsTest, which starts it as
//   node clients.mjs MODULE COUNT SEED DIRECTORY SOURCE KEYS TIMING GATEWAY...
// and tells it by lines on standard input what to do; it answers by lines of JSON:
//   "append MS" every client appends until it is told to stop, MS on average between two
//               events, going offline now and then, and now and then closed and opened again
//   "stop"      appends no more, and all go online                             -> {"appended":true,"opened":n}
//   "settle N"  waits until all have landed, and show the log up to position N -> {"settled":true}
//   "look"      how those are that have not come so far                        -> {"looked":[...]}
//   "report"    what each appended, what it shows, and what came back          -> one line a client, then {"reported":true}
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const [module, count, seed, directory, source, keys, timing, ...gateways] = process.argv.slice(2);
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

/** As ShownOrder.java: what was replaced must not come back, and a writer's events come in order. */
class ShownOrder {
  findings = [];
  changes = 0;
  #shown = new Map(); // key -> {writer, number}
  #least = new Map(); // key and writer -> the least number that may still be shown

  look(key, event) {
    const now = event && { writer: `${event.clientId}/${event.bufferId}`, number: event.clientSeq };
    const before = this.#shown.get(key);
    if (now?.writer === before?.writer && now?.number === before?.number) return;
    if (before !== undefined) this.#raise(`${key} ${before.writer}`, before.number + 1);
    this.#shown.set(key, now);
    if (now === undefined) return;
    this.changes++;
    const least = this.#least.get(`${key} ${now.writer}`) ?? 1;
    if (now.number < least && this.findings.length < 5) {
      this.findings.push(`${key} shows number ${now.number} of ${now.writer}, after number ${least - 1} had been replaced`);
    }
    this.#raise(`${key} ${now.writer}`, now.number);
  }

  #raise(at, number) {
    this.#least.set(at, Math.max(number, this.#least.get(at) ?? 1));
  }
}

const clients = [];
let opened = 0;

async function open(client) {
  // Each begins with another gateway of the list.
  const start = client.i % gateways.length;
  client.varve = await openVarve({
    gateway: [...gateways.slice(start), ...gateways.slice(0, start)],
    name: `node-${client.i}`,
    store: fileStore(join(directory, `node-${client.i}`)),
    timing: JSON.parse(timing),
  });
  client.view = client.varve.source(source);
  client.unwatch = client.view.onChange(({ state, changed }) => {
    for (const key of changed) client.order.look(key, state.get(key));
  });
  opened++;
}

for (let i = 0; i < Number(count); i++) {
  const client = { order: new ShownOrder(), random: chances(Number(seed) + i), appended: [], i };
  await open(client);
  clients.push(client);
}
say({ opened: clients.length });

let stopped = false;
let appending = [];

async function appendMany(client, ms) {
  const { random, appended, i } = client;
  while (!stopped) {
    if (random() < 0.1) {
      client.varve.simulateOffline(!client.varve.status.simulatedOffline);
    }
    if (random() < 1 / 150) {
      client.unwatch();
      await client.varve.close();
      await open(client);
      await client.view.ready;
    }
    const key = `k${Math.floor(random() * Number(keys))}`;
    const content = random() < 0.05 ? { tombstone: true } : { data: { by: `node-${i}`, n: appended.length + 1 } };
    const { clientSeq } = await client.view.append({ type: 'Painted', key, ...content });
    appended.push({ clientSeq, key, data: content.data === undefined ? '' : JSON.stringify(content.data) });
    await pause(random() * 2 * ms);
  }
}

const isSettled = ({ varve, view }, head) => varve.status.state === 'online' && view.position >= head;

const commands = {
  append(ms) {
    appending = clients.map((client) => appendMany(client, Number(ms)));
  },
  async stop() {
    stopped = true;
    await Promise.all(appending);
    clients.forEach(({ varve }) => varve.simulateOffline(false));
    say({ appended: true, opened });
  },
  async settle(head) {
    while (!clients.every((client) => isSettled(client, Number(head)))) {
      await pause(50);
    }
    say({ settled: true });
  },
  look() {
    const late = clients.filter((client) => !isSettled(client, 0));
    say({ looked: late.map(({ varve, view, i }) => ({ i, status: varve.status, position: view.position, error: view.error })) });
  },
  report() {
    for (const { varve, view, order, appended } of clients) {
      const state = {};
      for (const [key, event] of view.state) {
        state[key] = JSON.stringify(event.data);
      }
      const { clientId, bufferId, status } = varve;
      say({ clientId, bufferId, status, appended, state, cameBack: order.findings, changes: order.changes });
    }
    say({ reported: true });
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = line.trim().split(' ');
  // Not awaited: "look" is asked while "settle" is under way.
  Promise.resolve()
    .then(() => commands[name](argument))
    .catch((error) => say({ error: String(error && error.stack) }));
}
// The test is gone.
process.exit(0);

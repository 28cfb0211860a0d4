// TEST CODE: runs in Chromium (see ../chromium.mjs) and reports what it found.
import { storeContract } from '/store-contract.mjs';
import { indexedDbStore, openVarve } from '/varve-local.js';

const report = (line) => fetch('/report', { method: 'POST', body: line });
window.onerror = (message) => report(`FAILED ${message}`);
window.onunhandledrejection = ({ reason }) => report(`FAILED ${reason?.stack ?? reason}`);

const frames = [];
const tabs = () => frames.map((frame) => frame.contentWindow);

function open() {
  const frame = document.createElement('iframe');
  frame.src = '/frame.html';
  document.body.append(frame);
  frames.push(frame);
}

async function until(what, holds) {
  for (const end = Date.now() + 60_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 10))) {
    if (Date.now() > end) throw new Error(`not: ${what}: ${JSON.stringify(tabs().map((t) => [t.varve?.status, t.cells?.state.size, t.errors]))}`);
  }
}

async function theStoreKeepsItsContract() {
  let places = 0;
  const tests = [];
  const place = async () => {
    const name = `contract-${places++}`;
    return {
      durable: true,
      open: async () => {
        const store = indexedDbStore(name);
        await store.open();
        return store;
      },
    };
  };
  storeContract((name, run) => tests.push([name, run]), place);
  for (const [name, run] of tests) {
    await run().catch((error) => {
      throw new Error(`${name}: ${error.stack}`);
    });
  }
  await report(`ok ${tests.length} tests of the store`);
}

async function tabsShareOneBuffer() {
  for (let n = 0; n < 3; n++) open();
  await until('all are open', () => tabs().every((tab) => tab.opened));
  await until('one leads', () => tabs().filter((tab) => tab.varve.status.leader).length === 1);
  const same = (name) => new Set(tabs().map((tab) => tab.varve[name])).size === 1;
  if (!same('clientId') || !same('bufferId')) throw new Error('the tabs are not one client with one buffer');
  await Promise.all(tabs().flatMap((tab, i) => Array.from({ length: 40 }, (_, k) => tab.cells.append({ type: 'T', key: `${i}-${k}`, data: k }))));
  await until('all see all of it', () => tabs().every((tab) => tab.cells.state.size === 120 && tab.count.state === 120 && tab.varve.status.state === 'online'));
  await report('ok three tabs, one buffer');
}

async function anotherTabTakesOver() {
  const leader = tabs().findIndex((tab) => tab.varve.status.leader);
  frames.splice(leader, 1)[0].remove();
  await until('another leads', () => tabs().filter((tab) => tab.varve.status.leader).length === 1);
  await Promise.all(tabs().map((tab, i) => tab.cells.append({ type: 'T', key: `after-${i}` })));
  await until('both see it', () => tabs().every((tab) => tab.cells.state.size === 122 && tab.count.state === 122 && tab.varve.status.state === 'online'));
  await report('ok another tab takes over');
}

async function offlineIsOfflineInAllTabs() {
  tabs()[0].varve.simulateOffline(true);
  await until('all are offline', () => tabs().every((tab) => tab.varve.status.state === 'offline'));
  await tabs()[1].cells.append({ type: 'T', key: 'late' });
  await until('both show it as pending', () => tabs().every((tab) => tab.cells.state.get('late')?.pending && tab.varve.status.pending === 1));
  open();
  await until('the new tab shows everything, offline', () => tabs()[2].opened && tabs()[2].cells.state.size === 123 && tabs()[2].varve.status.state === 'offline');
  tabs()[1].varve.simulateOffline(false);
  await until('all are online', () => tabs().every((tab) => tab.varve.status.state === 'online' && tab.count.state === 123));
  await report('ok offline in all tabs');
}

async function anInsecurePageSaysSo() {
  const varve = await openVarve({ name: 'insecure' });
  const source = varve.source('s');
  await source.ready;
  const { state, error } = varve.status;
  const refused = await source.append({ type: 'T' }).catch((e) => e.code);
  await report(`ok ${state} ${error.code} ${refused} ${error.detail.includes(location.origin)}`);
}

try {
  if (!window.isSecureContext) await anInsecurePageSaysSo();
  else {
    await theStoreKeepsItsContract();
    await tabsShareOneBuffer();
    await anotherTabTakesOver();
    await offlineIsOfflineInAllTabs();
  }
  await report('END');
} catch (error) {
  await report(`FAILED ${error.stack}`);
}

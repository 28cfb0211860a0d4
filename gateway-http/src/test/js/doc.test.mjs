import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as module from '../../main/resources/io/varve/gateway/static/varve-local.js';
import { eventually, FakeGateway, FAST } from './fake-gateway.mjs';

// What docs/local-first.md shows is run as it stands there; only where it imports from and which gateway it meets
// is the test's.
const PAGE = readFileSync(new URL('../../../../docs/local-first.md', import.meta.url), 'utf8');
const AsyncFunction = (async () => {}).constructor;

let gateway;
let directory;
before(async () => {
  gateway = await new FakeGateway().start();
  directory = mkdtempSync(join(tmpdir(), 'varve-doc-'));
});
after(async () => {
  await gateway.stop();
  rmSync(directory, { recursive: true, force: true });
});

const opened = [];
const openVarve = async (options = {}) => {
  // What the page's origin, the example's host names and the browser's database are, elsewhere than here.
  const varve = await module.openVarve({ store: module.memoryStore(), timing: FAST, ...options, gateway: gateway.url });
  opened.push(varve);
  return varve;
};

async function run(part, scope) {
  const blocks = [...PAGE.matchAll(new RegExp(`<!-- run: ${part} -->\\n\`\`\`js\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, code]) => code);
  assert.ok(blocks.length > 0, `the page has code named ${part}`);
  const code = blocks.join('\n');
  const imports = [...code.matchAll(/^import \{ (.*) \} from '(?:\/varve-local\.js|varve-local)';$/gm)].flatMap(([, names]) => names.split(', '));
  for (const name of imports) assert.ok(name in module, `${name} is exported`);
  const printed = [];
  const given = {
    openVarve,
    fileStore: (dir) => module.fileStore(join(directory, dir)),
    console: { log: (...what) => printed.push(what.join(' ')) },
    ...scope,
  };
  await new AsyncFunction(...Object.keys(given), code.replace(/^import .*$/gm, ''))(...Object.values(given));
  return printed;
}

test('every piece of JavaScript on the page is run', () => {
  const all = [...PAGE.matchAll(/^```js$/gm)].length;
  const named = [...PAGE.matchAll(/^<!-- run: (browser|node|fold|rejected) -->\n```js$/gm)].length;
  assert.equal(named, all);
});

test('in a browser', async () => {
  const elements = new Map([['#board', {}], ['#status', {}]]);
  const printed = await run('browser', { document: { querySelector: (id) => elements.get(id) } });
  assert.deepEqual(printed, ['saved as number 1', 'landed']);
  await eventually('the page shows it', () => elements.get('#board').textContent === '4:2=red' && elements.get('#status').textContent === 'online');
  await opened.at(-1).close();
});

test('in Node.js', async () => {
  assert.deepEqual(await run('node', {}), []);
  const event = gateway.events.at(-1);
  assert.deepEqual([event.source, event.data, event.tags], ['meter/17', { celsius: 21.5 }, ['room:3']]);
});

test('a fold', async () => {
  const varve = await openVarve();
  varve.simulateOffline(true);
  assert.deepEqual(await run('fold', { varve }), ['100 1']);
  await varve.close();
});

test('rejected events', async () => {
  const varve = await openVarve();
  gateway.refuse = () => ({ status: 403, code: 'PERMISSION_DENIED' });
  await varve.source('s').append({ type: 'Drawn', key: 'k' });
  await eventually('rejected', () => varve.status.state === 'rejected');
  assert.deepEqual(await run('rejected', { varve }), ['Drawn 1: PERMISSION_DENIED']);
  gateway.refuse = () => null;
  await varve.close();
});

test('the table of states names all of them', () => {
  for (const state of ['online', 'syncing', 'offline', 'rejected', 'insecure-context']) assert.ok(PAGE.includes(`| \`${state}\` |`));
});

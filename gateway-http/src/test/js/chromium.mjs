// TEST CODE: node chromium.mjs [chromium]. Runs browser/page.mjs in headless Chromium, once on a secure page and once on
// one that is not, against the fake gateway. Exits 0 only if all of it held; 77 if there is no such browser.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeGateway } from './fake-gateway.mjs';

const BROWSER = process.argv[2] ?? 'chromium';
const LIMIT_MS = 240_000;
const file = (path) => readFileSync(new URL(path, import.meta.url));
const html = (script) => `<!doctype html><meta charset="utf-8"><body><script type="module" src="/${script}"></script>`;
const FILES = {
  '/varve-local.js': () => file('../../main/resources/io/varve/gateway/static/varve-local.js'),
  '/store-contract.mjs': () => file('store-contract.mjs'),
  '/page.mjs': () => file('browser/page.mjs'),
  '/frame.mjs': () => file('browser/frame.mjs'),
  '/page.html': () => html('page.mjs'),
  '/frame.html': () => html('frame.mjs'),
};

async function run(host) {
  const gateway = await new FakeGateway().start();
  gateway.files = (path, response) => {
    if (FILES[path] === undefined) return false;
    response.writeHead(200, { 'content-type': path.endsWith('.html') ? 'text/html' : 'text/javascript' });
    response.end(FILES[path]());
    return true;
  };
  const profile = mkdtempSync(join(tmpdir(), 'varve-chromium-'));
  const options = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', `--user-data-dir=${profile}`, '--host-resolver-rules=MAP varve.test 127.0.0.1'];
  const browser = spawn(BROWSER, [...options, `http://${host}:${gateway.port}/page.html`], { stdio: 'ignore', detached: true });
  try {
    const lines = await new Promise((resolve, reject) => {
      const reported = [];
      const timer = setTimeout(() => reject(new Error(`no end within ${LIMIT_MS} ms: ${reported}`)), LIMIT_MS);
      browser.once('error', reject);
      gateway.fault = ({ path, text }) => {
        if (path !== '/report') return null;
        reported.push(text);
        if (text === 'END' || text.startsWith('FAILED')) {
          clearTimeout(timer);
          resolve(reported);
        }
        return { status: 204 };
      };
    });
    return { lines, gateway };
  } finally {
    if (browser.pid !== undefined) {
      const gone = new Promise((resolve) => browser.once('exit', resolve));
      process.kill(-browser.pid, 'SIGKILL');
      await gone;
    }
    await gateway.stop();
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

try {
  const secure = await run('localhost');
  assert.deepEqual(secure.lines, ['ok 14 tests of the store', 'ok three tabs, one buffer', 'ok another tab takes over', 'ok offline in all tabs', 'END']);
  assert.deepEqual(secure.gateway.events.map((e) => e.clientSeq), Array.from({ length: 123 }, (_, i) => i + 1));
  const insecure = await run('varve.test');
  assert.deepEqual(insecure.lines, ['ok insecure-context INSECURE_CONTEXT INSECURE_CONTEXT true', 'END']);
  console.log('all of it held');
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(error.code === 'ENOENT' ? 77 : 1);
}

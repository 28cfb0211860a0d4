// Keeps the page's files, so that it opens without a network. A cache is named by what it holds: all files
// are fetched and hashed together, and only when the hash is new does a new cache take over, whole. So a
// page never mixes two versions, and nobody has to remember to count a version up.
const SHELL = [
  '/canvas/', '/canvas/canvas.css', '/canvas/theme.js', '/canvas/canvas.js', '/canvas/board.js',
  '/canvas/cells.js', '/canvas/palette.js', '/canvas/people.js', '/canvas/presence.js',
  '/canvas/manifest.webmanifest', '/canvas/icon.svg', '/canvas/icon-180.png', '/canvas/icon-192.png',
  '/canvas/icon-512.png', '/canvas/icon-maskable-512.png', '/varve-local.js',
];
const PREFIX = 'varve-canvas-';
const POINTER = 'varve-canvas'; // holds one entry: the name of the cache in use
const MAX_PINNED = 64;

const pinned = new Map(); // a page's client id → the cache it was opened from
let refreshing = null;

self.addEventListener('install', (event) => {
  event.waitUntil(refresh().then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  // Data is never answered from here; what is not the shell goes to the network untouched.
  if (url.pathname.startsWith('/v1/')) return;
  const path = url.pathname === '/canvas/index.html' ? '/canvas/' : url.pathname;
  if (!SHELL.includes(path)) return;
  event.respondWith(answer(event, path));
  if (request.mode === 'navigate') event.waitUntil(refresh().catch(() => {}));
});

async function answer(event, path) {
  const fresh = event.request.mode === 'navigate';
  let name = fresh ? undefined : pinned.get(event.clientId);
  name ??= await current();
  if (fresh && event.resultingClientId !== '') {
    pinned.set(event.resultingClientId, name);
    if (pinned.size > MAX_PINNED) pinned.delete(pinned.keys().next().value);
  }
  if (name !== null) {
    const kept = await (await caches.open(name)).match(path, { ignoreVary: true });
    if (kept !== undefined) return kept;
  }
  return fetch(event.request);
}

async function current() {
  const pointer = await (await caches.open(POINTER)).match('/canvas/-current');
  return pointer === undefined ? null : pointer.text();
}

/** Fetches the shell; when it differs from what is kept, a new cache takes over. */
function refresh() {
  refreshing ??= fetchShell().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function fetchShell() {
  const files = await Promise.all(SHELL.map(async (path) => {
    // no-cache asks the server whether the browser's copy still holds: mostly an empty 304.
    const response = await fetch(path, { cache: 'no-cache', credentials: 'same-origin' });
    if (!response.ok || response.redirected) throw new Error(`${path}: ${response.status}`);
    return { path, response, bytes: new Uint8Array(await response.clone().arrayBuffer()) };
  }));
  const name = PREFIX + (await hashOf(files));
  const before = await current();
  if (name === before) return;
  const cache = await caches.open(name);
  await Promise.all(files.map(({ path, response }) => cache.put(path, response)));
  await (await caches.open(POINTER)).put('/canvas/-current', new Response(name));
  // The version before stays for pages opened from it; what is older goes.
  for (const old of await caches.keys()) {
    if (old.startsWith(PREFIX) && old !== name && old !== before) await caches.delete(old);
  }
  if (before === null) return;
  for (const page of await self.clients.matchAll({ type: 'window' })) page.postMessage({ type: 'shell-updated' });
}

async function hashOf(files) {
  const parts = [];
  for (const { path, bytes } of files) {
    parts.push(new TextEncoder().encode(`${path} ${bytes.length}\n`), bytes);
  }
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
  return [...digest.subarray(0, 12)].map((b) => b.toString(16).padStart(2, '0')).join('');
}

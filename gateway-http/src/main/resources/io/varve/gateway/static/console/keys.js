// Who this browser is: a P-256 key pair whose private half cannot leave the browser, kept in a
// database of the console's own.

const DATABASE = 'varve-console';
const STORE = 'identity';
const KEY = 'key-pair';

/** Why there can be no key here, for people; empty when there can. */
export function cannotHoldKeys() {
  if (!globalThis.isSecureContext || !globalThis.crypto?.subtle) {
    return 'Browsers keep keys only for pages from https:// or from this machine (localhost). '
      + 'Open the console through TLS, or forward a port of your machine to the gateway: ssh -L 8080:localhost:PORT HOST.';
  }
  return globalThis.indexedDB ? '' : 'This browser has no IndexedDB, where the console keeps its key.';
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error(`the database ${DATABASE} is held by another tab`));
  });
}

function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
  });
}

async function stored(database) {
  const transaction = database.transaction(STORE, 'readonly');
  const request = transaction.objectStore(STORE).get(KEY);
  await done(transaction);
  return request.result;
}

/** Loads the key pair, or makes it: `{pair, publicKey (JWK), clientId}`. */
export async function loadKeys() {
  const database = await open();
  try {
    let pair = await stored(database);
    if (!pair) {
      const made = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
      // Two tabs may be here at once: whichever adds first has made the key of both.
      const transaction = database.transaction(STORE, 'readwrite');
      const store = transaction.objectStore(STORE);
      const found = store.get(KEY);
      found.onsuccess = () => {
        if (!found.result) store.add(made, KEY);
      };
      await done(transaction);
      pair = await stored(database);
    }
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
    const publicKey = { kty, crv, x, y };
    return { pair, publicKey, clientId: await thumbprint(publicKey) };
  } finally {
    database.close();
  }
}

/** The JWK's thumbprint (RFC 7638): SHA-256 over its members in this order, base64url. */
async function thumbprint({ crv, kty, x, y }) {
  return base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify({ crv, kty, x, y }))));
}

/** Signs a challenge: ES256, r and s as they are, base64url. */
export async function sign(pair, audience, challenge) {
  const text = new TextEncoder().encode(`varve-identity-v1\n${audience}\n${challenge}`);
  return base64url(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, text));
}

function base64url(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

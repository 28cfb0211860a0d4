/**
 * varve-local: a durable buffer of events in the browser (or Node.js), one sync loop that drains it to a
 * Varve gateway, and merged states of event sources that also show what was not sent yet.
 *
 * One ES module without dependencies. The types and what they promise are in varve-local.d.ts; the users' guide
 * is docs/local-first.md. In the order of this file:
 *
 *   limits · errors · waiting · validation of events · Server-Sent Events · identity · gateway (HTTP) ·
 *   buffer model · memory store · file store · IndexedDB store · folds and overlay · source view ·
 *   push loop · stream loop · leading · tabs · Varve
 */

// --- limits ----------------------------------------------------------------------------------------------

/** What bounds this module. Times in milliseconds, sizes in bytes of UTF-8. */
const LIMITS = Object.freeze({
  batchEvents: 500, // events in one push
  batchBytes: 1024 * 1024, // of one push, unless one event alone is larger
  eventBytes: 4 * 1024 * 1024, // one event as JSON; the log's own limit is lower and is the log's to tell
  unsentEvents: 100_000, // events that the buffer takes before it says BUFFER_FULL
  appendTogether: 256, // appends that share one transaction of the store
  pageEvents: 1000, // events asked for in one page of a pull
  answerBytes: 32 * 1024 * 1024, // a JSON answer
  sseBytes: 16 * 1024 * 1024, // one message of a stream
  sources: 64, // sources that one stream follows
  keptLanded: 1000, // landed events kept for the cached state of a source that nobody has open
  retryAfterMs: 5 * 60_000, // the longest that a gateway may tell us to wait
  refusedMs: 30_000, // between attempts of a client that is not known or was revoked
  tokenMarginMs: 30_000, // a token is renewed this long before it ends
  restreamMs: 30, // sources opened within this time join the stream together
  persistMs: 400, // merged states are cached at most this often
});

const DEFAULT_TIMING = Object.freeze({
  backoffMinMs: 250,
  backoffMaxMs: 30_000,
  requestTimeoutMs: 30_000,
  watchdogMs: 45_000, // three missed heartbeats
});

const CHANNEL_VERSION = 1; // of the messages between tabs: tabs with another one do not hear each other

// --- errors ----------------------------------------------------------------------------------------------

/** Everything this module throws, reports or shows in a status. */
export class VarveError extends Error {
  /**
   * @param {string} code one of the gateway's codes, or one of this module's own (see VarveErrorCode)
   * @param {string} detail for people: names the field, the limit and the value
   * @param {object} [more] status, field, retryAfterMs, expectedSeq, clientSeq, cause
   */
  constructor(code, detail, more = {}) {
    super(`${code}: ${detail}`, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'VarveError';
    this.code = code;
    this.detail = detail;
    this.status = more.status ?? 0;
    for (const name of ['field', 'retryAfterMs', 'expectedSeq', 'clientSeq']) {
      if (more[name] !== undefined) this[name] = more[name];
    }
  }
}

const invalid = (field, detail) => new VarveError('INVALID_ARGUMENT', detail, { field });

const closedError = () => new VarveError('CLOSED', 'this varve was closed');

/** The plain form of an error, for a status and for other tabs. */
function plainError(error) {
  if (error === null || error === undefined) return undefined;
  const plain = { code: error.code ?? 'INTERNAL', detail: error.detail ?? String(error.message ?? error) };
  for (const name of ['status', 'field', 'retryAfterMs', 'clientSeq']) {
    if (error[name] !== undefined && error[name] !== 0) plain[name] = error[name];
  }
  return plain;
}

function asVarveError(error, code, detail) {
  return error instanceof VarveError ? error : new VarveError(code, `${detail}: ${error?.message ?? error}`, { cause: error });
}

// --- waiting ---------------------------------------------------------------------------------------------

/** Wakes one loop. A wake-up that nobody waits for is kept, so none is lost. */
class Wakeup {
  #raised = false;
  #resume = null;

  raise() {
    this.#raised = true;
    this.#resume?.();
  }

  /** Returns once raised, after `ms` (default: never), or when the signal is aborted. */
  async wait(signal, ms = Infinity) {
    if (!this.#raised && !signal.aborted) {
      await new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          this.#resume = null;
          resolve();
        };
        const timer = ms === Infinity ? undefined : setTimeout(wake, ms);
        signal.addEventListener('abort', wake);
        this.#resume = wake;
      });
    }
    this.#raised = false;
  }
}

/** Exponential backoff with full jitter: anything from nothing to twice the last bound. */
class Backoff {
  #tries = 0;
  #minMs;
  #maxMs;

  constructor({ backoffMinMs, backoffMaxMs }) {
    this.#minMs = backoffMinMs;
    this.#maxMs = backoffMaxMs;
  }

  reset() {
    this.#tries = 0;
  }

  /** How long to wait now; never less than what the other side asked for. */
  next(retryAfterMs = 0) {
    const bound = Math.min(this.#maxMs, this.#minMs * 2 ** this.#tries);
    this.#tries = Math.min(this.#tries + 1, 30);
    const jitter = Math.random() * bound;
    return retryAfterMs > 0 ? Math.min(retryAfterMs, LIMITS.retryAfterMs) + Math.random() * this.#minMs : jitter;
  }
}

/** Aborts with any of the signals, and after `ms` unless `onlySignals()` is called. `done()` lets go of them. */
function deadline(ms, ...signals) {
  const controller = new AbortController();
  let timedOut = false;
  const abort = () => controller.abort();
  const expire = () => {
    timedOut = true;
    abort();
  };
  const timer = ms === Infinity ? undefined : setTimeout(expire, ms);
  for (const signal of signals) {
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: controller.signal,
    timedOut: () => timedOut,
    onlySignals: () => clearTimeout(timer),
    done() {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', abort);
    },
  };
}

// --- validation of events --------------------------------------------------------------------------------

const UTF8 = new TextEncoder();
const utf8Length = (text) => UTF8.encode(text).length;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

const NAMES = ['type', 'sourceType', 'streamType', 'streamId', 'key', 'contentType', 'id', 'occurred'];
const FIELDS = new Set([...NAMES, 'tags', 'tombstone', 'data', 'dataBase64', 'metadata']);

function name(value, field) {
  if (typeof value !== 'string' || value === '') throw invalid(field, `${field} must be a string that is not empty`);
  if (LONE_SURROGATE.test(value)) throw invalid(field, `${field} has half of a surrogate pair: it cannot be UTF-8`);
  if (value.includes('\0')) throw invalid(field, `${field} contains NUL`);
  return value;
}

/** The event as the JSON that is stored and sent: the same bytes on every attempt. */
function eventBody(source, event) {
  if (event === null || typeof event !== 'object') throw invalid('event', 'an event is an object with at least a type');
  const body = { source };
  for (const field of Object.keys(event)) {
    if (!FIELDS.has(field)) throw invalid(field, `an event has no field '${field}'; it has ${[...FIELDS].join(', ')}`);
    if (event[field] === undefined) continue;
    if (NAMES.includes(field)) body[field] = name(event[field], field);
  }
  if (body.type === undefined) throw invalid('type', 'an event needs a type');
  if (event.tags !== undefined) {
    if (!Array.isArray(event.tags)) throw invalid('tags', 'tags must be an array of strings');
    if (event.tags.length > 0) body.tags = event.tags.map((tag, i) => name(tag, `tags[${i}]`));
  }
  if (event.tombstone !== undefined && typeof event.tombstone !== 'boolean') {
    throw invalid('tombstone', 'tombstone must be true or false');
  }
  if (event.tombstone) {
    if (body.key === undefined) throw invalid('tombstone', 'a tombstone removes a key, so it needs one');
    body.tombstone = true;
  }
  if (event.data !== undefined && event.dataBase64 !== undefined) {
    throw invalid('data', 'data and dataBase64 exclude each other');
  }
  if (event.data instanceof Uint8Array) body.dataBase64 = base64(event.data);
  else if (event.data !== undefined) body.data = event.data;
  if (event.dataBase64 !== undefined) {
    if (typeof event.dataBase64 !== 'string') throw invalid('dataBase64', 'dataBase64 must be a string');
    body.dataBase64 = event.dataBase64;
  }
  if (event.metadata !== undefined) body.metadata = event.metadata;
  let json;
  try {
    json = JSON.stringify(body);
  } catch (cause) {
    throw new VarveError('INVALID_ARGUMENT', `data or metadata is not JSON: ${cause.message}`, { field: 'data', cause });
  }
  const bytes = utf8Length(json);
  if (bytes > LIMITS.eventBytes) {
    throw new VarveError('PAYLOAD_TOO_LARGE', `the event has ${bytes} bytes; at most ${LIMITS.eventBytes}`, { field: 'data' });
  }
  return json;
}

function base64(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

const base64url = (bytes) => base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

// --- Server-Sent Events ----------------------------------------------------------------------------------

/**
 * Parses a `text/event-stream` that arrives in pieces, split anywhere: within a line end, within a character.
 * Follows the WHATWG HTML standard, "Parsing an event stream".
 */
export class SseParser {
  #decoder = new TextDecoder();
  #text = '';
  #scanned = 0;
  #skipLineFeed = false;
  #data = [];
  #size = 0;
  #type = '';
  #lastId = '';
  #handlers;

  /** @param handlers `onMessage({type, data, id})`, `onRetry(ms)`, `onComment(text)`; all optional */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  /** Takes the next bytes; calls the handlers for what is complete with them. */
  push(bytes) {
    this.#text += this.#decoder.decode(bytes, { stream: true });
    let start = 0;
    let i = this.#scanned;
    for (; i < this.#text.length; i++) {
      const c = this.#text.charCodeAt(i);
      if (this.#skipLineFeed) {
        this.#skipLineFeed = false;
        if (c === 10) {
          start = i + 1;
          continue;
        }
      }
      if (c === 10 || c === 13) {
        this.#line(this.#text.slice(start, i));
        start = i + 1;
        this.#skipLineFeed = c === 13;
      }
    }
    this.#text = this.#text.slice(start);
    this.#scanned = this.#text.length;
    if (this.#text.length + this.#size > LIMITS.sseBytes) {
      throw new VarveError('STREAM_BROKEN', `a message of the stream is longer than ${LIMITS.sseBytes}`);
    }
  }

  #line(line) {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return this.#handlers.onComment?.(line.slice(1));
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'data') {
      this.#data.push(value);
      this.#size += value.length + 1;
    } else if (field === 'event') this.#type = value;
    else if (field === 'id' && !value.includes('\0')) this.#lastId = value;
    else if (field === 'retry' && /^[0-9]+$/.test(value)) this.#handlers.onRetry?.(Number(value));
  }

  #dispatch() {
    const [data, type] = [this.#data, this.#type];
    this.#data = [];
    this.#size = 0;
    this.#type = '';
    if (data.length > 0) {
      this.#handlers.onMessage?.({ type: type === '' ? 'message' : type, data: data.join('\n'), id: this.#lastId });
    }
  }
}

// --- identity --------------------------------------------------------------------------------------------

const KEY_ALGORITHM = Object.freeze({ name: 'ECDSA', namedCurve: 'P-256' });
const SIGNATURE = Object.freeze({ name: 'ECDSA', hash: 'SHA-256' });

async function webCrypto() {
  if (globalThis.crypto?.subtle !== undefined) return globalThis.crypto;
  if (inNode()) return (await import('node:crypto')).webcrypto; // Node.js 18
  throw new VarveError(
    'INSECURE_CONTEXT',
    `${globalThis.location?.origin ?? 'this page'} is not a secure context, so the browser offers no key pair: ` +
      'serve the page over https, or from localhost',
  );
}

const inNode = () => typeof globalThis.process?.versions?.node === 'string' && globalThis.document === undefined;

/** A P-256 key pair and the client id that derives from it. The private key stays where it is. */
class Identity {
  #crypto;
  #privateKey;

  constructor(crypto, jwk, privateKey, clientId) {
    this.#crypto = crypto;
    this.#privateKey = privateKey;
    this.jwk = jwk;
    this.clientId = clientId;
  }

  /** The store's key pair; made now if it has none. */
  static async of(store) {
    const crypto = await webCrypto();
    let keys = await store.loadKeys(crypto.subtle);
    if (keys === null) {
      const pair = await crypto.subtle.generateKey(KEY_ALGORITHM, store.extractableKeys, ['sign', 'verify']);
      const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
      // Another tab may have been faster: then its keys are the ones.
      keys = await store.saveKeys({ jwk: { kty, crv, x, y }, privateKey: pair.privateKey }, crypto.subtle);
    }
    // RFC 7638: the required members in lexicographic order, without blanks.
    const { crv, kty, x, y } = keys.jwk;
    const digest = await crypto.subtle.digest('SHA-256', UTF8.encode(JSON.stringify({ crv, kty, x, y })));
    return new Identity(crypto, { kty, crv, x, y }, keys.privateKey, base64url(new Uint8Array(digest)));
  }

  /** ES256 over the text, r and s, as base64url. */
  async sign(text) {
    return base64url(new Uint8Array(await this.#crypto.subtle.sign(SIGNATURE, this.#privateKey, UTF8.encode(text))));
  }
}

/** A random UUID, version 4. */
async function uuid() {
  const crypto = globalThis.crypto ?? (await webCrypto());
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const hex = Array.from(b, (v) => v.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

// --- gateway ---------------------------------------------------------------------------------------------

/** What a gateway's answer says went wrong. */
function problemOf(status, text, headers) {
  let problem = {};
  if (/json/.test(headers.get('content-type') ?? '')) {
    try {
      problem = JSON.parse(text) ?? {};
    } catch {
      // Something in between answered: the status has to do.
    }
  }
  const retryAfter = Number(headers.get('retry-after'));
  return new VarveError(
    typeof problem.code === 'string' ? problem.code : 'HTTP_' + status,
    typeof problem.detail === 'string' ? problem.detail : `the answer was ${status}, without a problem that says why`,
    {
      status,
      field: problem.field,
      retryAfterMs: problem.retryAfterMs ?? (retryAfter > 0 ? retryAfter * 1000 : undefined),
      expectedSeq: problem.expectedSeq,
      clientSeq: problem.clientSeq,
    },
  );
}

/** Whether another gateway may fare better: this one cannot be reached, or has no cluster behind it. */
const elsewhere = (error) => error.status === 0 || error.status === 502 || error.status === 503 || error.status === 504;

function query(parameters) {
  const parts = [];
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) parts.push(`${name}=${encodeURIComponent(one)}`);
    }
  }
  return parts.length === 0 ? '' : '?' + parts.join('&');
}

/** Speaks HTTP with the first gateway that answers, with a token that is fresh. */
class Gateway {
  #bases;
  #current = 0;
  #fetch;
  #identity;
  #timing;
  #cookie;
  #token = null; // {value, endsAt} or {value: null} in open mode
  #fetchingToken = null;
  #closing = new AbortController();

  constructor({ bases, fetch, identity, timing, cookie }) {
    this.#bases = bases;
    this.#fetch = fetch;
    this.#identity = identity;
    this.#timing = timing;
    this.#cookie = cookie;
  }

  /** The answer's JSON. Fails with a VarveError; code NETWORK when no gateway could be reached. */
  async json(method, path, { parameters = {}, body, signal, timeoutMs = this.#timing.requestTimeoutMs }) {
    return this.#somewhere(signal, (base) =>
      this.#authorized(base, signal, async (token) => {
        const { status, headers, text } = await this.#exchange(base, method, path + query(parameters), { token, body, signal, timeoutMs });
        if (status >= 200 && status < 300) {
          try {
            return JSON.parse(text);
          } catch (cause) {
            throw new VarveError('NETWORK', `the answer of ${base}${path} is not JSON: ${cause.message}`, { cause });
          }
        }
        throw problemOf(status, text, headers);
      }),
    );
  }

  /** An open stream: its body. The caller watches it; `signal` ends it. */
  async stream(parameters, signal) {
    return this.#somewhere(signal, (base) =>
      this.#authorized(base, signal, async (token) => {
        const limit = deadline(this.#timing.requestTimeoutMs, signal);
        const headers = { accept: 'text/event-stream', ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
        try {
          const response = await this.#send(base + '/v1/stream' + query(parameters), { headers, signal: limit.signal, cache: 'no-store' });
          if (response.status !== 200) {
            throw problemOf(response.status, await readText(response), response.headers);
          }
          if (!/^text\/event-stream/.test(response.headers.get('content-type') ?? '') || response.body === null) {
            throw new VarveError('NETWORK', `${base}/v1/stream answered ${response.headers.get('content-type')} instead of a stream`);
          }
          limit.onlySignals();
          return response.body;
        } catch (error) {
          limit.done();
          throw this.#networkError(error, limit, base);
        }
      }),
    );
  }

  close() {
    this.#closing.abort();
  }

  /** The next attempt goes to the next gateway. */
  moveOn() {
    this.#current = (this.#current + 1) % this.#bases.length;
  }

  /** The next request gets a new token first. */
  forgetToken() {
    this.#token = null;
  }

  async #somewhere(signal, attempt) {
    for (let tries = 1; ; tries++) {
      const base = this.#bases[this.#current];
      try {
        return await attempt(base);
      } catch (error) {
        if (signal.aborted || !(error instanceof VarveError) || !elsewhere(error)) throw error;
        if (this.#bases[this.#current] === base) this.moveOn();
        if (tries >= this.#bases.length) throw error;
      }
    }
  }

  async #authorized(base, signal, attempt) {
    const token = await this.#freshToken(base);
    try {
      return await attempt(token.value);
    } catch (error) {
      if (error.status !== 401) throw error;
      if (this.#token === token) this.#token = null;
      return attempt((await this.#freshToken(base)).value);
    }
  }

  async #freshToken(base) {
    if (this.#token !== null && Date.now() < this.#token.endsAt) return this.#token;
    // Requests that start together share one, so it does not end with the signal of any of them.
    this.#fetchingToken ??= this.#fetchToken(base, this.#closing.signal).finally(() => (this.#fetchingToken = null));
    return this.#fetchingToken;
  }

  async #fetchToken(base, signal) {
    const ask = async (method, path, body) => {
      const { status, headers, text } = await this.#exchange(base, method, path, {
        token: null, body: body && JSON.stringify(body), signal, timeoutMs: this.#timing.requestTimeoutMs,
        credentials: this.#cookie ? 'include' : undefined,
      });
      if (status !== 200) throw problemOf(status, text, headers);
      return JSON.parse(text);
    };
    const askedAt = Date.now();
    const about = await ask('GET', '/v1/identity');
    if (about.mode === 'open') {
      // Asked again now and then, as the gateway may come back with keys.
      return (this.#token = { value: null, endsAt: askedAt + LIMITS.retryAfterMs });
    }
    const publicKey = this.#identity.jwk;
    const { challenge, audience } = await ask('POST', '/v1/identity/challenge', { publicKey });
    const signature = await this.#identity.sign(`varve-identity-v1\n${audience}\n${challenge}`);
    const granted = await ask('POST', '/v1/identity/token', {
      publicKey, challenge, signature, ...(this.#cookie ? { cookie: true } : {}),
    });
    // By our own clock and the lifetime: the two sides' clocks need not agree.
    const lifetime = (about.tokenLifetimeSeconds ?? 900) * 1000;
    const margin = Math.min(LIMITS.tokenMarginMs, lifetime / 4);
    return (this.#token = { value: granted.token, endsAt: askedAt + lifetime - margin });
  }

  async #exchange(base, method, path, { token, body, signal, timeoutMs, credentials }) {
    const limit = deadline(timeoutMs, signal);
    const headers = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (token !== null) headers.authorization = `Bearer ${token}`;
    try {
      const response = await this.#send(base + path, {
        method, headers, body, signal: limit.signal, cache: 'no-store', ...(credentials && { credentials }),
      });
      return { status: response.status, headers: response.headers, text: await readText(response) };
    } catch (error) {
      throw this.#networkError(error, limit, base);
    } finally {
      limit.done();
    }
  }

  #send(url, init) {
    const fetch = this.#fetch;
    return fetch(url, init);
  }

  #networkError(error, limit, base) {
    if (error instanceof VarveError) return error;
    const where = base === '' ? 'the gateway' : base;
    if (limit.timedOut()) return new VarveError('NETWORK', `${where} did not answer in time`, { cause: error });
    if (limit.signal.aborted) return new VarveError('ABORTED', 'the request was ended', { cause: error });
    const why = error?.cause?.code ?? error?.cause?.message ?? error?.message ?? error;
    return new VarveError('NETWORK', `${where} cannot be reached: ${why}`, { cause: error });
  }
}

/** A body as text, of a bounded size. */
async function readText(response) {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > LIMITS.answerBytes) {
      await reader.cancel();
      throw new VarveError('NETWORK', `an answer has more than ${LIMITS.answerBytes} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

// --- buffer model ----------------------------------------------------------------------------------------

/**
 * @typedef {object} Entry one buffered event
 * @property {number} seq its number in the buffer: contiguous from 1, never changed
 * @property {string} bufferId
 * @property {string} source
 * @property {string} body the event as JSON, the same on every attempt
 * @property {'pending'|'landed'|'rejected'|'void'} state
 * @property {number} [position] where it landed, or a position at or above it when `exact` is false
 * @property {boolean} [exact]
 * @property {number} [seenAt] where a cached state has it, though no push has told that it landed
 * @property {object} [problem] why it was rejected
 */

/** Sets an entry to landed. Position 0 in the reply means a void; a number that is not in it was told before. */
function land(entry, positions, head) {
  if (entry.state === 'landed' && entry.exact) return;
  const position = positions.get(entry.seq);
  entry.state = 'landed';
  entry.exact = position > 0;
  entry.position = entry.exact ? position : head;
  delete entry.problem;
}

/** The run to push next, out of entries in order: what is pending or void, up to the first rejected one. */
class RunTaker {
  #limits;
  #bytes = 0;
  run = [];
  blocked = null;

  constructor(limits) {
    this.#limits = limits;
  }

  /** Returns false when nothing more is wanted. */
  offer(entry) {
    if (entry.state === 'landed') return true;
    if (entry.state === 'rejected') {
      this.blocked = entry;
      return false;
    }
    const bytes = utf8Length(entry.body) + 40; // and its number
    if (this.run.length > 0 && (this.run.length >= this.#limits.maxEvents || this.#bytes + bytes > this.#limits.maxBytes)) return false;
    this.run.push(entry);
    this.#bytes += bytes;
    return true;
  }
}

/**
 * What a store holds, in memory, changed only by `apply(op)`: so a journal of the ops rebuilds it. Each op is a
 * JSON array, its kind first.
 */
class BufferModel {
  bufferId = null;
  nextSeq = 1;
  logIdentity = null;
  entries = new Map();
  latest = new Map(); // source → {logIdentity, position, events: Map key → event}
  folds = new Map(); // source → Map name → {logIdentity, position, state}

  apply([kind, ...args]) {
    this['op_' + kind](...args);
  }

  op_buffer(bufferId, nextSeq, logIdentity) {
    this.bufferId = bufferId;
    this.nextSeq = nextSeq;
    this.logIdentity = logIdentity;
  }

  op_entry(entry) {
    this.entries.set(entry.seq, entry);
  }

  op_add(source, body) {
    const seq = this.nextSeq++;
    this.entries.set(seq, { seq, bufferId: this.bufferId, source, body, state: 'pending' });
  }

  op_identity(logIdentity) {
    this.logIdentity = logIdentity;
  }

  op_land(through, positions, head) {
    const known = new Map(positions);
    for (const entry of this.entries.values()) {
      if (entry.seq > through) break;
      if (entry.state === 'void') this.entries.delete(entry.seq);
      else land(entry, known, head);
    }
  }

  op_unland(from) {
    for (const entry of this.entries.values()) {
      if (entry.seq >= from && entry.state === 'landed') {
        entry.state = 'pending';
        delete entry.position;
        delete entry.exact;
        delete entry.seenAt;
      }
    }
  }

  op_reject(seq, problem) {
    Object.assign(this.entries.get(seq), { state: 'rejected', problem });
  }

  op_void(seq) {
    Object.assign(this.entries.get(seq), { state: 'void' });
  }

  op_unreject() {
    for (const entry of this.entries.values()) {
      if (entry.state !== 'rejected') continue;
      entry.state = 'pending';
      delete entry.problem;
    }
  }

  op_rotate(bufferId, landedThrough, logIdentity, forgetStates) {
    const moved = movable(this.entries.values(), landedThrough);
    this.entries.clear();
    this.bufferId = bufferId;
    this.nextSeq = 1;
    this.logIdentity = logIdentity;
    for (const entry of moved) {
      const seq = this.nextSeq++;
      this.entries.set(seq, { ...entry, seq, bufferId });
    }
    if (forgetStates) {
      this.latest.clear();
      this.folds.clear();
    }
  }

  op_seen({ bufferId, seen }) {
    if (bufferId !== this.bufferId) return;
    for (const [seq, position] of seen) {
      if (this.entries.has(seq)) this.entries.get(seq).seenAt = position;
    }
  }

  op_latest(source, { logIdentity, to, full, set, del }) {
    let cached = this.latest.get(source);
    if (full || cached === undefined) this.latest.set(source, (cached = { events: new Map() }));
    cached.logIdentity = logIdentity;
    cached.position = to;
    for (const event of set) cached.events.set(event.key, event);
    for (const key of del) cached.events.delete(key);
    this.op_dropLanded(source, to);
  }

  op_fold(source, name, record) {
    if (!this.folds.has(source)) this.folds.set(source, new Map());
    this.folds.get(source).set(name, record);
  }

  op_dropLanded(source, position) {
    for (const entry of this.entries.values()) {
      if (entry.source === source && entry.state === 'landed' && entry.position <= position) this.entries.delete(entry.seq);
    }
  }

  op_forget(source) {
    this.latest.delete(source);
    this.folds.delete(source);
  }

  /** Ops that make the same model from an empty one. */
  *ops() {
    yield ['buffer', this.bufferId, this.nextSeq, this.logIdentity];
    for (const entry of this.entries.values()) yield ['entry', entry];
    for (const [source, { logIdentity, position, events }] of this.latest) {
      const all = [...events.values()];
      // In pieces, so that no one line of a journal grows without bound.
      for (let i = 0; i === 0 || i < all.length; i += 500) {
        yield ['latest', source, { logIdentity, to: position, full: i === 0, set: all.slice(i, i + 500), del: [] }];
      }
    }
    for (const [source, folds] of this.folds) {
      for (const [name, record] of folds) yield ['fold', source, name, record];
    }
  }
}

/** What goes into a new buffer: whatever the log does not have. A void only filled a number of the old one. */
function movable(entries, landedThrough) {
  const moved = [];
  for (const entry of entries) {
    if (entry.seq <= landedThrough || entry.state === 'void') continue;
    const { position, exact, seenAt, ...rest } = entry;
    moved.push({ ...rest, state: entry.state === 'rejected' ? 'rejected' : 'pending' });
  }
  return moved;
}

/**
 * Whether a change of a cached state fits what is cached: 'apply', 'skip' when that is as new already, or 'stale'
 * when something is missing in between and the whole state has to be given.
 */
function fits(cached, logIdentity, { logIdentity: of, from, to, full }) {
  if (of !== logIdentity) return 'skip'; // of a history that is not the log's any more
  if (cached === undefined || cached.logIdentity !== of) return full ? 'apply' : 'stale';
  if (cached.position >= to) return cached.position === to && full ? 'apply' : 'skip';
  return full || cached.position >= from ? 'apply' : 'stale';
}

// --- memory store ----------------------------------------------------------------------------------------

/** Keeps everything in memory: for tests, and for scripts that may lose what was not sent. */
class MemoryStore {
  model = new BufferModel();
  keys = null;
  closed = false;
  shared = false;
  extractableKeys = false;

  async open() {
    this.closed = false;
    if (this.model.bufferId === null) await this.commit([['buffer', await uuid(), 1, null]]);
  }

  async close() {
    this.closed = true;
  }

  /** Applies ops; resolves once they are as durable as this store makes them. */
  async commit(ops) {
    if (this.closed) throw closedError();
    for (const op of ops) this.model.apply(op);
  }

  async loadKeys() {
    return this.keys;
  }

  async saveKeys(keys) {
    return (this.keys ??= keys);
  }

  async load() {
    const { bufferId, nextSeq, logIdentity, entries } = this.model;
    return { bufferId, nextSeq, logIdentity, entries: [...entries.values()].map((entry) => ({ ...entry })) };
  }

  async append(items) {
    const first = this.model.nextSeq;
    const { bufferId } = this.model;
    await this.commit(items.map(({ source, body }) => ['add', source, body]));
    return items.map(({ source, body }, i) => ({ seq: first + i, bufferId, source, body, state: 'pending' }));
  }

  async unsent(limits) {
    const taker = new RunTaker(limits);
    for (const entry of this.model.entries.values()) {
      if (!taker.offer({ ...entry })) break;
    }
    return { bufferId: this.model.bufferId, nextSeq: this.model.nextSeq, run: taker.run, blocked: taker.blocked };
  }

  async landed(bufferId, through, positions, head) {
    if (bufferId === this.model.bufferId) await this.commit([['land', through, positions, head]]);
  }

  async unland(bufferId, from) {
    if (bufferId !== this.model.bufferId) return false;
    for (let seq = from; seq < this.model.nextSeq; seq++) {
      if (!this.model.entries.has(seq)) return false;
    }
    await this.commit([['unland', from]]);
    return true;
  }

  async reject(bufferId, seq, problem) {
    const entry = this.model.entries.get(seq);
    if (bufferId !== this.model.bufferId || entry?.state !== 'pending') return;
    await this.commit([['reject', seq, problem]]);
  }

  async discard(seq) {
    if (this.model.entries.get(seq)?.state !== 'rejected') return false;
    await this.commit([['void', seq]]);
    return true;
  }

  async unreject() {
    await this.commit([['unreject']]);
  }

  async setLogIdentity(logIdentity) {
    await this.commit([['identity', logIdentity]]);
  }

  async rotate({ bufferId, landedThrough, logIdentity, forgetStates }) {
    const newId = await uuid();
    if (bufferId !== this.model.bufferId) return null;
    const lost = lostNumbers(this.model.entries, this.model.nextSeq, landedThrough);
    const moved = movable(this.model.entries.values(), landedThrough).length;
    await this.commit([['rotate', newId, landedThrough, logIdentity, forgetStates]]);
    return { bufferId: newId, moved, lost };
  }

  async loadSource(source) {
    const cached = this.model.latest.get(source);
    return {
      latest: cached === undefined ? null : { ...cached, events: [...cached.events.values()] },
      entries: [...this.model.entries.values()].filter((e) => e.source === source).map((e) => ({ ...e })),
    };
  }

  async saveLatest(source, change) {
    const fit = fits(this.model.latest.get(source), this.model.logIdentity, change);
    const { own, ...rest } = change;
    if (fit === 'apply') await this.commit([['latest', source, rest], ...(own?.seen.length > 0 ? [['seen', own]] : [])]);
    return fit;
  }

  async loadFold(source, name) {
    const record = this.model.folds.get(source)?.get(name);
    return record === undefined ? null : structuredClone(record);
  }

  async saveFold(source, name, { own, ...record }) {
    if (record.logIdentity !== this.model.logIdentity) return;
    await this.commit([['fold', source, name, structuredClone(record)], ...(own?.seen.length > 0 ? [['seen', own]] : [])]);
  }

  async dropLanded(source, position) {
    const cached = this.model.latest.get(source);
    // A cached state that is older still needs them on top when it is shown offline.
    const through = cached === undefined ? position : Math.min(position, cached.position);
    for (const entry of this.model.entries.values()) {
      if (entry.source === source && entry.state === 'landed' && entry.position <= through) {
        return this.commit([['dropLanded', source, through]]);
      }
    }
  }

  async forgetSource(source) {
    await this.commit([['forget', source]]);
  }
}

/** Numbers above `landedThrough` that were given out and are not held any more: [first, last] or null. */
function lostNumbers(entries, nextSeq, landedThrough) {
  let [first, last] = [0, 0];
  for (let seq = landedThrough + 1; seq < nextSeq; seq++) {
    if (entries.has(seq)) continue;
    if (first === 0) first = seq;
    last = seq;
  }
  return first === 0 ? null : [first, last];
}

/** A store that keeps everything in memory: what was not sent is gone when the process ends. */
export function memoryStore() {
  return new MemoryStore();
}

// --- file store ------------------------------------------------------------------------------------------

const FILE_LIMITS = Object.freeze({
  groupOps: 1000, // ops in one line of the journal
  groupBytes: 8 * 1024 * 1024, // of one line, unless one op alone is larger
  compactBytes: 4 * 1024 * 1024, // a journal below this is left alone
  compactFactor: 4, // and one that is less than this many times what it was when it was written
  leaseMs: 30_000, // after which the lock of a process that cannot be asked about is free
  beatMs: 3_000,
});

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** One line of a journal: the CRC-32 of the JSON in hex, a blank, the JSON, a line feed. */
function journalLine(json) {
  return `${crc32(UTF8.encode(json)).toString(16).padStart(8, '0')} ${json}\n`;
}

/** The ops of a line, or null when it is not whole. */
function parseJournalLine(bytes) {
  if (bytes.length < 10 || bytes[8] !== 32) return null;
  const json = bytes.subarray(9);
  if (String.fromCharCode(...bytes.subarray(0, 8)) !== crc32(json).toString(16).padStart(8, '0')) return null;
  return JSON.parse(new TextDecoder().decode(json));
}

/**
 * A directory that one process at a time uses. Locks are files `lock-N` with who holds them; the highest N counts.
 * To take a stale one over is to create the next N, which only one process can: so no two ever hold it, whoever was
 * slow in between. The last file stays when the lock is given up, marked as released, so that N only grows.
 */
class DirectoryLock {
  #node;
  #dir;
  #path = null;
  #beat = null;

  constructor(node, dir) {
    this.#node = node;
    this.#dir = dir;
  }

  async acquire() {
    const { fsp, path } = this.#node;
    const me = JSON.stringify({ ...(await this.#self(this.#node.process.pid)), nonce: await uuid() });
    for (;;) {
      const numbers = await this.#numbers();
      const highest = numbers.at(-1) ?? 0;
      if (highest > 0) await this.#refuseIfHeld(path.join(this.#dir, `lock-${highest}`));
      const mine = path.join(this.#dir, `lock-${highest + 1}`);
      const draft = path.join(this.#dir, `.lock-${this.#node.process.pid}-${await uuid()}`);
      await fsp.writeFile(draft, me, { mode: 0o600 });
      try {
        await fsp.link(draft, mine); // with its content, or not at all
      } catch (error) {
        if (error.code === 'EEXIST') continue;
        throw error;
      } finally {
        await fsp.rm(draft, { force: true });
      }
      if ((await this.#numbers()).at(-1) > highest + 1) {
        await fsp.rm(mine, { force: true }); // somebody went past while we looked at a file that is gone
        continue;
      }
      for (const number of numbers) await fsp.rm(path.join(this.#dir, `lock-${number}`), { force: true });
      this.#path = mine;
      this.#beat = setInterval(() => fsp.utimes(mine, new Date(), new Date()).catch(() => {}), FILE_LIMITS.beatMs);
      this.#beat.unref();
      return;
    }
  }

  /** Fails when the lock was taken over, which takes a pause longer than the lease. */
  check() {
    if (this.#path === null || !this.#node.fs.existsSync(this.#path)) {
      throw new VarveError('STORE_LOCKED', `${this.#dir} was taken over by another process while this one was paused`);
    }
  }

  async release() {
    clearInterval(this.#beat);
    if (this.#path !== null) await this.#node.fsp.writeFile(this.#path, '{"released":true}').catch(() => {});
    this.#path = null;
  }

  async #numbers() {
    const names = await this.#node.fsp.readdir(this.#dir);
    return names.map((n) => /^lock-(\d+)$/.exec(n)?.[1]).filter(Boolean).map(Number).sort((a, b) => a - b);
  }

  async #refuseIfHeld(file) {
    let holder;
    let age;
    try {
      holder = JSON.parse(await this.#node.fsp.readFile(file, 'utf8'));
      age = Date.now() - (await this.#node.fsp.stat(file)).mtimeMs;
    } catch (error) {
      if (error.code === 'ENOENT' || error instanceof SyntaxError) return; // gone, or its writer's machine went down
      throw error;
    }
    if (holder.released) return;
    const here = await this.#self(holder.pid);
    // Process ids mean something only within one boot and one namespace.
    const comparable = holder.boot === here.boot && holder.namespace === here.namespace;
    const held = comparable ? here.started !== null && here.started === holder.started : age < FILE_LIMITS.leaseMs;
    if (held) {
      throw new VarveError(
        'STORE_LOCKED',
        `${this.#dir} is in use by process ${holder.pid}${comparable ? '' : ' of another host or container; if that is gone, try again in 30 seconds'}`,
      );
    }
  }

  /** Who a process is, such that no other is the same; `started` is null when there is none of that id. */
  async #self(pid) {
    const { fsp, os, process } = this.#node;
    const read = (file) => fsp.readFile(file, 'utf8').catch(() => null);
    const boot = (await read('/proc/sys/kernel/random/boot_id'))?.trim() ?? os.hostname();
    const namespace = await fsp.readlink('/proc/self/ns/pid').catch(() => '');
    const stat = await read(`/proc/${pid}/stat`);
    let started = null;
    if (stat !== null) {
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[0] !== 'Z') started = fields[19];
    } else if (namespace === '') {
      try {
        process.kill(pid, 0);
        started = 'alive';
      } catch (error) {
        if (error.code === 'EPERM') started = 'alive';
      }
    }
    return { pid, started, boot, namespace };
  }
}

/**
 * A memory store whose ops are in a journal that is synced before a change is said to be made. Ops that come while a
 * sync is under way go together in the next line. `journal-N` with the highest N counts; compacting writes N + 1.
 * A line is written only after the one before it was synced, so only the last can be torn.
 */
class FileStore extends MemoryStore {
  #dir;
  #node = null;
  #lock = null;
  #file = null;
  #number = 0;
  #size = 0;
  #sizeWhenWritten = 0;
  #queue = [];
  #writing = null;
  #broken = null;
  extractableKeys = true;

  constructor(dir) {
    super();
    this.#dir = dir;
  }

  async open() {
    const [fs, fsp, path, os, process] = await Promise.all(
      ['node:fs', 'node:fs/promises', 'node:path', 'node:os', 'node:process'].map(async (m) => (await import(m)).default),
    );
    this.#node = { fs, fsp, path, os, process };
    await fsp.mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const lock = new DirectoryLock(this.#node, this.#dir);
    await lock.acquire();
    this.#lock = lock;
    try {
      await this.#recover();
      await super.open();
    } catch (error) {
      await this.#file?.close().catch(() => {});
      await lock.release();
      throw error;
    }
  }

  async close() {
    while (this.#writing !== null) await this.#writing;
    this.#broken ??= closedError();
    await this.#file?.close().catch(() => {});
    this.#file = null;
    await this.#lock?.release();
    this.#lock = null;
  }

  async loadKeys(subtle) {
    const { fsp, path } = this.#node;
    let jwk;
    try {
      jwk = JSON.parse(await fsp.readFile(path.join(this.#dir, 'key.json'), 'utf8'));
    } catch (error) {
      if (error.code === 'ENOENT') return null;
      throw new VarveError('STORE_CORRUPT', `${path.join(this.#dir, 'key.json')} cannot be read: ${error.message}`, { cause: error });
    }
    const privateKey = await subtle.importKey('jwk', jwk, KEY_ALGORITHM, false, ['sign']);
    return { jwk, privateKey };
  }

  async saveKeys(keys, subtle) {
    const first = await this.loadKeys(subtle);
    if (first !== null) return first;
    const jwk = await subtle.exportKey('jwk', keys.privateKey);
    await this.#replace('key.json', JSON.stringify(jwk));
    return keys;
  }

  commit(ops) {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    // Applied at once, so that what is decided next sees it; taken back if it cannot be written.
    for (const op of ops) this.model.apply(op);
    return new Promise((resolve, reject) => {
      this.#queue.push({ json: JSON.stringify(ops).slice(1, -1), count: ops.length, resolve, reject });
      this.#writing ??= this.#write().finally(() => (this.#writing = null));
    });
  }

  /** Nothing goes out that could still be lost here. */
  async unsent(limits) {
    const unsent = await super.unsent(limits);
    await this.commit([]);
    return unsent;
  }

  async load() {
    const loaded = await super.load();
    await this.commit([]);
    return loaded;
  }

  async #write() {
    await null; // whatever is appended in the same turn goes together
    while (this.#queue.length > 0) {
      const group = [];
      let [ops, bytes] = [0, 0];
      while (this.#queue.length > 0 && ops < FILE_LIMITS.groupOps) {
        const next = this.#queue[0];
        if (group.length > 0 && bytes + next.json.length > FILE_LIMITS.groupBytes) break;
        group.push(this.#queue.shift());
        ops += next.count;
        bytes += next.json.length;
      }
      if (ops === 0) {
        for (const { resolve } of group) resolve();
        continue;
      }
      try {
        await this.#writeLine(`[${group.filter((g) => g.count > 0).map((g) => g.json).join(',')}]`);
      } catch (error) {
        await this.#takeBack(group, error);
        continue;
      }
      for (const { resolve } of group) resolve();
    }
  }

  async #writeLine(json) {
    this.#lock.check();
    const line = UTF8.encode(journalLine(json));
    for (let at = 0; at < line.length; ) {
      at += (await this.#file.write(line, at, line.length - at, this.#size + at)).bytesWritten;
    }
    await this.#file.datasync();
    this.#size += line.length;
    if (this.#size > FILE_LIMITS.compactBytes && this.#size > FILE_LIMITS.compactFactor * this.#sizeWhenWritten) await this.#compact();
  }

  /** What could not be written is taken back: the model becomes again what the journal says. */
  async #takeBack(group, error) {
    const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(error.code);
    const failure =
      error instanceof VarveError
        ? error
        : new VarveError(full ? 'QUOTA_EXCEEDED' : 'STORE_FAILED', `${this.#dir} cannot be written: ${error.message}`, { cause: error });
    try {
      if (!full) throw failure; // after a failed sync nobody knows what is on the disk
      await this.#file.truncate(this.#size);
      await this.#file.datasync();
      await this.#file.close();
      await this.#recover();
    } catch {
      this.#broken = failure;
    }
    // What came meanwhile was decided on what is now taken back.
    for (const { reject } of [...group, ...this.#queue.splice(0)]) reject(failure);
  }

  async #recover() {
    const { fsp, path } = this.#node;
    this.model = new BufferModel();
    const numbers = [];
    for (const file of await fsp.readdir(this.#dir)) {
      const number = /^journal-(\d+)$/.exec(file)?.[1];
      if (number !== undefined) numbers.push(Number(number));
      else if (file.endsWith('.tmp')) await fsp.rm(path.join(this.#dir, file), { force: true });
    }
    numbers.sort((a, b) => a - b);
    if (numbers.length === 0) return this.#compact();
    this.#number = numbers.at(-1);
    const file = path.join(this.#dir, `journal-${this.#number}`);
    const bytes = await fsp.readFile(file);
    let at = 0;
    for (let end; (end = bytes.indexOf(10, at)) >= 0; at = end + 1) {
      const ops = parseJournalLine(bytes.subarray(at, end));
      if (ops === null) break;
      for (const op of ops) this.model.apply(op);
    }
    if (at < bytes.length) this.#refuseUnlessTorn(file, bytes, at);
    this.#file = await fsp.open(file, 'r+');
    if (at < bytes.length) {
      await this.#file.truncate(at);
      await this.#file.datasync();
    }
    this.#size = this.#sizeWhenWritten = at;
    for (const old of numbers.slice(0, -1)) await fsp.rm(path.join(this.#dir, `journal-${old}`), { force: true });
  }

  /** A torn line is the last one. Anything whole behind it means that the file was damaged later. */
  #refuseUnlessTorn(file, bytes, at) {
    for (let start = bytes.indexOf(10, at) + 1, end; start > 0 && (end = bytes.indexOf(10, start)) >= 0; start = end + 1) {
      if (parseJournalLine(bytes.subarray(start, end)) !== null) {
        throw new VarveError('STORE_CORRUPT', `${file} is damaged at byte ${at}, and whole entries follow: it is left as it is`);
      }
    }
  }

  /** Writes the model as a new journal and moves over to it. What is queued is part of the model already. */
  async #compact() {
    const { fsp, path } = this.#node;
    const lines = [];
    if (this.model.bufferId !== null) {
      for (const op of this.model.ops()) lines.push(journalLine(JSON.stringify([op])));
    }
    const covered = this.#queue.splice(0);
    const next = path.join(this.#dir, `journal-${this.#number + 1}`);
    let file = null;
    let size = 0;
    try {
      file = await fsp.open(`${next}.tmp`, 'w+', 0o600);
      for (const line of lines) size += (await file.write(UTF8.encode(line))).bytesWritten;
      if (size !== lines.reduce((sum, line) => sum + utf8Length(line), 0)) throw new Error('a write was cut short');
      await file.sync();
      await fsp.rename(`${next}.tmp`, next);
      await this.#syncDirectory();
    } catch (error) {
      this.#queue.unshift(...covered);
      await file?.close();
      await fsp.rm(`${next}.tmp`, { force: true });
      await fsp.rm(next, { force: true }); // it would count at the next start
      if (this.#file === null) throw error;
      this.#sizeWhenWritten = this.#size; // the journal in use has everything; tried again when it has grown
      return;
    }
    const old = path.join(this.#dir, `journal-${this.#number}`);
    const oldFile = this.#file;
    this.#file = file;
    this.#number++;
    this.#size = this.#sizeWhenWritten = size;
    for (const { resolve } of covered) resolve();
    await oldFile?.close();
    await fsp.rm(old, { force: true });
  }

  async #replace(name, text) {
    const { fsp, path } = this.#node;
    const temporary = path.join(this.#dir, `${name}.tmp`);
    const file = await fsp.open(temporary, 'w', 0o600);
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await fsp.rename(temporary, path.join(this.#dir, name));
    await this.#syncDirectory();
  }

  async #syncDirectory() {
    if (this.#node.process.platform === 'win32') return; // directories cannot be opened there
    const dir = await this.#node.fsp.open(this.#dir, 'r');
    await dir.sync();
    await dir.close();
  }
}

/** A store in a directory (Node.js): a journal that is synced before an append resolves. One process at a time. */
export function fileStore(dir) {
  if (typeof dir !== 'string' || dir === '') throw invalid('dir', 'fileStore needs the path of a directory');
  return new FileStore(dir);
}

// --- IndexedDB store -------------------------------------------------------------------------------------

const asPromise = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function storeError(error, name) {
  if (error instanceof VarveError) return error;
  if (error?.name === 'QuotaExceededError') {
    return new VarveError('QUOTA_EXCEEDED', 'the browser gives this site no more room: sync, or free some, then try again', { cause: error });
  }
  return new VarveError('STORE_FAILED', `the browser's database ${name} failed: ${error?.message ?? error}`, { cause: error });
}

/**
 * The browser's store, shared by its tabs. A number and its event are stored in one transaction, so that tabs that
 * append at the same time never take the same number.
 */
class IndexedDbStore {
  #name;
  #db = null;
  #lost = null;
  shared = true;
  extractableKeys = false;

  constructor(name) {
    this.#name = name;
  }

  async open() {
    try {
      const request = globalThis.indexedDB.open(this.#name, 1);
      request.onupgradeneeded = () => {
        const db = request.result;
        db.createObjectStore('meta');
        // landedSource is set on landed entries only: so the index has only those.
        db.createObjectStore('entries', { keyPath: 'seq' }).createIndex('landedSource', 'landedSource');
        db.createObjectStore('sources', { keyPath: 'source' });
        db.createObjectStore('latest', { keyPath: ['source', 'key'] });
        db.createObjectStore('folds', { keyPath: ['source', 'name'] });
      };
      this.#db = await asPromise(request);
    } catch (error) {
      throw storeError(error, this.#name);
    }
    this.#db.onversionchange = () => this.#lose('another version of the page needs it: reload this one');
    this.#db.onclose = () => this.#lose('it was deleted or closed by the browser: reload the page');
    const newId = await uuid();
    await this.#write(['meta'], async (tx) => {
      const meta = tx.objectStore('meta');
      if ((await asPromise(meta.get('buffer'))) === undefined) meta.put({ bufferId: newId, nextSeq: 1, logIdentity: null }, 'buffer');
    });
  }

  #lose(why) {
    this.#lost = new VarveError('STORE_LOST', `the browser's database ${this.#name} cannot be used any more: ${why}`);
    this.#db.close();
  }

  async close() {
    this.#lost ??= closedError();
    this.#db?.close();
  }

  /** Runs `work` in a transaction; resolves with its result only once the transaction is complete. */
  #transact(stores, mode, durability, work) {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      let result;
      let failure = null;
      let tx;
      try {
        tx = this.#db.transaction(stores, mode, { durability });
      } catch (error) {
        return reject(storeError(error, this.#name));
      }
      tx.oncomplete = () => resolve(result);
      tx.onabort = () => reject(storeError(failure ?? tx.error, this.#name));
      work(tx).then(
        (value) => (result = value),
        (error) => {
          failure = error;
          try {
            tx.abort();
          } catch {
            reject(storeError(error, this.#name)); // it had ended already
          }
        },
      );
    });
  }

  #read = (stores, work) => this.#transact(stores, 'readonly', 'default', work);
  /** On the disk before it resolves. */
  #write = (stores, work) => this.#transact(stores, 'readwrite', 'strict', work);
  /** What can be had again from the log. */
  #cache = (stores, work) => this.#transact(stores, 'readwrite', 'relaxed', work);

  async loadKeys() {
    return (await this.#read(['meta'], (tx) => asPromise(tx.objectStore('meta').get('keys')))) ?? null;
  }

  async saveKeys(keys) {
    return this.#write(['meta'], async (tx) => {
      const meta = tx.objectStore('meta');
      const first = await asPromise(meta.get('keys'));
      if (first !== undefined) return first;
      meta.put(keys, 'keys');
      return keys;
    });
  }

  async load() {
    return this.#read(['meta', 'entries'], async (tx) => {
      const [buffer, entries] = await Promise.all([
        asPromise(tx.objectStore('meta').get('buffer')),
        asPromise(tx.objectStore('entries').getAll()),
      ]);
      return { ...buffer, entries };
    });
  }

  async append(items) {
    return this.#write(['meta', 'entries'], async (tx) => {
      const meta = tx.objectStore('meta');
      const buffer = await asPromise(meta.get('buffer'));
      const entries = items.map(({ source, body }, i) => ({
        seq: buffer.nextSeq + i, bufferId: buffer.bufferId, source, body, state: 'pending',
      }));
      meta.put({ ...buffer, nextSeq: buffer.nextSeq + items.length }, 'buffer');
      for (const entry of entries) tx.objectStore('entries').add(entry);
      return entries;
    });
  }

  async unsent(limits) {
    return this.#read(['meta', 'entries'], async (tx) => {
      const { bufferId, nextSeq } = await asPromise(tx.objectStore('meta').get('buffer'));
      const taker = new RunTaker(limits);
      await this.#eachEntry(tx, null, (entry) => taker.offer(entry));
      return { bufferId, nextSeq, run: taker.run, blocked: taker.blocked };
    });
  }

  /** Entries in order until `visit` returns false. */
  #eachEntry(tx, range, visit) {
    return new Promise((resolve, reject) => {
      const request = tx.objectStore('entries').openCursor(range);
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const cursor = request.result;
        try {
          if (cursor === null || visit(cursor.value, cursor) === false) resolve();
          else cursor.continue();
        } catch (error) {
          reject(error);
        }
      };
    });
  }

  /** Runs `work` unless the buffer was replaced meanwhile. */
  #inBuffer(bufferId, transact, work) {
    return transact(['meta', 'entries'], async (tx) => {
      const buffer = await asPromise(tx.objectStore('meta').get('buffer'));
      return buffer.bufferId === bufferId ? work(tx, buffer) : null;
    });
  }

  async landed(bufferId, through, positions, head) {
    const known = new Map(positions);
    await this.#inBuffer(bufferId, this.#cache, (tx) =>
      this.#eachEntry(tx, IDBKeyRange.upperBound(through), (entry, cursor) => {
        if (entry.state === 'void') return void cursor.delete();
        if (entry.state === 'landed' && entry.exact) return;
        land(entry, known, head);
        cursor.update({ ...entry, landedSource: entry.source });
      }),
    );
  }

  async unland(bufferId, from) {
    const done = await this.#inBuffer(bufferId, this.#write, async (tx, { nextSeq }) => {
      const held = await asPromise(tx.objectStore('entries').count(IDBKeyRange.lowerBound(from)));
      if (held !== nextSeq - from) return false;
      await this.#eachEntry(tx, IDBKeyRange.lowerBound(from), (entry, cursor) => {
        if (entry.state !== 'landed') return;
        const { position, exact, landedSource, seenAt, ...rest } = entry;
        cursor.update({ ...rest, state: 'pending' });
      });
      return true;
    });
    return done ?? false;
  }

  async reject(bufferId, seq, problem) {
    await this.#inBuffer(bufferId, this.#write, async (tx) => {
      const entries = tx.objectStore('entries');
      const entry = await asPromise(entries.get(seq));
      if (entry?.state === 'pending') entries.put({ ...entry, state: 'rejected', problem });
    });
  }

  async discard(seq) {
    return this.#write(['entries'], async (tx) => {
      const entries = tx.objectStore('entries');
      const entry = await asPromise(entries.get(seq));
      if (entry?.state !== 'rejected') return false;
      entries.put({ ...entry, state: 'void' });
      return true;
    });
  }

  async unreject() {
    await this.#write(['entries'], (tx) =>
      this.#eachEntry(tx, null, (entry, cursor) => {
        if (entry.state !== 'rejected') return;
        const { problem, ...rest } = entry;
        cursor.update({ ...rest, state: 'pending' });
      }),
    );
  }

  async setLogIdentity(logIdentity) {
    await this.#write(['meta'], async (tx) => {
      const meta = tx.objectStore('meta');
      meta.put({ ...(await asPromise(meta.get('buffer'))), logIdentity }, 'buffer');
    });
  }

  async rotate({ bufferId, landedThrough, logIdentity, forgetStates }) {
    const newId = await uuid();
    return this.#write(['meta', 'entries', 'sources', 'latest', 'folds'], async (tx) => {
      const meta = tx.objectStore('meta');
      const entries = tx.objectStore('entries');
      const buffer = await asPromise(meta.get('buffer'));
      if (buffer.bufferId !== bufferId) return null;
      const all = await asPromise(entries.getAll());
      const lost = lostNumbers(new Map(all.map((e) => [e.seq, e])), buffer.nextSeq, landedThrough);
      const moved = movable(all, landedThrough);
      entries.clear();
      moved.forEach(({ landedSource, ...entry }, i) => entries.put({ ...entry, seq: i + 1, bufferId: newId }));
      meta.put({ bufferId: newId, nextSeq: moved.length + 1, logIdentity }, 'buffer');
      if (forgetStates) for (const name of ['sources', 'latest', 'folds']) tx.objectStore(name).clear();
      return { bufferId: newId, moved: moved.length, lost };
    });
  }

  #keysOf = (source) => IDBKeyRange.bound([source], [source, []]);

  async loadSource(source) {
    return this.#read(['sources', 'latest', 'entries'], async (tx) => {
      const [cached, records, entries] = await Promise.all([
        asPromise(tx.objectStore('sources').get(source)),
        asPromise(tx.objectStore('latest').getAll(this.#keysOf(source))),
        asPromise(tx.objectStore('entries').getAll()),
      ]);
      return {
        latest: cached === undefined ? null : { ...cached, events: records.map((r) => r.event) },
        entries: entries.filter((e) => e.source === source),
      };
    });
  }

  async saveLatest(source, change) {
    return this.#cache(['meta', 'sources', 'latest', 'entries'], async (tx) => {
      const sources = tx.objectStore('sources');
      const latest = tx.objectStore('latest');
      const { logIdentity } = await asPromise(tx.objectStore('meta').get('buffer'));
      const fit = fits(await asPromise(sources.get(source)), logIdentity, change);
      if (fit !== 'apply') return fit;
      sources.put({ source, logIdentity, position: change.to });
      if (change.full) latest.delete(this.#keysOf(source));
      for (const event of change.set) latest.put({ source, key: event.key, event });
      for (const key of change.del) latest.delete([source, key]);
      await this.#dropLanded(tx, source, change.to);
      await this.#markSeen(tx, change.own);
      return fit;
    });
  }

  async #markSeen(tx, own) {
    if (own === undefined || own.seen.length === 0) return;
    const entries = tx.objectStore('entries');
    for (const [seq, seenAt] of own.seen) {
      const entry = await asPromise(entries.get(seq));
      if (entry?.bufferId === own.bufferId) entries.put({ ...entry, seenAt });
    }
  }

  async #dropLanded(tx, source, position) {
    const entries = tx.objectStore('entries');
    for (const entry of await asPromise(entries.index('landedSource').getAll(source))) {
      if (entry.position <= position) entries.delete(entry.seq);
    }
  }

  async loadFold(source, name) {
    return (await this.#read(['folds'], (tx) => asPromise(tx.objectStore('folds').get([source, name])))) ?? null;
  }

  async saveFold(source, name, { own, ...record }) {
    await this.#cache(['meta', 'folds', 'entries'], async (tx) => {
      const { logIdentity } = await asPromise(tx.objectStore('meta').get('buffer'));
      if (record.logIdentity !== logIdentity) return;
      tx.objectStore('folds').put({ ...record, source, name });
      await this.#markSeen(tx, own);
    });
  }

  async dropLanded(source, position) {
    await this.#cache(['sources', 'entries'], async (tx) => {
      const cached = await asPromise(tx.objectStore('sources').get(source));
      // A cached state that is older still needs them on top when it is shown offline.
      await this.#dropLanded(tx, source, cached === undefined ? position : Math.min(position, cached.position));
    });
  }

  async forgetSource(source) {
    await this.#cache(['sources', 'latest', 'folds'], async (tx) => {
      tx.objectStore('sources').delete(source);
      tx.objectStore('latest').delete(this.#keysOf(source));
      tx.objectStore('folds').delete(IDBKeyRange.bound([source], [source, []]));
    });
  }
}

/** The browser's durable store of that name: what openVarve uses when it is given no other. */
export function indexedDbStore(name = 'default') {
  return new IndexedDbStore(`varve:${name}`);
}

// --- folds and overlay -----------------------------------------------------------------------------------

/**
 * Whether an event of the log is this buffered one. Its origin alone does not say so: a copy of the store may have used
 * the number for another. Where the comparison errs, the push's answer tells.
 */
function sameEvent(body, event) {
  return ['source', 'type', 'key', 'tombstone', 'data', 'dataBase64'].every((field) => JSON.stringify(body[field]) === JSON.stringify(event[field]));
}

/** A buffered event as an application sees it: with its number, and what still has to happen to it. */
function ownEvent(entry, clientId) {
  const event = { ...JSON.parse(entry.body), clientId, bufferId: entry.bufferId, clientSeq: entry.seq };
  if (entry.state === 'pending') event.pending = true;
  else if (entry.state === 'rejected') event.rejected = true;
  else if (entry.exact) event.position = entry.position;
  return Object.freeze(event);
}

/** The default fold: the newest event per key, a tombstone removes it; own events that were not pulled yet on top. */
class LatestFold {
  #base = new Map();
  #shown = new Map();
  #own = new Map(); // key → own events in order
  #changed = new Set();
  #dirty = new Set(); // keys whose base changed since it was cached

  get state() {
    return this.#shown;
  }

  apply(event) {
    const { key } = event;
    if (key === undefined) return;
    if (event.tombstone) this.#base.delete(key);
    else this.#base.set(key, event);
    this.#dirty.add(key);
    this.#show(key);
  }

  replace(events) {
    const before = this.#base;
    this.#base = new Map(events.map((event) => [event.key, event]));
    this.#dirty.clear();
    for (const key of before.keys()) this.#show(key);
    for (const key of this.#base.keys()) this.#show(key);
  }

  addOwn(event) {
    if (event.key === undefined) return;
    if (!this.#own.has(event.key)) this.#own.set(event.key, []);
    this.#own.get(event.key).push(event);
    this.#show(event.key);
  }

  setOwn(events) {
    const before = this.#own;
    this.#own = new Map();
    for (const event of events) {
      if (event.key === undefined) continue;
      if (!this.#own.has(event.key)) this.#own.set(event.key, []);
      this.#own.get(event.key).push(event);
    }
    for (const key of before.keys()) this.#show(key);
    for (const key of this.#own.keys()) this.#show(key);
  }

  #show(key) {
    const event = this.#own.get(key)?.at(-1) ?? this.#base.get(key);
    if (event === undefined || event.tombstone) {
      if (this.#shown.delete(key)) this.#changed.add(key);
    } else if (this.#shown.get(key) !== event) {
      this.#shown.set(key, event);
      this.#changed.add(key);
    }
  }

  takeChanged() {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  get dirty() {
    return this.#dirty.size > 0;
  }

  /** What changed since the last time, or all of it: to be cached. */
  takeDirty(full) {
    const keys = full ? this.#base.keys() : this.#dirty;
    const [set, del] = [[], []];
    for (const key of keys) {
      const event = this.#base.get(key);
      if (event === undefined) del.push(key);
      else set.push(event);
    }
    this.#dirty = new Set();
    return { set, del };
  }

  /** It could not be cached: it goes with the next. */
  giveBack({ set, del }) {
    for (const event of set) this.#dirty.add(event.key);
    for (const key of del) this.#dirty.add(key);
  }
}

/** The application's own fold. Own events that were not pulled yet are folded on top, in order. */
class ReduceFold {
  #reduce;
  #initial;
  #base;
  #shown;
  #own = [];
  #stale = false;
  #failed;
  dirty = false;

  constructor(reduce, initial, failed) {
    this.#reduce = reduce;
    this.#initial = this.#base = this.#shown = initial;
    this.#failed = failed;
  }

  get state() {
    if (this.#stale) {
      this.#shown = this.#own.reduce((state, event) => this.#next(state, event), this.#base);
      this.#stale = false;
    }
    return this.#shown;
  }

  get base() {
    return this.#base;
  }

  get initial() {
    return this.#initial;
  }

  /** The state after more events, aside from what is shown. */
  fold(state, events) {
    return events.reduce((folded, event) => this.#next(folded, event), state);
  }

  apply(event) {
    this.setBase(this.#next(this.#base, event));
  }

  setBase(state) {
    this.#base = state;
    this.#stale = true;
    this.dirty = true;
  }

  addOwn(event) {
    this.#own.push(event);
    if (!this.#stale) this.#shown = this.#next(this.#shown, event);
  }

  setOwn(events) {
    this.#own = events;
    this.#stale = true;
  }

  takeChanged() {
    return undefined;
  }

  /** An event that `reduce` fails on changes nothing: the same for every client, as it is pure. */
  #next(state, event) {
    try {
      return this.#reduce(state, event);
    } catch (cause) {
      const where = event.position === undefined ? `own event ${event.clientSeq}` : `the event at ${event.position}`;
      this.#failed(new VarveError('REDUCE_FAILED', `reduce failed on ${where}, which is left out: ${cause?.message ?? cause}`, { cause }));
      return state;
    }
  }
}

// --- source view -----------------------------------------------------------------------------------------

/**
 * One opened source in one tab: its cached state at once, then what the log has by pages, then what the stream
 * brings. Own entries lie on top until the view is past their positions.
 */
class SourceView {
  #host;
  #fold;
  #cacheAs;
  #isDefault;
  #position = null; // null: nothing of the log is in the base yet
  #logIdentity = null; // of the log that the base is of
  #persisted = null; // the position that the cache has as far as we know
  #persistedAt = 0;
  #owes = false; // landed entries of this source are in the store, which the base has
  #seenTo = 0; // pulled by the stream, at least so far
  #epoch = 0;
  #catching = null;
  #wake = new Wakeup();
  #closing = new AbortController();
  #own = []; // own events on top, in order
  #listeners = new Set();
  #notifying = false;
  #persisting = null;
  #persistDue = 0; // when that is
  #resolveReady;

  constructor(host, source, { reduce, initial, cacheAs }) {
    this.#host = host;
    this.source = source;
    this.#isDefault = reduce === undefined;
    this.#cacheAs = cacheAs;
    this.#fold = this.#isDefault ? new LatestFold() : new ReduceFold(reduce, initial, (error) => host.tell(error));
    this.caughtUp = false;
    this.error = undefined;
    this.ready = new Promise((resolve) => (this.#resolveReady = resolve));
    this.#start();
  }

  get state() {
    return this.#fold.state;
  }

  get position() {
    return this.#position ?? 0;
  }

  /** The position from which the stream has to go on; null while there is none. */
  get follows() {
    return this.#catching === null && this.#logIdentity === this.#host.logIdentity ? this.#position : null;
  }

  get pendingEvents() {
    return this.#own.filter((event) => event.pending);
  }

  get pending() {
    return this.#own.reduce((n, event) => n + (event.pending ? 1 : 0), 0);
  }

  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  append(event) {
    if (this.#closing.signal.aborted) return Promise.reject(new VarveError('CLOSED', `the source ${this.source} was closed`));
    return this.#host.append(this.source, event);
  }

  close() {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#resolveReady();
    this.persist().catch(() => {});
    this.#listeners.clear();
    this.#host.viewClosed(this);
  }

  async #start() {
    try {
      const { latest, entries } = await this.#host.store.loadSource(this.source);
      if (this.#closing.signal.aborted) return;
      this.#host.adopt(entries);
      const cached = this.#isDefault ? latest : this.#cacheAs && (await this.#host.store.loadFold(this.source, this.#cacheAs));
      if (cached && cached.logIdentity === this.#host.logIdentity) {
        if (this.#isDefault) this.#fold.replace(cached.events);
        else this.#fold.setBase(cached.state);
        this.#position = this.#persisted = cached.position;
        this.#logIdentity = cached.logIdentity;
      }
      this.refreshOwn();
      if (this.#position !== null) this.#shown();
    } catch (error) {
      this.#host.tell(asVarveError(error, 'STORE_FAILED', 'a cached state could not be read'));
    }
    this.catchUp();
  }

  #shown() {
    this.#resolveReady();
    this.#notify();
  }

  /** Nothing can be pulled at the moment: what there is has to do. */
  offline() {
    this.#shown();
  }

  wake() {
    this.#wake.raise();
  }

  /** The log is another one: everything is read again. What was shown stays until then. */
  rebase() {
    this.#epoch++;
    this.#position = null;
    this.#persisted = null;
    this.#seenTo = 0;
    this.caughtUp = false;
    this.#notify();
    this.wake();
    this.catchUp();
  }

  // --- own entries

  addOwn(event) {
    this.#own.push(event);
    if (this.#host.overlay) this.#fold.addOwn(event);
    this.#notify();
  }

  /** Shows the entries that the host has for this source, except those that the base has. */
  refreshOwn() {
    const own = this.#host.ownEvents(this.source, this.#logIdentity === this.#host.logIdentity ? this.position : 0);
    if (own.length === 0 && this.#own.length === 0) return;
    if (own.length < this.#own.length) this.#owes = true;
    this.#own = own;
    this.#fold.setOwn(this.#host.overlay ? [...own] : []);
    this.#notify();
  }

  /** Entries of this source have landed: the store may drop those that the base has. */
  owes() {
    this.#owes = true;
    this.#persistSoon();
  }

  // --- pulling

  /** What the stream brought for all its sources from `from` to `to`. */
  pulled({ logIdentity, sources, from, to, events, caughtUp }) {
    if (this.#closing.signal.aborted || logIdentity !== this.#host.logIdentity || !sources.includes(this.source)) return;
    if (this.#position === null || this.#logIdentity !== logIdentity || from > this.#position) {
      this.#seenTo = Math.max(this.#seenTo, to);
      this.caughtUp = false;
      this.catchUp();
      return;
    }
    this.#take(events.filter((event) => event.source === this.source), to);
    if (caughtUp && this.#catching === null) this.caughtUp = true;
    this.#notify();
  }

  #take(events, to) {
    for (const event of events) {
      if (event.position <= this.#position) continue;
      this.#fold.apply(event);
      this.#host.echo(event);
      this.#position = event.position;
    }
    if (to > this.#position) this.#position = to;
    if (this.#own.length > 0) this.refreshOwn();
    this.#persistSoon();
  }

  catchUp() {
    this.#catching ??= this.#catchUp().finally(() => {
      this.#catching = null;
      if (!this.#closing.signal.aborted) this.#host.viewsChanged();
    });
  }

  async #catchUp() {
    const { signal } = this.#closing;
    const backoff = this.#host.backoff();
    while (!signal.aborted) {
      if (!this.#host.mayPull) {
        if (this.#host.isOffline) this.offline();
        await this.#wake.wait(signal);
        continue;
      }
      const epoch = this.#epoch;
      try {
        if (this.#position === null) await this.#pullAll(epoch);
        else await this.#pullPages(epoch);
        if (epoch !== this.#epoch) continue;
        this.error = undefined;
        this.#host.pullFailed(this, null);
        this.#shown();
        if (this.#position >= this.#seenTo) {
          this.caughtUp = true;
          this.#notify();
          return;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (epoch !== this.#epoch || error.code === 'ABORTED') continue;
        this.error = plainError(error);
        this.#host.pullFailed(this, error);
        this.offline();
        await this.#wake.wait(signal, this.#host.delayAfter(error, backoff));
      }
    }
  }

  /** The whole state, from nothing. */
  async #pullAll(epoch) {
    const logIdentity = this.#host.logIdentity;
    let position = 0;
    const own = []; // told only when the state that has them is shown
    const isOwn = (event) => event.clientId === this.#host.clientId;
    if (this.#isDefault) {
      const events = new Map();
      let [asOf, afterKey, more] = [undefined, undefined, true];
      while (more) {
        const page = await this.#host.pull('/v1/latest', { source: this.source, asOf, afterKey, limit: LIMITS.pageEvents, ...this.#fresh() }, this.#closing.signal);
        if (epoch !== this.#epoch) return;
        for (const event of page.events) events.set(event.key, event);
        own.push(...page.events.filter(isOwn));
        [asOf, afterKey, more] = [page.asOf, page.lastKey, page.more];
      }
      position = asOf;
      this.#fold.replace([...events.values()]);
    } else {
      let state = this.#fold.initial;
      for (let more = true; more; ) {
        const page = await this.#page(position);
        if (epoch !== this.#epoch) return;
        // Folded aside, and shown when it is whole.
        state = this.#fold.fold(state, page.events);
        own.push(...page.events.filter(isOwn));
        [position, more] = [page.next, page.more];
      }
      this.#fold.setBase(state);
    }
    this.#position = position;
    this.#logIdentity = logIdentity;
    this.#persisted = null;
    for (const event of own) this.#host.echo(event);
    this.refreshOwn();
    this.#persistSoon();
  }

  async #pullPages(epoch) {
    for (let more = true; more; ) {
      const page = await this.#page(this.#position);
      if (epoch !== this.#epoch) return;
      this.#take(page.events, page.next);
      this.#notify();
      more = page.more;
    }
  }

  #page(after) {
    return this.#host.pull('/v1/events', { source: this.source, after, limit: LIMITS.pageEvents, ...this.#fresh() }, this.#closing.signal);
  }

  /** Any node may answer that is as far as we know the log to be. */
  #fresh() {
    const atLeast = Math.max(this.#seenTo, this.#position ?? 0);
    return { consistency: 'local', atLeast: atLeast > 0 ? atLeast : undefined };
  }

  // --- caching

  #persistSoon() {
    if (this.#closing.signal.aborted) return;
    const quiet = !this.#fold.dirty && !this.#owes;
    const wait = Math.max(LIMITS.persistMs, quiet ? this.#persistedAt + 30_000 - Date.now() : 0);
    const due = Date.now() + wait;
    if (this.#persisting !== null && this.#persistDue <= due) return;
    clearTimeout(this.#persisting);
    this.#persistDue = due;
    this.#persisting = setTimeout(() => this.persist().catch((error) => this.#host.tell(asVarveError(error, 'STORE_FAILED', 'a state could not be cached'))), wait);
    this.#persisting.unref?.();
  }

  /** Caches the merged state. */
  async persist() {
    clearTimeout(this.#persisting);
    this.#persisting = null;
    if (this.#position === null || this.#logIdentity !== this.#host.logIdentity) return;
    this.#persistedAt = Date.now();
    const [logIdentity, to, epoch] = [this.#logIdentity, this.#position, this.#epoch];
    const { store } = this.#host;
    const own = this.#host.seen(this.source, to);
    if (!this.#isDefault) {
      if (this.#cacheAs !== undefined && this.#persisted !== to) {
        await store.saveFold(this.source, this.#cacheAs, { logIdentity, position: to, state: this.#fold.base, own });
        this.#fold.dirty = false;
      }
      await store.dropLanded(this.source, to);
    } else {
      for (let full = this.#persisted === null; ; full = true) {
        const changes = this.#fold.takeDirty(full);
        let fit;
        try {
          fit = await store.saveLatest(this.source, { logIdentity, from: this.#persisted ?? 0, to, full, own, ...changes });
        } catch (error) {
          this.#fold.giveBack(changes);
          throw error;
        }
        if (epoch !== this.#epoch) return;
        if (fit === 'skip' && logIdentity === this.#host.logIdentity) {
          // As new a state is cached already, maybe since before these had landed.
          await store.dropLanded(this.source, to);
        }
        if (fit !== 'stale') break;
        if (full) return;
      }
    }
    if (epoch !== this.#epoch) return;
    this.#persisted = to;
    this.#owes = false;
  }

  // --- telling

  #notify() {
    if (this.#notifying || this.#closing.signal.aborted) return;
    this.#notifying = true;
    queueMicrotask(() => {
      this.#notifying = false;
      if (this.#closing.signal.aborted) return;
      const changed = this.#fold.takeChanged();
      const change = { state: this.state, pending: this.pending, position: this.position, caughtUp: this.caughtUp, changed };
      for (const listener of [...this.#listeners]) this.#host.call(listener, change);
    });
  }
}

// --- push loop -------------------------------------------------------------------------------------------

/** Refused because of what the client is, not of what it sent. */
const REFUSED_CLIENT = new Set(['CLIENT_UNKNOWN', 'CLIENT_REVOKED']);
/** Refused because of what is in the run; without a number, a smaller run finds out which event it is. */
const REFUSED_RUN = new Set(['INVALID_ARGUMENT', 'PAYLOAD_TOO_LARGE', 'HTTP_413', 'ORIGIN_DIVERGED']);
const NOT_OF_AN_EVENT = new Set(['clientId', 'bufferId', 'logIdentity']);

/** Drains the buffer in order. Whatever the outcome of a push, sending the run again is safe. */
class PushLoop {
  #host;
  #wake = new Wakeup();
  #hurry = new Wakeup(); // ends a wait after a failure, which new work does not
  #backoff;
  #checked = false;
  #through = 0; // up to which number the log has this buffer
  #limit = LIMITS.batchEvents;
  #refusal = null; // {bufferId, seq, problem}: goes no further before what is before it has landed

  constructor(host) {
    this.#host = host;
    this.#backoff = host.backoff();
  }

  /** Something may be there to push. */
  wake() {
    this.#wake.raise();
  }

  /** What failed may work now. */
  hurry() {
    this.#backoff.reset();
    this.#hurry.raise();
    this.#wake.raise();
  }

  /** The log may be another one: ask before anything else goes out. */
  recheck() {
    this.#checked = false;
    this.#wake.raise();
  }

  async run(signal) {
    while (!signal.aborted) {
      if (this.#host.held) {
        await this.#wake.wait(signal);
        continue;
      }
      try {
        if (!this.#checked) await this.#check();
        const idle = !(await this.#step());
        this.#backoff.reset();
        this.#host.syncFailed('push', null);
        if (idle) await this.#wake.wait(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error.code === 'ABORTED') continue;
        this.#host.syncFailed('push', asVarveError(error, 'INTERNAL', 'the push loop failed'));
        await this.#hurry.wait(signal, this.#host.delayAfter(error, this.#backoff));
      }
    }
  }

  /** Learns which log this is and what it has of this buffer. */
  async #check() {
    const { store, clientId } = this.#host;
    const { bufferId, logIdentity: known } = await store.load();
    const origin = await this.#host.request('GET', '/v1/origin', { parameters: { bufferId, clientId } });
    this.#through = origin.landedThrough;
    if (known === null) {
      await store.setLogIdentity(origin.logIdentity);
      this.#host.publish({ t: 'identity', logIdentity: origin.logIdentity });
    } else if (known !== origin.logIdentity) {
      const rotated = await store.rotate({
        bufferId, landedThrough: origin.landedThrough, logIdentity: origin.logIdentity, forgetStates: true,
      });
      if (rotated !== null) {
        this.#through = 0;
        this.#refusal = null;
        this.#host.publish({ t: 'reset', logIdentity: origin.logIdentity });
        const what = `the log is ${origin.logIdentity} now, it was ${known}: everything is read again`;
        this.#host.report(new VarveError('LOG_IDENTITY_CHANGED', what + this.#moved(rotated)));
        this.#reportLost(rotated.lost);
      }
    } else if (this.#host.logIdentity !== known) {
      this.#host.publish({ t: 'identity', logIdentity: known });
    }
    this.#checked = true;
  }

  #moved({ moved, bufferId }) {
    return moved === 0 ? '' : `; ${moved} buffered events moved to the buffer ${bufferId}`;
  }

  #reportLost(lost) {
    if (lost === null) return;
    const [first, last] = lost;
    this.#host.report(
      new VarveError('EVENTS_LOST', `the log does not have what landed before as numbers ${first} to ${last}, and the buffer no longer holds it`),
    );
  }

  /** Pushes one run, or settles what stops the queue. Returns whether there may be more to do. */
  async #step() {
    const { store } = this.#host;
    const { bufferId, nextSeq, run } = await store.unsent({ maxEvents: this.#limit, maxBytes: LIMITS.batchBytes });
    if (this.#refusal !== null && this.#refusal.bufferId !== bufferId) this.#refusal = null;
    const refused = this.#refusal?.seq;
    const batch = refused === undefined ? run : run.filter((entry) => entry.seq < refused);
    if (batch.length > 0) {
      await this.#push(bufferId, batch);
      return true;
    }
    if (run.length > 0) {
      await this.#reject(bufferId, this.#refusal.seq, this.#refusal.problem);
      return true;
    }
    if (this.#through >= nextSeq) {
      // The log has numbers that this store never gave out: it is an older copy. What is appended next would clash.
      await this.#rotate(bufferId, nextSeq - 1, 'the log has more of this buffer than the buffer itself: the store is an older copy');
      return true;
    }
    return false;
  }

  async #reject(bufferId, seq, problem) {
    await this.#host.store.reject(bufferId, seq, problem);
    this.#refusal = null;
    this.#host.publish({ t: 'reload' });
  }

  async #rotate(bufferId, landedThrough, why) {
    const rotated = await this.#host.store.rotate({ bufferId, landedThrough, logIdentity: this.#host.logIdentity, forgetStates: false });
    this.#refusal = null;
    this.#through = 0;
    this.#host.publish({ t: 'reload' });
    if (rotated === null) return;
    this.#host.report(new VarveError('BUFFER_REPLACED', why + this.#moved(rotated)));
    this.#reportLost(rotated.lost);
  }

  async #push(bufferId, batch) {
    const { clientId, logIdentity } = this.#host;
    const events = batch.map(({ seq, state, body }) =>
      state === 'void' ? `{"clientSeq":${seq},"void":true}` : `{"clientSeq":${seq},${body.slice(1)}`,
    );
    const envelope = JSON.stringify({ logIdentity, clientId, bufferId });
    try {
      const reply = await this.#host.request('POST', '/v1/push', { body: `${envelope.slice(0, -1)},"events":[${events.join(',')}]}` });
      await this.#landed(bufferId, reply, batch);
    } catch (error) {
      if (!(await this.#settle(bufferId, batch, error))) throw error;
    }
  }

  async #landed(bufferId, { logIdentity, landedThrough, positions, head }, batch) {
    if (logIdentity !== this.#host.logIdentity) {
      this.#checked = false;
      return;
    }
    this.#through = landedThrough;
    this.#limit = Math.min(LIMITS.batchEvents, this.#limit * 2);
    const pairs = (positions ?? []).map(({ clientSeq, position }) => [clientSeq, position]);
    const last = batch[batch.length - 1].seq;
    // Beyond the run, the log may have a copy's events under numbers that are given out here only now.
    await this.#host.landed(bufferId, Math.min(landedThrough, last), pairs, head);
    if (landedThrough < last) throw new VarveError('NETWORK', `the gateway took the run up to ${last} and says that ${landedThrough} has landed`);
  }

  /** Does what a refusal asks for. Returns false when all there is to do is to try again later. */
  async #settle(bufferId, batch, error) {
    const first = batch[0].seq;
    if (error.code === 'SEQUENCE_GAP' && Number.isSafeInteger(error.expectedSeq)) {
      await this.#closeGap(bufferId, first, error.expectedSeq);
      return true;
    }
    if (error.code === 'LOG_IDENTITY_MISMATCH') {
      this.#checked = false;
      return false;
    }
    if (error.status < 400 || error.status >= 500) return false;
    if (batch.some((entry) => entry.seq === error.clientSeq)) {
      if (error.code === 'ORIGIN_DIVERGED') return this.#diverged(bufferId, batch);
      this.#refusal = { bufferId, seq: error.clientSeq, problem: plainError(error) };
      return true;
    }
    if (!REFUSED_RUN.has(error.code) || NOT_OF_AN_EVENT.has(error.field)) return false;
    if (error.code === 'ORIGIN_DIVERGED') return this.#diverged(bufferId, batch);
    if (batch.length > 1) this.#limit = Math.floor(batch.length / 2);
    else await this.#reject(bufferId, first, plainError(error));
    return true;
  }

  /** Some number of the run was used for another event: those before it are the same and have landed. */
  async #diverged(bufferId, batch) {
    if (batch.length > 1) {
      this.#limit = Math.floor(batch.length / 2);
      return true;
    }
    await this.#rotate(bufferId, batch[0].seq - 1, `number ${batch[0].seq} of this buffer was used for another event: the store was copied, or restored from a backup`);
    return true;
  }

  async #closeGap(bufferId, first, expected) {
    if (expected > first) {
      // The log has them, whatever this store knows.
      const { head } = await this.#host.request('GET', '/v1/origin', { parameters: { bufferId, clientId: this.#host.clientId } });
      await this.#host.landed(bufferId, expected - 1, [], head);
    } else if (await this.#host.store.unland(bufferId, expected)) {
      this.#host.publish({ t: 'reload', unlanded: true });
    } else {
      await this.#rotate(bufferId, expected - 1, `the log expects number ${expected} of this buffer, and the buffer holds only newer ones`);
    }
  }
}

// --- stream loop -----------------------------------------------------------------------------------------

/** The one stream of a browser: what all open sources of all its tabs miss, from the lowest of their positions. */
class StreamLoop {
  #host;
  #wake = new Wakeup();
  #hurry = new Wakeup();
  #backoff;
  #retryMs = 1000;
  #tabs = new Map(); // tab → Map source → position
  #streaming = []; // the sources of the stream now
  #cursor = 0; // everything up to here was published for all of them
  #connection = null;
  #restreaming = null;

  constructor(host) {
    this.#host = host;
    this.#backoff = host.backoff();
  }

  wake() {
    this.#wake.raise();
  }

  /** What failed may work now. */
  hurry() {
    this.#backoff.reset();
    this.#hurry.raise();
    this.#wake.raise();
  }

  /** The sources a tab has open, with the position from which each goes on. */
  opened(tab, sources) {
    const before = this.#tabs.get(tab);
    // What was published meanwhile and is still on its way to the tab is not published again.
    this.#tabs.set(tab, new Map(sources.map(([s, position]) => [s, Math.max(position, before?.get(s) ?? 0)])));
    this.#changed();
  }

  tabGone(tab) {
    if (this.#tabs.delete(tab)) this.#changed();
  }

  has(source) {
    return [...this.#tabs.values()].some((sources) => sources.has(source));
  }

  /** All positions are void: the tabs tell new ones. */
  forget() {
    this.#tabs.clear();
    this.#cursor = 0;
    this.#changed();
  }

  /** Whether what is open is being followed. */
  get isIdle() {
    return this.#connection === null ? this.#wanted().sources.length === 0 : this.#connection.open;
  }

  get isOpen() {
    return this.#connection?.open ?? false;
  }

  #changed() {
    clearTimeout(this.#restreaming);
    this.#restreaming = setTimeout(() => {
      const { sources, after } = this.#wanted();
      const same = sources.length === this.#streaming.length && sources.every((s, i) => s === this.#streaming[i]);
      // Behind the cursor is a tab that was away: it gets what it missed with everybody.
      if (!same || after < this.#cursor) this.#connection?.abort.abort();
      this.#wake.raise();
    }, LIMITS.restreamMs);
    this.#restreaming.unref?.();
  }

  #wanted() {
    const lowest = new Map();
    for (const sources of this.#tabs.values()) {
      for (const [source, position] of sources) lowest.set(source, Math.min(position, lowest.get(source) ?? Infinity));
    }
    const sources = [...lowest.keys()].sort().slice(0, LIMITS.sources);
    const after = Math.min(...sources.map((s) => lowest.get(s)), Infinity);
    return { sources, after, crowded: lowest.size > LIMITS.sources };
  }

  async run(signal) {
    while (!signal.aborted) {
      const { sources, crowded } = this.#wanted();
      if (this.#host.held || sources.length === 0 || this.#host.logIdentity === null) {
        this.#streaming = [];
        this.#host.syncFailed('stream', null);
        await this.#wake.wait(signal);
        continue;
      }
      if (crowded) this.#host.tell(new VarveError('TOO_MANY_SOURCES', `more than ${LIMITS.sources} sources are open in this browser: the others are not followed`));
      try {
        await this.#follow(sources, signal);
      } catch (error) {
        if (signal.aborted) break;
        if (error.code === 'ABORTED' || error.code === 'RESTART') continue;
        this.#host.syncFailed('stream', asVarveError(error, 'NETWORK', 'the stream broke'));
        await this.#hurry.wait(signal, this.#host.delayAfter(error, this.#backoff));
      }
    }
    clearTimeout(this.#restreaming);
  }

  async #follow(sources, signal) {
    const abort = new AbortController();
    const limit = deadline(Infinity, signal, this.#host.network, abort.signal);
    const connection = (this.#connection = { abort, open: false, silent: false });
    const { logIdentity, timing } = this.#host;
    let watchdog;
    let end = null;
    try {
      this.#streaming = sources;
      this.#cursor = this.#wanted().after;
      const body = await this.#host.gateway.stream({ source: sources, after: this.#cursor, logIdentity }, limit.signal);
      const reader = body.getReader();
      const chunk = new ChunkOfStream();
      const parser = new SseParser({
        onMessage: (message) => chunk.take(message),
        onRetry: (ms) => (this.#retryMs = Math.min(ms, LIMITS.retryAfterMs)),
      });
      while (end === null) {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => {
          connection.silent = true;
          abort.abort();
        }, timing.watchdogMs);
        const { done, value } = await reader.read();
        if (limit.signal.aborted) throw new VarveError('ABORTED', 'the stream was ended');
        if (done) throw new VarveError('NETWORK', 'the stream was cut');
        parser.push(value);
        if (chunk.hello !== null && !connection.open) {
          connection.open = true;
          this.#backoff.reset();
          this.#host.syncFailed('stream', null);
        }
        this.#publish(chunk, logIdentity);
        end = chunk.end;
      }
    } catch (error) {
      if (connection.silent) throw new VarveError('NETWORK', `the stream was silent for ${timing.watchdogMs} ms`);
      if (abort.signal.aborted && !signal.aborted) throw new VarveError('RESTART', 'the sources are others now');
      if (limit.signal.aborted) throw new VarveError('ABORTED', 'the stream was ended');
      if (error.code === 'LOG_IDENTITY_MISMATCH' || error.code === 'OUT_OF_RANGE') this.#host.recheck(error.code === 'OUT_OF_RANGE');
      throw asVarveError(error, 'NETWORK', 'the stream was cut');
    } finally {
      clearTimeout(watchdog);
      abort.abort(); // lets go of the connection, whatever the reason
      limit.done();
      this.#connection = null;
      this.#host.statusChanged();
    }
    await this.#ended(end, signal);
  }

  #publish(chunk, logIdentity) {
    const { events, to, caughtUp } = chunk.drain();
    if (to === 0) return;
    const from = this.#cursor;
    this.#cursor = Math.max(this.#cursor, to);
    for (const sources of this.#tabs.values()) {
      for (const source of this.#streaming) {
        if (sources.has(source)) sources.set(source, Math.max(sources.get(source), this.#cursor));
      }
    }
    this.#host.publish({ t: 'pulled', logIdentity, sources: this.#streaming, from, to, events, caughtUp });
  }

  /** The gateway said how it goes on. */
  async #ended({ type, data }, signal) {
    switch (type) {
      case 'reauthenticate':
        this.#host.gateway.forgetToken();
        // A new one that ends at once again is not asked for in a hurry.
        return this.#hurry.wait(signal, Math.random() * this.#host.timing.backoffMinMs);
      case 'reconnect':
        this.#host.gateway.moveOn();
        return this.#hurry.wait(signal, Math.random() * this.#retryMs);
      case 'reset':
        this.#host.recheck(data.logIdentity === this.#host.logIdentity);
        throw new VarveError('LOG_IDENTITY_MISMATCH', data.reason ?? 'the log is another one');
      default:
        throw new VarveError(data.code ?? 'NETWORK', data.detail ?? 'the stream failed', data);
    }
  }
}

/** What one piece of a stream brought. */
class ChunkOfStream {
  #events = [];
  #to = 0;
  #caughtUp = false;
  hello = null;
  end = null;

  take({ type, data }) {
    if (this.end !== null) return;
    const value = JSON.parse(data);
    switch (type) {
      case 'message':
        this.#events.push(value);
        this.#to = value.position;
        break;
      case 'caught-up':
      case 'checkpoint':
        this.#to = Math.max(this.#to, value.position);
        this.#caughtUp ||= type === 'caught-up';
        break;
      case 'hello':
        this.hello = value;
        break;
      case 'reauthenticate':
      case 'reconnect':
      case 'reset':
      case 'problem':
        this.end = { type, data: value };
        break;
      default: // a newer gateway's, and nothing to us
    }
  }

  drain() {
    const drained = { events: this.#events, to: this.#to, caughtUp: this.#caughtUp };
    this.#events = [];
    this.#to = 0;
    this.#caughtUp = false;
    return drained;
  }
}

// --- tabs ------------------------------------------------------------------------------------------------

/** One process, one instance: it leads, and nobody listens. */
class Alone {
  id = 'only';

  post() {}

  lead(work) {
    return work();
  }

  onGone() {}

  close() {}
}

/** The tabs of one browser that use one store: a channel among them, and a lock that says which one syncs. */
class Tabs {
  #name;
  #channel;
  #closing = new AbortController();

  constructor(name, id, onMessage) {
    this.#name = name;
    this.id = id;
    this.#channel = new BroadcastChannel(`${name}:${CHANNEL_VERSION}`);
    this.#channel.onmessage = ({ data }) => onMessage(data);
    // Held while this tab lives: whoever gets it knows that the tab is gone.
    this.#hold(`tab:${id}`, () => new Promise((resolve) => this.#closing.signal.addEventListener('abort', resolve, { once: true })));
  }

  post(message) {
    if (!this.#closing.signal.aborted) this.#channel.postMessage(message);
  }

  /** Runs `work` once this tab leads; it leads until that is done. */
  lead(work) {
    return this.#hold('leader', work);
  }

  /** Calls back once that tab is gone. */
  onGone(tab, gone) {
    this.#hold(`tab:${tab}`, async () => gone());
  }

  async #hold(what, work) {
    try {
      const lock = what === 'leader' ? this.#name : `${this.#name}:${what}`;
      await navigator.locks.request(lock, { signal: this.#closing.signal }, work);
    } catch (error) {
      if (error?.name !== 'AbortError') throw error;
    }
  }

  close() {
    this.#closing.abort();
    this.#channel.close();
  }
}

// --- varve -----------------------------------------------------------------------------------------------

/** One opened buffer in one tab. What its users see of it is described in varve-local.d.ts. */
class Varve {
  #onError;
  #insecure;
  #tabs;
  #bufferId = null;
  #entries = new Map(); // seq → {entry, event}
  #lastSeq = 0;
  #landed = { bufferId: null, through: 0, head: 0, positions: new Map() };
  #views = new Set();
  #queue = []; // appends that are not in the store yet
  #appending = null;
  #appendError = null;
  #reloading = null;
  #reloadAgain = false;
  #telling = false;
  #listeners = new Set();
  #drainers = new Set();
  #status = null;
  #statusQueued = false;
  #push = null;
  #stream = null;
  #leading = null;
  #stop = new AbortController();
  #network = new AbortController();
  #failures = { push: null, stream: null };
  #started = false; // this tab leads, and the log answered it
  #pullFailures = new Map();
  #sync = { offline: false, started: false, idle: false, error: undefined };
  #notice = undefined;
  #simulated = false;
  #closing = null;
  #unlisten = () => {};
  logIdentity = null;

  constructor({ store, identity, gateway, timing, onError, overlay, insecure, name, id }) {
    this.store = store;
    this.gateway = gateway;
    this.timing = timing;
    this.clientId = identity?.clientId ?? '';
    this.#onError = onError;
    this.overlay = overlay;
    this.#insecure = insecure;
    const shared = store.shared && insecure === undefined;
    this.#tabs = shared ? new Tabs(`varve:${name}`, id, (message) => this.#receive(message)) : new Alone();
    this.#status = this.#computeStatus();
  }

  async start() {
    if (this.#insecure !== undefined) return;
    await this.#reload();
    this.#listen();
    this.#tabs.post({ t: 'hi' });
    this.#leading = this.#tabs.lead(() => this.#lead());
    this.#leading.catch((error) => this.report(asVarveError(error, 'INTERNAL', 'this tab cannot lead')));
  }

  // --- for users

  get bufferId() {
    return this.#bufferId;
  }

  get status() {
    return this.#status;
  }

  onStatus(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  source(source, options = {}) {
    if (this.#closing !== null) throw closedError();
    name(source, 'source');
    for (const option of Object.keys(options)) {
      if (!['reduce', 'initial', 'cacheAs'].includes(option)) throw invalid(option, `source() has no option '${option}'; it has reduce, initial, cacheAs`);
    }
    if (options.reduce !== undefined && typeof options.reduce !== 'function') throw invalid('reduce', 'reduce must be a function (state, event) → state');
    if (options.reduce === undefined && (options.initial !== undefined || options.cacheAs !== undefined)) {
      throw invalid('initial', 'initial and cacheAs go with reduce: the default fold starts empty and is always cached');
    }
    const open = new Set([...this.#views].map((view) => view.source)).add(source);
    if (open.size > LIMITS.sources) throw invalid('source', `at most ${LIMITS.sources} sources can be open: close one first`);
    const view = new SourceView(this, source, options);
    this.#views.add(view);
    return facade(view);
  }

  simulateOffline(on) {
    this.publish({ t: 'simulate', on: on === true });
  }

  rejected() {
    return this.#inOrder()
      .filter(({ entry }) => entry.state === 'rejected')
      .map(({ entry, event }) => ({ clientSeq: entry.seq, event, problem: entry.problem }));
  }

  async discard(clientSeq) {
    this.#mustBeOpen();
    if (!(await this.store.discard(clientSeq))) throw new VarveError('NOT_FOUND', `no event ${clientSeq} is held as rejected`, { clientSeq });
    this.publish({ t: 'reload' });
    await this.#reload();
  }

  async retry() {
    this.#mustBeOpen();
    await this.store.unreject();
    this.publish({ t: 'reload' });
    this.publish({ t: 'retry' });
    await this.#reload();
  }

  drained() {
    return new Promise((resolve, reject) => {
      this.#drainers.add({ resolve, reject });
      this.#checkDrained();
    });
  }

  close() {
    return (this.#closing ??= this.#close());
  }

  async #close() {
    this.#unlisten();
    await this.#appending;
    for (const view of [...this.#views]) {
      await view.persist().catch(() => {});
      view.close();
    }
    this.#stop.abort();
    this.#network.abort();
    this.gateway?.close();
    await this.#leading?.catch(() => {});
    this.#tabs.post({ t: 'bye', tab: this.#tabs.id });
    this.#tabs.close();
    while (this.#reloading !== null) await this.#reloading;
    this.#checkDrained();
    this.#listeners.clear();
    if (this.#insecure === undefined) await this.store.close();
  }

  #mustBeOpen() {
    if (this.#insecure !== undefined) throw this.#insecure;
    if (this.#closing !== null) throw closedError();
  }

  // --- appending

  /** Resolves once the event and its number are durable. */
  async append(source, event) {
    this.#mustBeOpen();
    const body = eventBody(source, event);
    if (this.#status.pending + this.#queue.length >= LIMITS.unsentEvents) {
      throw new VarveError('BUFFER_FULL', `${LIMITS.unsentEvents} events wait to be sent already: sync first`);
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ source, body, resolve, reject });
      this.#appending ??= this.#store();
    });
  }

  async #store() {
    await null; // so that what is appended in the same turn goes together
    while (this.#queue.length > 0) {
      const items = this.#queue.splice(0, LIMITS.appendTogether);
      try {
        const entries = await this.store.append(items.map(({ source, body }) => ({ source, body })));
        this.#appendError = null;
        this.adopt(entries);
        this.#tabs.post({ t: 'appended', entries });
        this.#push?.wake();
        const saved = Promise.resolve();
        items.forEach(({ resolve }, i) => resolve({ clientSeq: entries[i].seq, saved }));
      } catch (cause) {
        const error = asVarveError(cause, 'STORE_FAILED', 'the event could not be stored');
        this.#appendError = error;
        for (const { reject } of items) reject(error);
        this.tell(error);
      }
      this.statusChanged();
    }
    this.#appending = null;
  }

  // --- entries in memory

  /** Takes over entries that the store has. */
  adopt(entries) {
    for (const entry of entries) {
      if (entry.bufferId !== this.#bufferId) {
        this.#reload(); // from before or after a change of buffers that is on its way to us
        return;
      }
      if (this.#entries.has(entry.seq)) continue;
      const last = this.#lastSeq;
      const held = this.#hold({ ...entry });
      for (const view of this.#viewsOf(entry.source)) {
        if (entry.seq > last) view.addOwn(held.event);
        else view.refreshOwn();
      }
    }
    this.statusChanged();
  }

  #hold(entry) {
    const { bufferId, through, positions, head } = this.#landed;
    if (entry.bufferId === bufferId && entry.seq <= through && entry.state === 'pending') land(entry, positions, head);
    const held = { entry, event: ownEvent(entry, this.clientId) };
    this.#entries.set(entry.seq, held);
    this.#lastSeq = Math.max(this.#lastSeq, entry.seq);
    return held;
  }

  #inOrder() {
    return [...this.#entries.values()].sort((a, b) => a.entry.seq - b.entry.seq);
  }

  #viewsOf(source) {
    return [...this.#views].filter((view) => view.source === source);
  }

  /** A source's own events that are not in its state at that position, in order. */
  ownEvents(source, position) {
    const own = [];
    for (const held of this.#inOrder()) {
      const { entry, event } = held;
      if (entry.source !== source || entry.state === 'void') continue;
      if (entry.seenAt <= position) continue;
      if (entry.state !== 'landed' || entry.position > position) own.push(event);
      else if (this.#viewsOf(source).every((view) => view.position >= entry.position)) this.#entries.delete(entry.seq);
    }
    return own;
  }

  /** An event of the log may be one of ours, pulled before its push was answered: then it is not shown on top. */
  echo(event) {
    const { clientId, bufferId, clientSeq, position } = event;
    if (clientId !== this.clientId || bufferId !== this.#bufferId) return;
    const entry = this.#entries.get(clientSeq)?.entry;
    if (entry === undefined || entry.state === 'landed' || !sameEvent(JSON.parse(entry.body), event)) return;
    // Those of the source before it lie before it in the log too, and the default fold may have been given only the last.
    for (const { entry: other } of this.#entries.values()) {
      if (other.seq <= clientSeq && other.source === entry.source && other.state !== 'landed') other.seenAt ??= position;
    }
  }

  /** Own events that states up to a position have though no push has told so: [number, position] each. */
  seen(source, position) {
    const seen = [];
    for (const { entry } of this.#entries.values()) {
      if (entry.source === source && entry.seenAt <= position && entry.state !== 'landed') seen.push([entry.seq, entry.seenAt]);
    }
    return { bufferId: this.#bufferId, seen };
  }

  #landHeld(held, positions, head) {
    if (held.entry.state === 'void') {
      this.#entries.delete(held.entry.seq);
      return;
    }
    land(held.entry, positions, head);
    held.event = ownEvent(held.entry, this.clientId);
  }

  /** Reads the entries again; what is asked for meanwhile is done once more. */
  #reload() {
    this.#reloadAgain = this.#reloading !== null;
    this.#reloading ??= (async () => {
      try {
        do {
          this.#reloadAgain = false;
          this.#replaceEntries(await this.store.load());
        } while (this.#reloadAgain);
      } catch (error) {
        this.tell(asVarveError(error, 'STORE_FAILED', 'the buffer could not be read'));
      } finally {
        this.#reloading = null;
      }
    })();
    return this.#reloading;
  }

  #replaceEntries({ bufferId, nextSeq, logIdentity, entries }) {
    const before = this.#entries;
    this.#entries = new Map();
    this.#lastSeq = 0;
    for (const entry of entries) this.#hold(entry);
    if (bufferId === this.#bufferId) {
      for (const [seq, held] of before) {
        const { seenAt } = held.entry;
        if (seenAt !== undefined && this.#entries.has(seq)) this.#entries.get(seq).entry.seenAt ??= seenAt;
        // Newer than what was read; or landed, gone from the store, and not yet in a state that is shown here.
        if (seq >= nextSeq || (held.entry.state === 'landed' && !this.#entries.has(seq))) this.#entries.set(seq, held);
        this.#lastSeq = Math.max(this.#lastSeq, seq);
      }
    }
    this.#bufferId = bufferId;
    this.logIdentity ??= logIdentity;
    for (const view of this.#views) view.refreshOwn();
    this.statusChanged();
  }

  // --- messages: to this tab and all others

  publish(message) {
    this.#receive(message);
    this.#tabs.post(message);
  }

  #receive(message) {
    if (this.#stop.signal.aborted) return;
    switch (message.t) {
      case 'appended':
        this.adopt(message.entries);
        this.#push?.wake();
        break;
      case 'landed':
        this.#receiveLanded(message);
        break;
      case 'pulled':
        for (const view of this.#views) view.pulled(message);
        break;
      case 'reload':
        if (message.unlanded) this.#forgetLanded();
        this.#reload().then(() => this.#push?.wake());
        break;
      case 'identity':
        this.logIdentity = message.logIdentity;
        this.#wakeViews();
        this.#stream?.wake();
        break;
      case 'reset':
        this.logIdentity = message.logIdentity;
        this.#forgetLanded();
        this.#reload(); // what waits is shown until then: it has not gone
        this.#rebase();
        break;
      case 'rebase':
        this.#rebase();
        break;
      case 'sync':
        if (this.#stream === null) {
          this.#sync = message.sync;
          this.statusChanged();
        }
        break;
      case 'simulate':
        this.#simulate(message.on);
        break;
      case 'retry':
        this.#notice = undefined;
        this.#appendError = null;
        this.#wakeAll();
        break;
      case 'report':
        this.#notice = message.error;
        this.tell(new VarveError(message.error.code, message.error.detail, message.error));
        this.statusChanged();
        break;
      case 'doubt':
        if (this.#push !== null) this.recheck(message.rebase);
        break;
      case 'hi':
        if (this.#stream !== null) {
          this.#tabs.post({ t: 'sync', sync: this.#sync });
          this.#tabs.post({ t: 'simulate', on: this.#simulated });
        }
        break;
      case 'who':
        this.#tellOpen();
        break;
      case 'open':
        if (this.#stream !== null) {
          this.#stream.opened(message.tab, message.sources);
          this.#tabs.onGone(message.tab, () => this.#stream.tabGone(message.tab));
        }
        break;
      case 'bye':
        this.#stream?.tabGone(message.tab);
        break;
      default: // none of ours
    }
  }

  #receiveLanded({ bufferId, through, positions, head }) {
    if (bufferId !== this.#bufferId) {
      this.#reload(); // from before or after a change of buffers that is on its way to us
      return;
    }
    const known = new Map(positions);
    if (this.#landed.bufferId !== bufferId || through >= this.#landed.through) {
      this.#landed = { bufferId, through, head, positions: known };
    }
    const sources = new Set();
    for (const held of [...this.#entries.values()]) {
      if (held.entry.seq > through || (held.entry.state === 'landed' && held.entry.exact)) continue;
      this.#landHeld(held, known, head);
      sources.add(held.entry.source);
    }
    for (const source of sources) {
      const views = this.#viewsOf(source);
      for (const view of views) {
        view.owes();
        view.refreshOwn();
      }
      if (views.length === 0) this.ownEvents(source, Infinity);
    }
    this.statusChanged();
  }

  /** What a push told of may not be so any more. */
  #forgetLanded() {
    this.#landed = { bufferId: null, through: 0, head: 0, positions: new Map() };
  }

  #rebase() {
    this.#stream?.forget();
    for (const view of this.#views) view.rebase();
    this.statusChanged();
  }

  // --- what the loops and views use

  /** Nothing may go out: switched off by hand, or closing. */
  get held() {
    return this.#simulated;
  }

  get network() {
    return this.#network.signal;
  }

  get mayPull() {
    return this.logIdentity !== null && !this.#simulated && this.#insecure === undefined;
  }

  get isOffline() {
    return this.#simulated || this.#sync.offline || this.#insecure !== undefined;
  }

  backoff() {
    return new Backoff(this.timing);
  }

  delayAfter(error, backoff) {
    const slow = REFUSED_CLIENT.has(error.code) ? Math.min(LIMITS.refusedMs, this.timing.backoffMaxMs) : 0;
    return backoff.next(Math.max(slow, error.retryAfterMs ?? 0));
  }

  async request(method, path, options) {
    this.#requireOnline();
    return this.gateway.json(method, path, { signal: this.network, ...options });
  }

  async pull(path, parameters, signal) {
    this.#requireOnline();
    const { logIdentity } = this;
    const both = deadline(Infinity, signal, this.network);
    try {
      const page = await this.gateway.json('GET', path, { parameters: { ...parameters, logIdentity }, signal: both.signal });
      if (page.logIdentity !== logIdentity) throw new VarveError('LOG_IDENTITY_MISMATCH', `the log is ${page.logIdentity}, not ${logIdentity}`);
      return page;
    } catch (error) {
      if (error.code === 'LOG_IDENTITY_MISMATCH') this.recheck(false);
      throw error;
    } finally {
      both.done();
    }
  }

  /** It may have been switched off since whoever asks looked: then nothing goes out. */
  #requireOnline() {
    if (this.#simulated) throw new VarveError('ABORTED', 'offline by hand');
  }

  /** The log may be another one: whoever leads finds out. */
  recheck(rebase) {
    if (this.#push === null) {
      this.#tabs.post({ t: 'doubt', rebase });
      return;
    }
    this.#push.recheck();
    if (rebase) this.publish({ t: 'rebase' });
  }

  /** Everything of the buffer up to that number has landed. */
  async landed(bufferId, through, positions, head) {
    await this.store.landed(bufferId, through, positions, head);
    const sources = new Set();
    for (const { entry } of this.#entries.values()) {
      if (entry.seq <= through && !this.#stream.has(entry.source) && this.#viewsOf(entry.source).length === 0) sources.add(entry.source);
    }
    this.publish({ t: 'landed', bufferId, through, positions, head });
    for (const source of sources) await this.#dropUnopened(source);
  }

  /** Nobody looks at the source: what landed is in the log, and its cached state catches up when it is opened. */
  async #dropUnopened(source) {
    await this.store.dropLanded(source, Number.MAX_SAFE_INTEGER);
    const { entries } = await this.store.loadSource(source);
    if (entries.filter((entry) => entry.state === 'landed').length > LIMITS.keptLanded) {
      await this.store.forgetSource(source);
      await this.store.dropLanded(source, Number.MAX_SAFE_INTEGER);
    }
  }

  viewClosed(view) {
    this.#views.delete(view);
    this.#pullFailures.delete(view);
    this.viewsChanged();
  }

  /** Tells whoever leads what this tab follows, and from where. */
  viewsChanged() {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      this.#tellOpen();
      this.statusChanged();
    });
  }

  #tellOpen() {
    const lowest = new Map();
    for (const view of this.#views) {
      const position = view.follows;
      if (position !== null) lowest.set(view.source, Math.min(position, lowest.get(view.source) ?? Infinity));
    }
    const sources = [...lowest];
    if (this.#stream !== null) this.#stream.opened(this.#tabs.id, sources);
    else this.#tabs.post({ t: 'open', tab: this.#tabs.id, sources });
  }

  // --- leading

  async #lead() {
    if (this.#stop.signal.aborted) return;
    this.#push = new PushLoop(this);
    this.#stream = new StreamLoop(this);
    this.#sync = { offline: false, started: false, idle: false, error: undefined };
    this.#tellOpen();
    this.#tabs.post({ t: 'who' });
    await Promise.all([this.#push.run(this.#stop.signal), this.#stream.run(this.#stop.signal)]);
  }

  /** How a loop fares: null when well. */
  syncFailed(loop, error) {
    const before = this.#failures[loop];
    this.#failures[loop] = error;
    if (error === null && loop === 'push') this.#started = true;
    if (error !== null && error.code !== before?.code) this.tell(error);
    this.statusChanged();
  }

  pullFailed(view, error) {
    if (error === null) this.#pullFailures.delete(view);
    else {
      if (this.#pullFailures.get(view)?.code !== error.code) this.tell(error);
      this.#pullFailures.set(view, error);
    }
    this.statusChanged();
  }

  // --- being offline and online again

  #simulate(on) {
    if (on === this.#simulated) return;
    this.#simulated = on;
    this.#cutNetwork();
    this.#wakeAll();
  }

  #cutNetwork() {
    this.#network.abort();
    this.#network = new AbortController();
  }

  #wakeAll() {
    this.#push?.hurry();
    this.#stream?.hurry();
    this.#wakeViews();
    this.statusChanged();
  }

  #wakeViews() {
    for (const view of this.#views) view.wake();
  }

  #listen() {
    if (inNode() || typeof globalThis.addEventListener !== 'function') return;
    const listeners = {
      online: () => this.#wakeAll(),
      // What hangs now would hang until its time is up.
      offline: () => this.#cutNetwork(),
      pagehide: () => this.#views.forEach((view) => view.persist().catch(() => {})),
    };
    for (const [type, listener] of Object.entries(listeners)) globalThis.addEventListener(type, listener);
    this.#unlisten = () => Object.entries(listeners).forEach(([type, listener]) => globalThis.removeEventListener(type, listener));
  }

  // --- status

  statusChanged() {
    if (this.#statusQueued) return;
    this.#statusQueued = true;
    queueMicrotask(() => {
      this.#statusQueued = false;
      if (this.#stream !== null) this.#computeSync();
      const status = this.#computeStatus();
      this.#checkDrained();
      if (JSON.stringify(status) === JSON.stringify(this.#status)) return;
      this.#status = status;
      if (this.isOffline) for (const view of this.#views) view.offline();
      for (const listener of [...this.#listeners]) this.call(listener, status);
    });
  }

  #computeSync() {
    const { push, stream } = this.#failures;
    const before = JSON.stringify(this.#sync);
    const error = push ?? stream;
    this.#sync = {
      offline: error !== null && !this.#stream.isOpen,
      started: this.#started,
      idle: this.#stream.isIdle,
      error: plainError(error),
    };
    if (JSON.stringify(this.#sync) !== before) this.#tabs.post({ t: 'sync', sync: this.#sync });
  }

  #counts() {
    const counts = { pending: 0, rejected: 0, void: 0, landed: 0 };
    for (const { entry } of this.#entries.values()) counts[entry.state]++;
    return counts;
  }

  #computeStatus() {
    const counts = this.#counts();
    const failed = [...this.#pullFailures.values()][0];
    const error = plainError(this.#insecure) ?? plainError(this.#appendError) ?? this.#sync.error ?? plainError(failed) ?? this.#notice;
    const busy = counts.pending + counts.void > 0 || !this.#sync.started || !this.#sync.idle || this.#sync.error !== undefined;
    let state = 'online';
    if (this.#insecure !== undefined) state = 'insecure-context';
    else if (this.isOffline) state = 'offline';
    else if (counts.rejected > 0) state = 'rejected';
    else if (busy || [...this.#views].some((view) => !view.caughtUp)) state = 'syncing';
    return Object.freeze({
      state,
      pending: counts.pending,
      rejected: counts.rejected,
      ...(error === undefined ? {} : { error }),
      simulatedOffline: this.#simulated,
      leader: this.#stream !== null,
    });
  }

  #checkDrained() {
    if (this.#drainers.size === 0) return;
    const counts = this.#counts();
    const settle = (how, value) => {
      for (const drainer of this.#drainers) drainer[how](value);
      this.#drainers.clear();
    };
    if (counts.pending + counts.void === 0 && counts.rejected === 0 && this.#queue.length === 0 && this.#appending === null) settle('resolve');
    else if (counts.rejected > 0) {
      const { clientSeq, problem } = this.rejected()[0];
      settle('reject', new VarveError('REJECTED', `event ${clientSeq} was refused for good: ${problem.code}: ${problem.detail}`, { clientSeq }));
    } else if (this.#stop.signal.aborted) settle('reject', closedError());
  }

  /** Tells this tab's application. */
  tell(error) {
    if (this.#onError !== undefined) this.call(this.#onError, error);
  }

  /** Tells the applications in all tabs, and shows it until somebody calls retry(). */
  report(error) {
    this.publish({ t: 'report', error: plainError(error) });
  }

  /** An application's own failure is its own: it must not stop a loop. */
  call(listener, value) {
    try {
      listener(value);
    } catch (error) {
      if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
      else console.error('varve-local: a listener failed', error);
    }
  }
}

/** What users get: the parts of an object that are meant for them. */
function facade(target) {
  const names = target instanceof SourceView
    ? { read: ['source', 'state', 'pending', 'pendingEvents', 'position', 'caughtUp', 'error', 'ready'], call: ['append', 'onChange', 'close'] }
    : {
        read: ['clientId', 'bufferId', 'logIdentity', 'status'],
        call: ['source', 'onStatus', 'simulateOffline', 'rejected', 'discard', 'retry', 'drained', 'close'],
      };
  const shown = {};
  for (const key of names.read) Object.defineProperty(shown, key, { enumerable: true, get: () => target[key] });
  for (const key of names.call) shown[key] = (...args) => target[key](...args);
  return Object.freeze(shown);
}

const OPTIONS = new Set(['gateway', 'name', 'store', 'fetch', 'onError', 'overlay', 'cookie', 'timing']);

function basesOf(gateway) {
  const bases = Array.isArray(gateway) ? gateway : [gateway];
  if (bases.length === 0) throw invalid('gateway', 'gateway must name at least one base URL');
  return bases.map((base) => {
    if (typeof base !== 'string') throw invalid('gateway', 'gateway must be a base URL such as https://varve.example, or a list of them');
    if (base === '') {
      if (globalThis.location === undefined) throw invalid('gateway', "gateway '' is the page's origin, and there is no page: give a base URL");
      return base;
    }
    if (!/^https?:\/\/[^/]/.test(base)) throw invalid('gateway', `gateway '${base}' must start with http:// or https://`);
    return base.replace(/\/+$/, '');
  });
}

/** Opens a buffer and starts to sync it. */
export async function openVarve(options = {}) {
  for (const option of Object.keys(options)) {
    if (!OPTIONS.has(option)) throw invalid(option, `openVarve has no option '${option}'; it has ${[...OPTIONS].join(', ')}`);
  }
  const { gateway = '', name = 'default', onError, overlay = true, cookie = false } = options;
  if (typeof name !== 'string' || !/^[\w.-]{1,100}$/.test(name)) throw invalid('name', 'name must be 1 to 100 of letters, digits, _ . -');
  if (onError !== undefined && typeof onError !== 'function') throw invalid('onError', 'onError must be a function');
  const bases = basesOf(gateway);
  const timing = { ...DEFAULT_TIMING };
  for (const [key, value] of Object.entries(options.timing ?? {})) {
    if (!(key in timing) || !(value > 0 && value < 2 ** 31)) throw invalid(`timing.${key}`, `timing has ${Object.keys(timing).join(', ')}, each in milliseconds`);
    timing[key] = value;
  }
  try {
    await webCrypto();
  } catch (insecure) {
    const varve = new Varve({ store: new MemoryStore(), timing, onError, overlay, insecure });
    varve.tell(insecure);
    return facade(varve);
  }
  if (options.store === undefined && globalThis.indexedDB === undefined) {
    throw invalid('store', 'there is no IndexedDB here: give a store, fileStore(dir) or memoryStore()');
  }
  const store = options.store ?? indexedDbStore(name);
  await store.open();
  try {
    const identity = await Identity.of(store);
    const fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
    const varve = new Varve({
      store, identity, timing, onError, overlay, name, id: await uuid(),
      gateway: new Gateway({ bases, fetch, identity, timing, cookie }),
    });
    await varve.start();
    return facade(varve);
  } catch (error) {
    await store.close();
    throw error;
  }
}

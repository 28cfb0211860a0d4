/**
 * TEST CODE. A small gateway in memory for the tests of varve-local.js: the routes that it uses, after the same
 * contract as the real one, on a real HTTP server, with faults that a test asks for. It is no gateway: nothing is
 * durable, nothing is replicated, and of conditions, filters and bytes it knows nothing.
 */
import { createServer } from 'node:http';
import { createHash, randomUUID, webcrypto } from 'node:crypto';

const LIMIT_EVENT_BYTES = 64 * 1024;

export class FakeGateway {
  events = []; // events[i] is at position i + 1
  origins = new Map(); // client + ' ' + buffer → [{digest, position}], index = clientSeq − 1
  logIdentity = randomUUID();
  mode = 'keys';
  tokenLifetimeSeconds = 900;
  challenges = new Set();
  tokens = new Map(); // token → {clientId, endsAt}
  refusedClients = new Map(); // client id → problem code
  streams = new Set();
  requests = [];
  heartbeatMs = 0;
  pageEvents = 1000;
  refuse = () => null; // (event) → problem or null: refused for good
  /** (request) → {status, headers, body} to answer instead, 'cut-before', 'cut-after', 'hang-after', 'twice', {delayMs}, or null */
  fault = () => null;
  now = () => Date.now();
  /** (path, response) → whether it was a file, and was answered */
  files = () => false;

  async start(port = 0) {
    // Only its clients close idle connections: neither side meets one that the other is closing.
    this.server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
      this.#handle(request, response).catch((error) => {
        if (!response.headersSent) this.#problem(response, 500, 'INTERNAL', String(error?.stack ?? error));
        else response.destroy();
      });
    });
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }

  async stop() {
    for (const stream of this.streams) stream.response.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get head() {
    return this.events.length;
  }

  /** Another writer's event. */
  append(event) {
    this.#add({ ...event });
    this.#publish();
    return this.head;
  }

  /** A restored log: only the first `positions` of its history, under a new identity. */
  restore(positions) {
    this.events = this.events.slice(0, positions);
    for (const [key, numbers] of this.origins) this.origins.set(key, numbers.filter((n) => n.position <= positions));
    this.logIdentity = randomUUID();
    for (const stream of [...this.streams]) {
      this.#send(stream, `event: reset\ndata: ${JSON.stringify({ logIdentity: this.logIdentity, reason: 'restored' })}\n\n`);
      stream.response.end();
    }
  }

  /** Ends all streams as a network does. */
  cutStreams() {
    for (const stream of [...this.streams]) stream.response.destroy();
  }

  /** Sends something to all streams as it stands, and ends them if asked to. */
  sendToStreams(text, end = false) {
    for (const stream of [...this.streams]) {
      this.#send(stream, text);
      if (end) stream.response.end();
    }
  }

  revokeTokens() {
    this.tokens.clear();
  }

  // --- requests

  async #handle(request, response) {
    const url = new URL(request.url, this.url);
    const parameters = Object.fromEntries(url.searchParams);
    let text = '';
    request.setEncoding('utf8');
    for await (const piece of request) text += piece;
    const seen = { method: request.method, path: url.pathname, parameters, text, headers: request.headers };
    this.requests.push(seen);
    if (this.requests.length > 10_000) this.requests.shift();
    if (this.files(seen.path, response)) return;
    const fault = this.fault(seen);
    if (fault === 'cut-before') return request.socket.destroy();
    if (fault?.delayMs) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    if (fault?.status) {
      response.writeHead(fault.status, fault.headers ?? { 'content-type': 'text/plain' });
      return response.end(fault.body ?? '');
    }
    if (fault === 'hang-after') return this.#route(seen, url, new Discarded());
    if (fault === 'twice') await this.#route(seen, url, new Discarded());
    if (fault === 'cut-after') {
      await this.#route(seen, url, new Discarded());
      return request.socket.destroy();
    }
    return this.#route(seen, url, response);
  }

  async #route(seen, url, response) {
    const body = seen.text === '' ? {} : JSON.parse(seen.text);
    const route = `${seen.method} ${seen.path}`;
    if (route === 'GET /v1/identity') {
      return this.#answer(response, { mode: this.mode, audience: 'varve', selfRegistration: true, tokenLifetimeSeconds: this.tokenLifetimeSeconds });
    }
    if (route === 'POST /v1/identity/challenge') {
      const challenge = randomUUID();
      this.challenges.add(challenge);
      return this.#answer(response, { challenge, audience: 'varve', expires: new Date(this.now() + 60_000).toISOString() });
    }
    if (route === 'POST /v1/identity/token') return this.#token(body, response);
    const caller = this.#caller(seen, body);
    if (caller === null) return this.#problem(response, 401, 'UNAUTHENTICATED', 'no valid token');
    const expected = seen.parameters.logIdentity ?? body.logIdentity;
    if (expected !== undefined && expected !== this.logIdentity) {
      return this.#problem(response, 409, 'LOG_IDENTITY_MISMATCH', `the log is ${this.logIdentity}`);
    }
    switch (route) {
      case 'POST /v1/push':
        return this.#push(body, caller, response);
      case 'GET /v1/origin': {
        const numbers = this.origins.get(`${caller} ${seen.parameters.bufferId}`) ?? [];
        return this.#answer(response, { clientId: caller, bufferId: seen.parameters.bufferId, landedThrough: numbers.length, head: this.head });
      }
      case 'GET /v1/events':
        return this.#page(seen.parameters, response);
      case 'GET /v1/latest':
        return this.#latest(seen.parameters, response);
      case 'GET /v1/stream':
        return this.#stream(url.searchParams, caller, response);
      default:
        return this.#problem(response, 404, 'NOT_FOUND', `nothing at ${route}`);
    }
  }

  #caller(seen, body) {
    if (this.mode === 'open') return seen.parameters.clientId ?? body.clientId ?? 'anybody';
    const token = /^Bearer (.+)$/.exec(seen.headers.authorization ?? '')?.[1];
    const known = this.tokens.get(token);
    return known !== undefined && known.endsAt > this.now() ? known.clientId : null;
  }

  async #token({ publicKey, challenge, signature }, response) {
    if (!this.challenges.delete(challenge)) return this.#problem(response, 401, 'CHALLENGE_REFUSED', 'unknown challenge');
    const { crv, kty, x, y } = publicKey;
    const key = await webcrypto.subtle.importKey('jwk', publicKey, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
    const text = new TextEncoder().encode(`varve-identity-v1\nvarve\n${challenge}`);
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
    if (!(await webcrypto.subtle.verify(algorithm, key, Buffer.from(signature, 'base64url'), text))) {
      return this.#problem(response, 401, 'UNAUTHENTICATED', 'the signature is wrong');
    }
    const clientId = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
    const refused = this.refusedClients.get(clientId) ?? this.refusedClients.get('*');
    if (refused !== undefined) return this.#problem(response, 403, refused, 'this client gets no token');
    const token = randomUUID();
    const endsAt = this.now() + this.tokenLifetimeSeconds * 1000;
    this.tokens.set(token, { clientId, endsAt });
    return this.#answer(response, { clientId, token, expires: new Date(endsAt).toISOString(), grants: { read: ['*'], append: ['*'] } });
  }

  // --- appending

  #push({ clientId, bufferId, events }, caller, response) {
    if (clientId !== caller) return this.#problem(response, 403, 'PERMISSION_DENIED', 'another client', { field: 'clientId' });
    const key = `${caller} ${bufferId}`;
    const numbers = this.origins.get(key) ?? [];
    const first = events[0].clientSeq;
    events.forEach((event, i) => {
      if (event.clientSeq !== first + i) throw new Error('numbers must be contiguous');
    });
    if (first > numbers.length + 1) {
      return this.#problem(response, 409, 'SEQUENCE_GAP', 'numbers are missing', { expectedSeq: numbers.length + 1 });
    }
    const digests = events.map(({ clientSeq, ...event }) => JSON.stringify(event));
    for (let i = 0; i < events.length; i++) {
      const known = numbers[events[i].clientSeq - 1];
      if (known !== undefined && known.digest !== digests[i]) {
        return this.#problem(response, 409, 'ORIGIN_DIVERGED', `number ${events[i].clientSeq} is another event`);
      }
    }
    for (let i = 0; i < events.length; i++) {
      if (events[i].void || events[i].clientSeq <= numbers.length) continue;
      const refused = digests[i].length > LIMIT_EVENT_BYTES ? { status: 413, code: 'PAYLOAD_TOO_LARGE' } : this.refuse(events[i]);
      if (refused) {
        return this.#problem(response, refused.status, refused.code, 'refused for good', { clientSeq: refused.silent ? undefined : events[i].clientSeq });
      }
    }
    const positions = [];
    for (let i = 0; i < events.length; i++) {
      const { clientSeq, ...event } = events[i];
      if (clientSeq > numbers.length) {
        const position = event.void ? 0 : this.#add({ ...event, clientId: caller, bufferId, clientSeq });
        numbers.push({ digest: digests[i], position });
      }
      positions.push({ clientSeq, position: numbers[clientSeq - 1].position });
    }
    this.origins.set(key, numbers);
    this.#publish();
    return this.#answer(response, { clientId: caller, bufferId, landedThrough: numbers.length, head: this.head, positions });
  }

  #add(event) {
    const version = this.events.filter((e) => e.source === event.source).length + 1;
    this.events.push({ position: this.head + 1, ...event, version, recorded: new Date(0).toISOString() });
    return this.head;
  }

  // --- reading

  #page({ source, after = '0', limit = '256' }, response) {
    const max = Math.min(Number(limit), this.pageEvents);
    const matching = this.events.filter((e) => e.position > Number(after) && (source === undefined || e.source === source));
    const events = matching.slice(0, max);
    const more = matching.length > max;
    return this.#answer(response, { head: this.head, events, next: more ? events.at(-1).position : Math.max(this.head, Number(after)), more });
  }

  #latest({ source, afterKey, asOf = String(this.head), limit = '256' }, response) {
    const byKey = new Map();
    for (const event of this.events) {
      if (event.source !== source || event.key === undefined || event.position > Number(asOf)) continue;
      if (event.tombstone) byKey.delete(event.key);
      else byKey.set(event.key, event);
    }
    const keys = [...byKey.keys()].sort().filter((key) => afterKey === undefined || key > afterKey);
    const page = keys.slice(0, Math.min(Number(limit), this.pageEvents));
    return this.#answer(response, {
      source, asOf: Number(asOf), events: page.map((key) => byKey.get(key)), more: page.length < keys.length, lastKey: page.at(-1),
    });
  }

  // --- streams

  #stream(query, caller, response) {
    const after = query.get('after') === 'head' ? this.head : Number(query.get('after') ?? 0);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'varve-log-identity': this.logIdentity });
    const stream = { response, caller, sources: new Set(query.getAll('source')), after, caughtUp: false };
    this.streams.add(stream);
    response.on('close', () => this.streams.delete(stream));
    this.#send(stream, `retry: 20\n\nevent: hello\ndata: ${JSON.stringify({ logIdentity: this.logIdentity, head: this.head })}\n\n`);
    if (after > this.head) {
      this.#send(stream, `event: reset\ndata: ${JSON.stringify({ logIdentity: this.logIdentity, reason: 'after is above the head' })}\n\n`);
      return response.end();
    }
    this.#feed(stream);
    if (this.heartbeatMs > 0) {
      const timer = setInterval(() => this.#send(stream, ': heartbeat\n\n'), this.heartbeatMs);
      response.on('close', () => clearInterval(timer));
    }
  }

  #publish() {
    for (const stream of this.streams) this.#feed(stream);
  }

  #feed(stream) {
    let sent = false;
    for (const event of this.events.slice(stream.after)) {
      if (stream.sources.size > 0 && !stream.sources.has(event.source)) continue;
      this.#send(stream, `id: ${event.position}\ndata: ${JSON.stringify(event)}\n\n`);
      sent = true;
    }
    if (!stream.caughtUp) this.#send(stream, `event: caught-up\nid: ${this.head}\ndata: {"position":${this.head}}\n\n`);
    else if (!sent && this.head > stream.after) {
      this.#send(stream, `event: checkpoint\nid: ${this.head}\ndata: {"position":${this.head}}\n\n`);
    }
    stream.caughtUp = true;
    stream.after = this.head;
  }

  #send(stream, text) {
    if (!stream.response.destroyed && !stream.response.writableEnded) stream.response.write(text);
  }

  // --- answers

  #answer(response, body) {
    response.writeHead(200, { 'content-type': 'application/json', 'varve-log-identity': this.logIdentity });
    response.end(JSON.stringify({ logIdentity: this.logIdentity, ...body }));
  }

  #problem(response, status, code, detail, more = {}) {
    response.writeHead(status, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ type: `urn:varve:problem:${code}`, title: code, status, detail, code, ...more }));
  }
}

/** Takes an answer that nobody gets. */
class Discarded {
  destroyed = false;
  headersSent = false;
  writeHead() {}
  write() {}
  end() {}
  on() {}
  destroy() {}
}

/** Waits until something holds; fails after a minute, saying what. */
export async function eventually(what, holds, ms = 60_000) {
  const end = Date.now() + ms;
  for (;;) {
    const result = await holds();
    if (result) return result;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A generator of numbers in [0, 1) that repeats with its seed (mulberry32). */
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const FAST = { backoffMinMs: 5, backoffMaxMs: 60, requestTimeoutMs: 20_000, watchdogMs: 30_000 };

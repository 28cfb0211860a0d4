// The gateway's API: requests with a token where one is needed, problems as errors, and the live
// stream with its reconnects. Nothing here touches the page.
import { parse } from './json.js';
import { cannotHoldKeys, loadKeys, sign } from './keys.js';
import { SseParser } from './sse.js';

const REQUEST_TIMEOUT_MS = 15_000;
const HEARTBEATS_MISSED_MS = 45_000;
const MAX_BACKOFF_MS = 15_000;

/** The gateway answered that it will not: `problem` is its RFC 9457 body. */
export class ProblemError extends Error {
  constructor(problem, status) {
    super(problem.detail || problem.title || `status ${status}`);
    this.name = 'ProblemError';
    this.problem = problem;
    this.status = status;
  }
}

/** No answer came: the gateway is away, or the network is. */
export class UnreachableError extends Error {
  constructor(message) {
    super(message);
    this.name = 'UnreachableError';
  }
}

/** This browser cannot show who it is. */
export class KeysError extends Error {
  constructor(message) {
    super(message);
    this.name = 'KeysError';
  }
}

/**
 * A way to the gateway.
 *
 * Events (EventTarget): `identity` when the token or what is known of it changes; `log` with
 * `detail {before, now}` when answers come from a log of another identity than before.
 */
export class Api extends EventTarget {
  #base;
  #token = '';
  #expiresMs = 0;
  #identifying = null;
  #keys = null;
  #logIdentity = '';
  /** What GET /v1/identity said, with the grants of the newest token: null until asked. */
  identity = null;

  /** @param base where `v1/…` begins, such as `http://127.0.0.1:8080/` */
  constructor(base) {
    super();
    this.#base = new URL(base);
  }

  /** The identity of the log that answers come from; empty until one came. */
  get logIdentity() {
    return this.#logIdentity;
  }

  /** This browser's client id; empty in open mode and before it is known. */
  get clientId() {
    return this.identity?.mode === 'keys' ? (this.identity.clientId ?? '') : '';
  }

  /** GET with a query; answers the JSON. */
  async get(path, query, options) {
    return (await this.exchange('GET', path, { query, ...options })).body;
  }

  /**
   * One request: `{query, body (text), headers, signal, timeoutMs, raw}` → `{status, headers, body}`.
   * A body is sent as JSON. Renews the token once when the gateway does not take it any more.
   */
  async exchange(method, path, options = {}) {
    await this.#identify(options.signal);
    let response = await this.#send(method, path, options);
    if (response.status === 401) {
      // The token was revoked, its signing key is gone, or the gateway is no longer in open mode.
      await response.body?.cancel();
      this.#forget();
      await this.#identify(options.signal);
      response = await this.#send(method, path, options);
    }
    return this.#answer(response, options);
  }

  async #send(method, path, { query, body, headers, signal, timeoutMs = REQUEST_TIMEOUT_MS }) {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await fetch(this.#url(path, query), {
        method,
        body,
        cache: 'no-cache',
        credentials: 'same-origin',
        redirect: 'error',
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        headers: {
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(this.#token ? { Authorization: `Bearer ${this.#token}` } : {}),
          ...headers,
        },
      });
    } catch (error) {
      throw this.#unreachable(error, signal, timeoutMs);
    }
  }

  #unreachable(error, signal, timeoutMs) {
    if (signal?.aborted) return signal.reason ?? error;
    if (error.name === 'TimeoutError') {
      return new UnreachableError(`The gateway did not answer within ${timeoutMs / 1000} s.`);
    }
    return new UnreachableError('The gateway cannot be reached. It may be stopped, or the network is down.');
  }

  #url(path, query) {
    const url = new URL(`v1/${path}`, this.#base);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value === undefined || value === null || value === '') continue;
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    }
    return url;
  }

  async #answer(response, { raw, signal } = {}) {
    this.#sees(response.headers.get('Varve-Log-Identity'));
    try {
      if (!response.ok) throw await problemOf(response);
      if (raw) return { status: response.status, headers: response.headers, body: await response.arrayBuffer() };
      const text = await response.text();
      const body = text ? parse(text) : {};
      this.#sees(body?.logIdentity);
      return { status: response.status, headers: response.headers, body };
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      if (error instanceof SyntaxError) throw new UnreachableError('What answered is no Varve gateway: its answer is not JSON.');
      throw this.#unreachable(error, signal, REQUEST_TIMEOUT_MS);
    }
  }

  #sees(logIdentity) {
    if (!logIdentity || logIdentity === this.#logIdentity) return;
    const before = this.#logIdentity;
    this.#logIdentity = logIdentity;
    if (before) this.dispatchEvent(new CustomEvent('log', { detail: { before, now: logIdentity } }));
  }

  // ---- who this browser is

  /** Asks anew what this client may do: after an operator granted something. */
  async renewIdentity() {
    this.#forget();
    await this.#identify();
  }

  #forget() {
    this.#token = '';
    this.identity = null;
  }

  async #identify(signal) {
    if (this.identity && (this.identity.mode === 'open' || (this.#token && Date.now() < this.#expiresMs - 30_000))) return;
    // Many requests start at once; one of them asks for all.
    this.#identifying ??= this.#identifyOnce().finally(() => {
      this.#identifying = null;
    });
    await this.#identifying;
    signal?.throwIfAborted();
  }

  async #identifyOnce() {
    const known = (await this.#answer(await this.#send('GET', 'identity', {}))).body;
    if (known.mode === 'open') {
      this.#token = '';
      this.#is(known);
      return;
    }
    const obstacle = cannotHoldKeys();
    if (obstacle) throw new KeysError(obstacle);
    try {
      this.#keys ??= await loadKeys();
    } catch (error) {
      throw new KeysError(`The browser would not keep a key for the console: ${error.message}`);
    }
    const { pair, publicKey, clientId } = this.#keys;
    this.#is({ ...known, clientId, publicKey });
    const { challenge, audience } = (
      await this.#answer(await this.#send('POST', 'identity/challenge', { body: JSON.stringify({ publicKey }) }))
    ).body;
    const signature = await sign(pair, audience, challenge);
    const token = (
      await this.#answer(
        await this.#send('POST', 'identity/token', { body: JSON.stringify({ publicKey, challenge, signature }) }))
    ).body;
    this.#token = token.token;
    // The gateway's clock may differ from this one: its lifetime counts, not its date.
    const lifetimeMs = known.tokenLifetimeSeconds ? known.tokenLifetimeSeconds * 1000 : Date.parse(token.expires) - Date.now();
    this.#expiresMs = Date.now() + lifetimeMs;
    this.#is({ ...known, clientId, publicKey, grants: token.grants, expires: token.expires });
  }

  #is(identity) {
    this.identity = identity;
    this.dispatchEvent(new Event('identity'));
  }

  // ---- live

  /**
   * Follows the log until `signal` aborts: reconnects with growing pauses and goes on after the last
   * position it saw. `on`: `event(event)`, `position(p)`, `caughtUp(p)`, `state(name, detail)`,
   * `reset(logIdentity)`, `failed(error)` (for good).
   */
  async follow({ query, after, signal, on }) {
    let last = after;
    let failures = 0;
    let retryMs = 1000;
    while (!signal.aborted) {
      on.state(failures === 0 ? 'connecting' : 'reconnecting');
      try {
        const outcome = await this.#stream({ query, after: last, signal, on, connected: () => (failures = 0), retry: (ms) => (retryMs = ms), seen: (p) => (last = p) });
        if (outcome === 'reset') last = after === 'head' ? 'head' : 0;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof KeysError || (error instanceof ProblemError && !passes(error))) {
          on.failed(error);
          return;
        }
        failures++;
        on.state('reconnecting', error.message);
      }
      const pause = failures === 0 ? retryMs * Math.random() : Math.min(MAX_BACKOFF_MS, retryMs * 2 ** Math.min(failures, 6)) * (0.5 + Math.random() / 2);
      await sleep(pause, signal);
    }
  }

  async #stream({ query, after, signal, on, connected, retry, seen }) {
    await this.#identify(signal);
    const stop = new AbortController();
    const cancel = () => stop.abort(signal.reason);
    signal.addEventListener('abort', cancel, { once: true });
    // Heartbeats come every 15 s: silence means that the connection is dead, whatever TCP thinks.
    let watchdog;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => stop.abort(new UnreachableError('The stream fell silent.')), HEARTBEATS_MISSED_MS);
    };
    try {
      alive();
      const response = await fetch(this.#url('stream', { ...query, after }), {
        cache: 'no-store',
        credentials: 'same-origin',
        signal: stop.signal,
        headers: { Accept: 'text/event-stream', ...(this.#token ? { Authorization: `Bearer ${this.#token}` } : {}) },
      });
      if (response.status === 401) this.#forget();
      if (!response.ok) throw await problemOf(response);
      this.#sees(response.headers.get('Varve-Log-Identity'));
      return await this.#readStream(response.body, { after, on, connected, retry, seen, alive });
    } catch (error) {
      if (error instanceof ProblemError || error instanceof KeysError || error instanceof UnreachableError) throw error;
      throw stop.signal.reason instanceof UnreachableError ? stop.signal.reason : new UnreachableError('The stream broke off.');
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', cancel);
      stop.abort();
    }
  }

  async #readStream(body, { after, on, connected, retry, seen, alive }) {
    let outcome = '';
    let problem = null;
    const messages = {
      retry: (data) => retry(Math.min(Number(data), 60_000)),
      hello: (data) => {
        connected();
        const hello = parse(data);
        this.#sees(hello.logIdentity);
        // From here on nothing may be missed, also if the stream breaks before the first event.
        if (after === 'head') seen(hello.head);
        on.state('open');
        on.position?.(hello.head);
      },
      message: (data, id) => {
        const event = parse(data);
        if (id) seen(id);
        on.event(event);
      },
      'caught-up': (_data, id) => {
        if (id) seen(id);
        on.caughtUp(Number(id));
      },
      checkpoint: (_data, id) => {
        if (id) seen(id);
        on.position?.(Number(id));
      },
      reset: (data) => {
        outcome = 'reset';
        on.reset(parse(data).logIdentity ?? null);
      },
      reauthenticate: () => {
        this.#forget();
      },
      reconnect: () => {
        outcome = 'reconnect';
      },
      problem: (data) => {
        problem = parse(data);
      },
    };
    const parser = new SseParser(({ event, data, id }) => messages[event]?.(data, id));
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      alive();
      parser.push(decoder.decode(value, { stream: true }));
    }
    if (problem) throw new ProblemError(problem, problem.status ?? 0);
    return outcome;
  }
}

/** Whether a refusal passes by itself: no token any more, too much at once, no majority. */
function passes({ status }) {
  return status === 401 || status === 429 || status >= 500;
}

async function problemOf(response) {
  const text = await response.text();
  let problem;
  try {
    problem = parse(text);
  } catch {
    problem = { title: response.statusText, detail: `The answer was status ${response.status} without an explanation.` };
  }
  return new ProblemError({ status: response.status, ...problem }, response.status);
}

function sleep(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

/** A random UUID, also where the page does not come through TLS. */
export function randomUuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const hex = Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

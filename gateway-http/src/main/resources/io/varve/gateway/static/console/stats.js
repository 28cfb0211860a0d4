// What GET /v1/stats says, in the units and words of the console: milliseconds, counts to take rates of.

const TOO_MUCH = 429;

const number = (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);
const millis = (micros) => (number(micros) === undefined ? undefined : micros / 1000);

/**
 * `{logIdentity, head, startedMs, uptimeMs, routes: [{route, requests, refused, errors, p50Ms, p99Ms}],
 * streams?: {open, upstreams, events, deliveryP50Ms, deliveryP99Ms}, nodes: [{address, reachable, id, …}]}`.
 * What the gateway does not say is undefined, never 0.
 */
export function readStats(answer) {
  const startedMs = Date.parse(answer.gateway?.started);
  return {
    logIdentity: answer.logIdentity,
    head: number(answer.head),
    startedMs,
    uptimeMs: Date.parse(answer.at) - startedMs,
    totals: answer.gateway?.totals ?? {},
    routes: (answer.gateway?.routes ?? []).map(route),
    streams: streams(answer.gateway?.streams),
    nodes: (answer.nodes ?? []).map(node),
  };
}

function route({ route: name, count, p50Micros, p99Micros, statuses = {} }) {
  const counted = (test) => Object.entries(statuses).reduce((sum, [status, n]) => (test(Number(status)) ? sum + n : sum), 0);
  return {
    route: name,
    requests: count,
    refused: counted((status) => status >= 400 && status < 500 && status !== TOO_MUCH),
    errors: counted((status) => status >= 500 || status === TOO_MUCH),
    p50Ms: millis(p50Micros),
    p99Ms: millis(p99Micros),
  };
}

function streams(told) {
  if (!told) return undefined;
  return {
    open: number(told.open),
    upstreams: number(told.upstreams),
    events: number(told.events),
    deliveryP50Ms: millis(told.deliveryP50Micros),
    deliveryP99Ms: millis(told.deliveryP99Micros),
  };
}

function node(told) {
  return {
    address: told.address,
    reachable: told.reachable,
    error: told.error,
    id: told.id,
    role: told.role,
    appends: number(told.appends?.appended),
    appendP50Ms: millis(told.appendP50Micros),
    appendP99Ms: millis(told.appendP99Micros),
    syncP99Ms: millis(told.logSyncP99Micros),
    residentBytes: number(told.residentBytes),
    freeBytes: number(told.freeBytes),
  };
}

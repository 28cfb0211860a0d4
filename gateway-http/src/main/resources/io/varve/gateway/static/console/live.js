// What the cluster does right now: asks the gateway every second, whatever view is shown, so that the
// plots have a past when one comes to look. Keeps ten minutes.
import { KeysError, ProblemError } from './api.js';
import { readStats } from './stats.js';

const EVERY_MS = 1000;
const EVERY_HIDDEN_MS = 5000;
const EVERY_REFUSED_MS = 10_000;
const TIMEOUT_MS = 4000;
const STALE_MS = 3500;
// Rates are taken over about this time: shorter ones jump with the gateway's own reading of the nodes.
const RATE_WINDOW_MS = 3000;
const MAX_POINTS = 600;

/**
 * The poller. `state` is one of: `connecting`, `live`, `no-majority` (the gateway answers, the cluster
 * does not decide), `stale` (the gateway does not answer), `refused` (this client may not look).
 */
export class Live extends EventTarget {
  #api;
  #samples = [];
  #timer = 0;
  #polling = false;
  stats = null;
  cluster = null;
  statsError = null;
  clusterError = null;
  /** When the gateway last answered, by performance.now(); 0 = never. */
  answeredAt = 0;
  /** The wall clock then. */
  answeredTime = null;
  /** `{t, values: {name: number|null}}`, oldest first. */
  points = [];

  constructor(api) {
    super();
    this.#api = api;
  }

  start() {
    this.#poll();
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.now();
    });
    // What is shown becomes stale also when nothing answers at all.
    setInterval(() => this.#tell(), EVERY_MS);
  }

  /** Asks at once. */
  now() {
    clearTimeout(this.#timer);
    if (!this.#polling) this.#poll();
  }

  /** The newest head that anybody told; null when nobody has. */
  get head() {
    const heads = [this.stats?.head, this.cluster?.head].filter((head) => typeof head === 'number');
    return heads.length ? Math.max(...heads) : null;
  }

  get state() {
    if (this.#refused()) return 'refused';
    if (!this.answeredAt) return this.statsError && this.clusterError ? 'stale' : 'connecting';
    if (performance.now() - this.answeredAt > STALE_MS) return 'stale';
    return this.#majority() ? 'live' : 'no-majority';
  }

  #refused() {
    return [this.statsError, this.clusterError].some(
      (error) => error instanceof KeysError || (error instanceof ProblemError && (error.status === 403 || error.status === 401)));
  }

  #majority() {
    if (this.clusterError instanceof ProblemError) return false;
    if (!this.cluster) return true;
    const members = this.cluster.members ?? [];
    const leader = members.find((member) => member.id === this.cluster.leader);
    // A node that is cut off may name its old leader for a while: who answers is counted, too.
    const voters = members.filter((member) => member.role !== 'listener');
    const up = voters.filter((member) => member.reachable !== false);
    return Boolean(this.cluster.leader) && leader?.reachable !== false && up.length * 2 > voters.length;
  }

  async #poll() {
    this.#polling = true;
    const [stats, cluster] = await Promise.allSettled([
      this.#api.get('stats', {}, { timeoutMs: TIMEOUT_MS }),
      this.#api.get('cluster', {}, { timeoutMs: TIMEOUT_MS }),
    ]);
    this.statsError = stats.reason ?? null;
    this.clusterError = cluster.reason ?? null;
    if (stats.status === 'fulfilled') this.stats = readStats(stats.value);
    if (cluster.status === 'fulfilled') this.cluster = cluster.value;
    const answered = [stats, cluster].some((one) => one.status === 'fulfilled' || one.reason instanceof ProblemError);
    if (answered && !this.#refused()) {
      this.answeredAt = performance.now();
      this.answeredTime = new Date();
    }
    if (stats.status === 'fulfilled') this.#sample(this.stats);
    this.#tell();
    this.#polling = false;
    this.#timer = setTimeout(
      () => this.#poll(), this.#refused() ? EVERY_REFUSED_MS : document.hidden ? EVERY_HIDDEN_MS : EVERY_MS);
  }

  #tell() {
    this.dispatchEvent(new Event('change'));
  }

  #sample(stats) {
    const now = performance.now();
    const sample = { at: now, ...flat(stats, this.cluster) };
    this.#samples = this.#samples.filter((old) => now - old.at < 4 * RATE_WINDOW_MS);
    const past = [...this.#samples].reverse().find((old) => now - old.at >= RATE_WINDOW_MS * 0.8) ?? this.#samples[0];
    this.#samples.push(sample);
    const values = { ...sample.gauges };
    for (const [name, { count, epoch }] of Object.entries(sample.counters)) {
      const before = past?.counters[name];
      // A process that began anew counts from 0: there is no rate over that.
      values[name] = before && before.epoch === epoch && count >= before.count && now > past.at
        ? ((count - before.count) * 1000) / (now - past.at)
        : null;
    }
    values['appends.total'] = sum(values, /^appends\.node\./);
    this.points.push({ t: Date.now(), values });
    if (this.points.length > MAX_POINTS) this.points.splice(0, this.points.length - MAX_POINTS);
  }
}

function sum(values, names) {
  const found = Object.entries(values).filter(([name, value]) => names.test(name) && value !== null);
  return found.length ? found.reduce((total, [, value]) => total + value, 0) : null;
}

/** The name under which a node's figures stand: the node's own, else its address. */
export function nodeName(node) {
  return node.id || node.address;
}

const number = (value) => (typeof value === 'number' && Number.isFinite(value) ? value : null);

function flat(stats, cluster) {
  const counters = {};
  const gauges = {};
  const count = (name, value, epoch) => {
    if (number(value) !== null) counters[name] = { count: value, epoch };
  };
  count('events', stats.head, stats.logIdentity);
  count('gateway.push', stats.totals.pushes, stats.startedMs);
  count('gateway.pushed', stats.totals.pushedEvents, stats.startedMs);
  const pull = stats.routes.find((route) => route.route === 'pull');
  count('gateway.pull', pull?.requests ?? 0, stats.startedMs);
  count('gateway.append', (stats.totals.appends ?? 0) + (stats.totals.conflicts ?? 0), stats.startedMs);
  count('gateway.errors', stats.routes.reduce((all, route) => all + route.errors, 0), stats.startedMs);
  count('gateway.streamed', stats.streams?.events, stats.startedMs);
  gauges['streams.open'] = number(stats.streams?.open);
  gauges['streams.upstreams'] = number(stats.streams?.upstreams);
  gauges['delivery.p50'] = number(stats.streams?.deliveryP50Ms);
  gauges['delivery.p99'] = number(stats.streams?.deliveryP99Ms);
  const reachable = stats.nodes.filter((node) => node.reachable);
  for (const node of reachable) count(`appends.node.${nodeName(node)}`, node.appends, node.address);
  // Only the leader decides appends, so its latencies are the cluster's.
  const leader = reachable.find((node) => node.role === 'leader') ?? reachable.find((node) => number(node.appendP50Ms) !== null);
  gauges['append.p50'] = number(leader?.appendP50Ms);
  gauges['append.p99'] = number(leader?.appendP99Ms);
  gauges['sync.p99'] = number(leader?.syncP99Ms);
  for (const member of cluster?.members ?? []) {
    gauges[`lag.${member.id}`] = member.reachable === false ? null : number(member.lag);
  }
  return { counters, gauges };
}

const BEAT_MS = 30_000;
const GONE_MS = 80_000; // two beats missed, and some
const IDLE_MS = 5 * 60_000;
const MAX_SHOWN = 100;

/**
 * Who is here: one event per client and half minute on `presence/<canvas>`, keyed by the client's id, while
 * the page is visible and used; a tombstone on leaving. Ages are told by the log's own recorded times, since
 * clients' clocks differ. Nothing is written while offline: a beat that is sent later says nothing.
 */
export class Presence {
  #varve;
  #source;
  #timer;
  #changed;
  #skew = null;
  #joinedAt = 0;
  #beatSeq = -1;
  #used = Date.now();
  #refused = false;
  #beating = false;
  #stops = [];

  constructor(varve, canvas, changed) {
    this.#varve = varve;
    this.#changed = changed;
    this.#source = varve.source(`presence/${canvas}`);
    this.#stops.push(this.#source.onChange(() => this.#look()));
    this.#stops.push(varve.onStatus(() => this.#tick()));
    this.#timer = setInterval(() => this.#tick(), 5_000);
    const used = () => {
      const idle = Date.now() - this.#used > IDLE_MS;
      this.#used = Date.now();
      if (idle) this.#tick();
    };
    const visible = () => this.#tick();
    const leave = () => this.leave();
    for (const type of ['pointerdown', 'keydown']) addEventListener(type, used, { passive: true });
    document.addEventListener('visibilitychange', visible);
    addEventListener('pagehide', leave);
    this.#stops.push(() => {
      for (const type of ['pointerdown', 'keydown']) removeEventListener(type, used);
      document.removeEventListener('visibilitychange', visible);
      removeEventListener('pagehide', leave);
    });
    this.#source.ready?.then?.(() => this.#tick(), () => {});
  }

  /** The clients that are here, this one first. Empty while who is here cannot be known. */
  people() {
    const me = this.#varve.clientId;
    if (!this.#connected() && this.#varve.status.state !== 'rejected') return [];
    const now = Date.now() + (this.#skew ?? 0);
    const others = [];
    for (const [clientId, event] of this.#source.state) {
      if (clientId === me) continue;
      const age = now - Date.parse(event.recorded ?? '');
      if (age < GONE_MS) others.push(clientId);
    }
    return [me, ...others.sort()].slice(0, MAX_SHOWN);
  }

  /** Whether the gateway does not let this client say that it is here. */
  get refused() {
    return this.#refused;
  }

  /** Told that this client's own presence was rejected: it stays silent then. */
  refuse() {
    this.#refused = true;
    this.#changed();
  }

  owns(event) {
    return typeof event?.source === 'string' && event.source.startsWith('presence/');
  }

  leave() {
    if (this.#joinedAt === 0 || !this.#connected()) return;
    this.#joinedAt = 0;
    this.#source.append({ type: 'Left', key: this.#varve.clientId, tombstone: true }).catch(() => {});
  }

  close() {
    clearInterval(this.#timer);
    this.leave();
    for (const stop of this.#stops) stop();
    this.#source.close();
  }

  #connected() {
    const { state } = this.#varve.status;
    return state === 'online' || state === 'syncing';
  }

  #look() {
    // This client's own beat tells how far the log's clock is from this one.
    const mine = this.#source.state.get(this.#varve.clientId);
    if (mine?.position > 0 && mine.recorded && mine.clientSeq === this.#beatSeq) {
      const skew = Date.parse(mine.recorded) - this.#joinedAt;
      if (Number.isFinite(skew)) this.#skew = skew;
      this.#beatSeq = -1;
    }
    this.#tick();
  }

  #tick() {
    this.#changed();
    if (
      this.#beating || this.#refused || document.hidden || !this.#connected() || this.#fresh() ||
      Date.now() - this.#used > IDLE_MS || Date.now() - this.#joinedAt < 2_000
    ) {
      return;
    }
    this.#beating = true;
    this.#joinedAt = Date.now();
    this.#source
      .append({ type: 'Present', key: this.#varve.clientId, data: {} })
      .then(({ clientSeq }) => {
        this.#beatSeq = clientSeq;
      })
      .catch(() => {})
      .finally(() => {
        this.#beating = false;
      });
  }

  // Another tab of this browser may have said it already.
  #fresh() {
    const mine = this.#source.state.get(this.#varve.clientId);
    if (mine === undefined || this.#joinedAt === 0) return false;
    if (!(mine.position > 0)) return true;
    return Date.now() + (this.#skew ?? 0) - Date.parse(mine.recorded) < BEAT_MS;
  }
}

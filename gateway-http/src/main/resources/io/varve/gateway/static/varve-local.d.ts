/**
 * varve-local: write offline, sync exactly once, and see the merged state with what was not sent yet on top.
 *
 * Words: the *buffer* holds appended events durably until the log has them; an event in it is *pending* until it has
 * landed in the log, or *rejected* when it was refused for good; the *overlay* shows own events on top of the merged
 * state until the events pulled from the log contain them. Positions and numbers are integers up to
 * Number.MAX_SAFE_INTEGER. Everything runs in the event loop of its page or process; listeners are called from there
 * and may call anything here.
 */

/** What varve-local itself can report; a gateway's problem codes come on top. */
export type VarveErrorCode =
  /** No gateway answered, in time, with something of ours. */
  | 'NETWORK'
  /** The page was not served over https or from localhost: there is no key pair and so no sync. */
  | 'INSECURE_CONTEXT'
  /** An option, an event or a field is not what it has to be; `field` names it. */
  | 'INVALID_ARGUMENT'
  | 'PAYLOAD_TOO_LARGE'
  /** The browser or the disk gives no more room: the event was not stored. */
  | 'QUOTA_EXCEEDED'
  /** 100,000 events are unsent already: the event was not stored. */
  | 'BUFFER_FULL'
  /** The store failed, was lost (deleted by the browser), is used by another process, or is damaged. */
  | 'STORE_FAILED' | 'STORE_LOST' | 'STORE_LOCKED' | 'STORE_CORRUPT'
  /** An event was refused for good; `clientSeq` names it. */
  | 'REJECTED'
  /** The log was restored or replaced: states are read again, buffered events went to a new buffer. */
  | 'LOG_IDENTITY_CHANGED'
  /** The log does not have events that had landed and that the buffer no longer holds. */
  | 'EVENTS_LOST'
  /** The store is a copy, or older than the log: unsent events went to a new buffer. */
  | 'BUFFER_REPLACED'
  /** `reduce` threw; the event is left out. */
  | 'REDUCE_FAILED'
  | 'TOO_MANY_SOURCES' | 'NOT_FOUND' | 'CLOSED' | 'INTERNAL';

/** Thrown, reported to `onError`, or the reason of a rejected promise. */
export class VarveError extends Error {
  constructor(code: VarveErrorCode | (string & {}), detail: string, more?: object);
  readonly code: VarveErrorCode | (string & {});
  /** For people: names the field, the limit and the value. */
  readonly detail: string;
  /** The HTTP status of the gateway's answer; 0 when there was none. */
  readonly status: number;
  readonly field?: string;
  readonly retryAfterMs?: number;
  readonly expectedSeq?: number;
  readonly clientSeq?: number;
}

/** An error as it stands in a status. */
export interface ErrorInfo {
  readonly code: VarveErrorCode | (string & {});
  readonly detail: string;
  readonly status?: number;
  readonly field?: string;
  readonly retryAfterMs?: number;
  readonly clientSeq?: number;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** An event to append. Names are strings that are not empty; the log takes up to 512 bytes of UTF-8 each. */
export interface NewEvent {
  type: string;
  /** Which entity within the source it overwrites: the newest position wins. */
  key?: string;
  /** Removes the key from the latest state. Needs a key. */
  tombstone?: boolean;
  /** The payload: anything JSON can say, or bytes. The log takes up to 1 MiB. */
  data?: unknown | Uint8Array;
  /** The payload as base64, instead of data. */
  dataBase64?: string;
  contentType?: string;
  /** The application's own; up to 16 KiB. */
  metadata?: unknown;
  sourceType?: string;
  streamType?: string;
  streamId?: string;
  /** At most 32. */
  tags?: readonly string[];
  /** When it happened, such as 2026-11-21T10:15:30.123Z. Orders nothing. */
  occurred?: string;
  /** The application's own id. */
  id?: string;
}

/**
 * An event as a state shows it. One from the log has a position. An own one that is not in the merged state yet has
 * its number, and `pending` or `rejected` while the log does not have it.
 */
export interface SeenEvent extends Readonly<NewEvent> {
  readonly source: string;
  readonly position?: number;
  readonly version?: number;
  readonly recorded?: string;
  readonly clientId?: string;
  readonly bufferId?: string;
  readonly clientSeq?: number;
  readonly pending?: true;
  readonly rejected?: true;
}

/** `online`: connected, nothing pending, everything shown. `rejected`: an event was refused, the queue waits behind it. */
export type VarveState = 'online' | 'syncing' | 'offline' | 'rejected' | 'insecure-context';

/** A snapshot; each change makes a new one. */
export interface VarveStatus {
  readonly state: VarveState;
  /** Events that have not landed, over all sources and tabs. */
  readonly pending: number;
  /** Events that were refused for good and wait for discard() or retry(). */
  readonly rejected: number;
  /** What is wrong now; a report (of another log, of lost events) stays until retry(). */
  readonly error?: ErrorInfo;
  readonly simulatedOffline: boolean;
  /** Whether this tab does the syncing for all tabs. */
  readonly leader: boolean;
}

export interface RejectedEvent {
  readonly clientSeq: number;
  readonly event: SeenEvent;
  readonly problem: ErrorInfo;
}

export interface Appended {
  /** The event's number in the buffer, from 1 without gaps. Another buffer (`bufferId`) numbers anew. */
  readonly clientSeq: number;
  /** Resolved: append() itself waits until the event is durable. */
  readonly saved: Promise<void>;
}

export interface SourceChange<S> {
  readonly state: S;
  readonly pending: number;
  readonly position: number;
  readonly caughtUp: boolean;
  /** Keys that look different now (default fold only; undefined with reduce). */
  readonly changed: S extends ReadonlyMap<string, SeenEvent> ? ReadonlySet<string> : undefined;
}

/** An opened source. */
export interface Source<S> {
  readonly source: string;
  /**
   * The merged state with own unsent events on top. With the default fold it is one Map for the source's life, changed
   * in place: read it, copy it to compare.
   */
  readonly state: S;
  /** This source's events that have not landed. */
  readonly pending: number;
  readonly pendingEvents: readonly SeenEvent[];
  /** Up to which position the log is in the state; 0 before anything was pulled. */
  readonly position: number;
  /** Whether the state had everything when the log was last asked. */
  readonly caughtUp: boolean;
  /** Why the source cannot be read at the moment. */
  readonly error?: ErrorInfo;
  /** Resolves with the first state: the cached one, or the log's, or the buffer's alone when offline. Never rejects. */
  readonly ready: Promise<void>;
  /**
   * Resolves once the event is durable in the buffer; works offline. Rejects, and nothing is stored, with
   * INVALID_ARGUMENT, PAYLOAD_TOO_LARGE, QUOTA_EXCEEDED, BUFFER_FULL, STORE_…, INSECURE_CONTEXT or CLOSED.
   */
  append(event: NewEvent): Promise<Appended>;
  /** Calls back after changes, several at a time. Returns what ends it. */
  onChange(listener: (change: SourceChange<S>) => void): () => void;
  /** Stops following. What was appended is still sent. */
  close(): void;
}

export interface ReduceOptions<S> {
  /** Pure: must not change `state`. Events come in the log's order, own pending ones last and without a position. */
  reduce: (state: S, event: SeenEvent) => S;
  initial: S;
  /**
   * Caches the state under this name, so that it is there offline after a reload. The state must then survive
   * structured cloning (with fileStore: JSON). Take another name when `reduce` changes. Without it the source is read
   * from its start when it is opened.
   */
  cacheAs?: string;
}

export interface Varve {
  /** Thumbprint (RFC 7638) of this client's public key; '' in an insecure context. */
  readonly clientId: string;
  readonly bufferId: string | null;
  /** Null until a gateway was reached for the first time. */
  readonly logIdentity: string | null;
  readonly status: VarveStatus;
  onStatus(listener: (status: VarveStatus) => void): () => void;
  /** Opens a source with the default fold: key → newest event. At most 64 different ones at a time. */
  source(source: string): Source<ReadonlyMap<string, SeenEvent>>;
  source<S>(source: string, options: ReduceOptions<S>): Source<S>;
  /** As if there were no network, in all tabs. Not remembered across reloads of all of them. */
  simulateOffline(on: boolean): void;
  rejected(): RejectedEvent[];
  /** Gives up a rejected event: its number goes out as a void, and the queue goes on. */
  discard(clientSeq: number): Promise<void>;
  /** Tries rejected events again, stops waiting, and clears a report. */
  retry(): Promise<void>;
  /** Resolves when everything appended so far has landed; rejects with REJECTED or CLOSED. */
  drained(): Promise<void>;
  /** Stops. What was not sent stays in the store (not with memoryStore). */
  close(): Promise<void>;
}

export interface Timing {
  /** First and longest wait between attempts (full jitter): 250 and 30,000 ms. */
  backoffMinMs?: number;
  backoffMaxMs?: number;
  /** For an answer: 30,000 ms. */
  requestTimeoutMs?: number;
  /** A stream that is silent for so long is opened anew: 45,000 ms. */
  watchdogMs?: number;
}

export interface OpenOptions {
  /** The gateway's base URL, or several that are tried in turn. Default '': the page's origin. */
  gateway?: string | readonly string[];
  /** Which buffer of this browser: 1 to 100 of letters, digits, `_ . -`. Default 'default'. */
  name?: string;
  /** Default: IndexedDB, shared by the tabs of a browser. */
  store?: VarveStore;
  fetch?: typeof globalThis.fetch;
  onError?: (error: VarveError) => void;
  /** False: states show only what the log has. Default true. */
  overlay?: boolean;
  /** Also ask for the gateway's cookie with each token, for GETs that cannot have a header. Default false. */
  cookie?: boolean;
  timing?: Timing;
}

/**
 * Opens a buffer and starts to sync it. In an insecure context it resolves too, with that status, and append rejects.
 * Rejects with INVALID_ARGUMENT (an option), STORE_LOCKED, STORE_CORRUPT or STORE_FAILED.
 */
export function openVarve(options?: OpenOptions): Promise<Varve>;

/** A store. Made by the functions below; its methods are between it and openVarve. One openVarve per store object. */
export interface VarveStore {
  readonly shared: boolean;
  open(): Promise<void>;
  close(): Promise<void>;
}

/** Keeps everything in memory: what was not sent is gone with the process. */
export function memoryStore(): VarveStore;

/**
 * Node.js: a directory (made with mode 0700) for one process at a time, with the key pair (key.json, mode 0600). An
 * append is synced to the disk before it resolves; a kill at any instant loses nothing that was saved.
 */
export function fileStore(directory: string): VarveStore;

/** The browser's database `varve:<name>`; the private key in it cannot be exported. */
export function indexedDbStore(name?: string): VarveStore;

export interface SseMessage {
  readonly type: string;
  readonly data: string;
  readonly id: string;
}

/** Parses text/event-stream from pieces split anywhere. Messages of up to 16 Mi characters. */
export class SseParser {
  constructor(handlers: {
    onMessage?: (message: SseMessage) => void;
    onRetry?: (ms: number) => void;
    onComment?: (text: string) => void;
  });
  push(bytes: Uint8Array): void;
}

import { MARK } from './board.js';
import { colourOf } from './palette.js';

/** Cells along one side. */
export const SIZE = 64;

/** The type of the event that paints or, as a tombstone, erases a cell. */
export const CELL_PAINTED = 'CellPainted';

const IN_FLIGHT = 64; // appends handed to the store at once; at most one more per cell waits
const MAX_STROKES = 100;

/** A cell's key within the canvas's source. */
export const keyOf = (i) => `${i % SIZE},${(i / SIZE) | 0}`;

/**
 * One canvas: the source `canvas/<name>`, whose newest event per key is a cell's colour, with what was just
 * painted and is not yet durable on top. A cell counts as saved once the local buffer holds its event.
 */
export class Cells {
  #source;
  #board;
  #changed;
  #clientId;
  #unsaved = new Map(); // cell → {colour, sent}, until its append resolves
  #queue = [];
  #inFlight = 0;
  #strokes = [];
  #stroke = null;
  #frame = 0;
  #live = false;
  #stop;
  #closed = false;
  saved = 0;
  failed = 0;
  pending = 0;
  position = 0;
  caughtUp = false;
  painted = 0;

  constructor(varve, name, board, changed) {
    this.#board = board;
    this.#changed = changed;
    this.#clientId = varve.clientId;
    this.#source = varve.source(`canvas/${name}`);
    this.#stop = this.#source.onChange((change) => {
      this.position = Number(change.position ?? this.position);
      this.caughtUp = change.caughtUp ?? this.caughtUp;
      this.#later();
    });
    this.ready = Promise.resolve(this.#source.ready).then(() => this.#show());
  }

  /** The colour of a cell as it is shown: '#rrggbb', or null when it is empty. */
  colour(i) {
    return this.#board.colour(i);
  }

  /** 'unsaved', 'pending' (saved here, not yet landed) or 'landed'. */
  standing(i) {
    return ['landed', 'unsaved', 'pending'][this.#board.mark(i)];
  }

  /** The client id of who painted or erased a cell last, or null. */
  painter(i) {
    if (this.#unsaved.has(i)) return this.#clientId;
    const event = this.#event(i);
    if (event === undefined) return null;
    return this.#isPending(event) ? this.#clientId : (event.clientId ?? null);
  }

  begin() {
    this.#stroke = new Map();
  }

  /** Paints cells (null erases); those that have the colour already are left alone. */
  paint(cells, colour) {
    let any = false;
    for (const i of cells) {
      const before = this.#board.colour(i);
      if (before === colour) continue;
      if (this.#stroke !== null && !this.#stroke.has(i)) this.#stroke.set(i, { before, after: colour });
      else if (this.#stroke !== null) this.#stroke.get(i).after = colour;
      this.#put(i, colour);
      any = true;
    }
    if (any) this.#changed();
    return any;
  }

  end() {
    if (this.#stroke !== null && this.#stroke.size > 0) {
      this.#strokes.push(this.#stroke);
      if (this.#strokes.length > MAX_STROKES) this.#strokes.shift();
    }
    this.#stroke = null;
    this.#changed();
  }

  /** Takes back a stroke that turned out to be none. */
  cancel() {
    this.end();
    if (this.#strokes.length > 0) this.undo();
  }

  get canUndo() {
    return this.#strokes.length > 0;
  }

  /** Puts back what the last stroke covered, except where somebody painted since. Returns how many cells. */
  undo() {
    const stroke = this.#strokes.pop();
    if (stroke === undefined) return 0;
    let n = 0;
    for (const [i, { before, after }] of stroke) {
      // Who emptied a cell is not known any more once that has landed: still empty has to do.
      const mine = after === null || this.painter(i) === this.#clientId;
      if (this.#board.colour(i) !== after || !mine) continue;
      this.#put(i, before);
      n++;
    }
    this.#changed();
    return n;
  }

  close() {
    this.#closed = true;
    cancelAnimationFrame(this.#frame);
    this.#stop();
    this.#source.close();
  }

  #put(i, colour) {
    const waiting = this.#unsaved.get(i);
    if (waiting !== undefined && !waiting.sent) {
      waiting.colour = colour; // still in the queue: the newer colour goes in its place
    } else {
      const entry = { colour, sent: false };
      this.#unsaved.set(i, entry);
      this.#queue.push([i, entry]);
    }
    this.#board.set(i, colour, MARK.unsaved);
    this.#pump();
  }

  #pump() {
    while (this.#inFlight < IN_FLIGHT && this.#queue.length > 0) {
      const [i, entry] = this.#queue.shift();
      entry.sent = true;
      this.#inFlight++;
      const event = { type: CELL_PAINTED, key: keyOf(i) };
      if (entry.colour === null) event.tombstone = true;
      else event.data = { c: entry.colour };
      this.#source.append(event).then(
        () => this.#settled(i, entry, null),
        (error) => this.#settled(i, entry, error),
      );
    }
  }

  #settled(i, entry, error) {
    this.#inFlight--;
    if (error === null) this.saved++;
    else this.failed++;
    if (this.#unsaved.get(i) === entry) this.#unsaved.delete(i);
    if (this.#closed) return;
    if (error !== null) this.#changed(error);
    this.#pump();
    this.#later();
  }

  #later() {
    if (this.#frame !== 0 || this.#closed) return;
    // A hidden tab gets no frames, and is told all the same.
    if (document.hidden) {
      this.#frame = -1;
      setTimeout(() => this.#show(), 50);
    } else {
      this.#frame = requestAnimationFrame(() => this.#show());
    }
  }

  #event(i) {
    return this.#source.state.get(keyOf(i));
  }

  #isPending(event) {
    return event.pending ?? !(event.position > 0);
  }

  #show() {
    this.#frame = 0;
    if (this.#closed) return;
    this.pending = Number(this.#source.pending ?? 0);
    let painted = 0;
    const held = new Set();
    for (const event of this.#source.pendingEvents) held.add(event.key);
    for (let i = 0; i < SIZE * SIZE; i++) {
      const own = this.#unsaved.get(i);
      if (own !== undefined) {
        if (own.colour !== null) painted++;
        continue;
      }
      const event = this.#event(i);
      let colour = null;
      let mark = MARK.none;
      if (event !== undefined) {
        if (event.type === CELL_PAINTED && event.tombstone !== true) colour = colourOf(event.data);
        if (this.#isPending(event)) mark = MARK.pending;
      } else if (held.has(keyOf(i))) {
        mark = MARK.pending; // an erasure that waits leaves no event to see
      }
      if (colour !== null) painted++;
      this.#board.set(i, colour, mark, this.#live && event !== undefined && event.clientId !== this.#clientId);
    }
    this.painted = painted;
    this.#live ||= this.caughtUp;
    this.#changed();
  }
}

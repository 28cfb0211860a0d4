import { PAPER, isDark } from './palette.js';

const MAX_CELL = 56; // CSS pixels one cell may take
const PULSE_MS = 700;
const MAX_PULSES = 256;

/** What is drawn over a cell: nothing, not yet durable, or durable here and waiting to be sent. */
export const MARK = Object.freeze({ none: 0, unsaved: 1, pending: 2 });

/**
 * Draws the cells and turns pointers into strokes. It holds what is to be seen, not what is true: the page
 * tells it each cell's colour and mark. One picture of one pixel per cell is kept and scaled, so a frame
 * costs one image however many cells there are.
 */
export class Board {
  #el;
  #ctx;
  #under; // the sheet's shadow: the browser draws it once, not every frame
  #size;
  #picture;
  #pictureCtx;
  #colours;
  #marks;
  #marked = new Set();
  #pulses = new Map();
  #scale = 8;
  #x = 0;
  #y = 0;
  #width = 0;
  #height = 0;
  #dpr = 1;
  #fitted = true;
  #frame = 0;
  #pointers = new Map();
  #gesture = null;
  #hover = -1;
  #cursor;
  #cursorShown = false;
  #on;
  #still = matchMedia('(prefers-reduced-motion: reduce)');
  panning = () => false;

  /**
   * @param {HTMLCanvasElement} el what is drawn on; the element before it is laid under the cells
   * @param {number} size cells along one side
   * @param {{begin: Function, cells: Function, end: Function, cancel: Function, hover: Function}} on
   */
  constructor(el, size, on) {
    this.#el = el;
    this.#on = on;
    this.#under = el.previousElementSibling;
    this.#size = size;
    this.#ctx = el.getContext('2d', { alpha: true });
    this.#picture = document.createElement('canvas');
    this.#picture.width = this.#picture.height = size;
    this.#pictureCtx = this.#picture.getContext('2d', { alpha: false });
    this.#pictureCtx.fillStyle = PAPER;
    this.#pictureCtx.fillRect(0, 0, size, size);
    this.#colours = new Array(size * size).fill(null);
    this.#marks = new Uint8Array(size * size);
    this.#cursor = (size / 2) * size + size / 2;
    new ResizeObserver(() => this.#resize()).observe(el);
    this.#resize();
    this.#listen();
  }

  get cursor() {
    return this.#cursor;
  }

  colour(i) {
    return this.#colours[i];
  }

  mark(i) {
    return this.#marks[i];
  }

  /** Shows a cell; true when that changed anything. */
  set(i, colour, mark, pulse = false) {
    if (this.#colours[i] === colour && this.#marks[i] === mark) return false;
    if (pulse && this.#colours[i] !== colour && !this.#still.matches && this.#pulses.size < MAX_PULSES) {
      this.#pulses.set(i, performance.now());
    }
    this.#colours[i] = colour;
    this.#marks[i] = mark;
    if (mark === MARK.none) this.#marked.delete(i);
    else this.#marked.add(i);
    this.#pictureCtx.fillStyle = mark === MARK.unsaved ? PAPER : (colour ?? PAPER);
    this.#pictureCtx.fillRect(i % this.#size, (i / this.#size) | 0, 1, 1);
    this.draw();
    return true;
  }

  /** The picture alone, each cell so many pixels wide. */
  toPicture(cell = 16) {
    const out = document.createElement('canvas');
    out.width = out.height = this.#size * cell;
    const ctx = out.getContext('2d');
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(this.#picture, 0, 0, out.width, out.height);
    return new Promise((resolve) => out.toBlob(resolve, 'image/png'));
  }

  moveCursor(dx, dy) {
    const n = this.#size;
    const x = Math.min(n - 1, Math.max(0, (this.#cursor % n) + dx));
    const y = Math.min(n - 1, Math.max(0, ((this.#cursor / n) | 0) + dy));
    this.#cursor = y * n + x;
    this.showCursor(true);
    this.#bringIntoView(x, y);
    this.draw();
  }

  showCursor(shown) {
    if (this.#cursorShown === shown) return;
    this.#cursorShown = shown;
    this.#el.toggleAttribute('data-keys', shown);
    this.draw();
  }

  fit() {
    const room = Math.min(this.#width, this.#height) - (this.#width < 600 ? 16 : 40);
    this.#scale = Math.max(2 / this.#dpr, Math.floor((room * this.#dpr) / this.#size) / this.#dpr);
    this.#x = (this.#width - this.#scale * this.#size) / 2;
    this.#y = (this.#height - this.#scale * this.#size) / 2;
    this.#fitted = true;
    this.draw();
  }

  zoomBy(factor, cx = this.#width / 2, cy = this.#height / 2) {
    const least = Math.min(4, Math.min(this.#width, this.#height) / this.#size / 2);
    const scale = Math.min(MAX_CELL, Math.max(least, this.#scale * factor));
    const f = scale / this.#scale;
    this.#x = cx - (cx - this.#x) * f;
    this.#y = cy - (cy - this.#y) * f;
    this.#scale = scale;
    this.#fitted = false;
    this.#keepInView();
    this.draw();
  }

  panBy(dx, dy) {
    this.#x += dx;
    this.#y += dy;
    this.#fitted = false;
    this.#keepInView();
    this.draw();
  }

  /** Where a cell's middle is, in CSS pixels of the viewport. */
  centreOf(x, y) {
    const box = this.#el.getBoundingClientRect();
    return {
      x: box.left + this.#x + (x + 0.5) * this.#scale,
      y: box.top + this.#y + (y + 0.5) * this.#scale,
    };
  }

  draw() {
    if (this.#frame === 0) this.#frame = requestAnimationFrame((now) => this.#paint(now));
  }

  #bringIntoView(x, y) {
    const margin = this.#scale * 1.5;
    const left = this.#x + x * this.#scale;
    const top = this.#y + y * this.#scale;
    let dx = 0;
    let dy = 0;
    if (left < margin) dx = margin - left;
    else if (left + this.#scale > this.#width - margin) dx = this.#width - margin - left - this.#scale;
    if (top < margin) dy = margin - top;
    else if (top + this.#scale > this.#height - margin) dy = this.#height - margin - top - this.#scale;
    if (!this.#fitted && (dx !== 0 || dy !== 0)) this.panBy(dx, dy);
  }

  // A quarter of the picture, or of the room, stays to be seen.
  #keepInView() {
    const side = this.#scale * this.#size;
    const keepX = Math.min(side, this.#width) / 4;
    const keepY = Math.min(side, this.#height) / 4;
    this.#x = Math.min(this.#width - keepX, Math.max(keepX - side, this.#x));
    this.#y = Math.min(this.#height - keepY, Math.max(keepY - side, this.#y));
  }

  #resize() {
    const box = this.#el.getBoundingClientRect();
    const dpr = Math.min(3, window.devicePixelRatio || 1);
    if (box.width === 0 || box.height === 0) return;
    const dx = (box.width - this.#width) / 2;
    const dy = (box.height - this.#height) / 2;
    this.#width = box.width;
    this.#height = box.height;
    this.#dpr = dpr;
    this.#el.width = Math.round(box.width * dpr);
    this.#el.height = Math.round(box.height * dpr);
    if (this.#fitted) {
      this.fit();
    } else {
      this.#x += dx;
      this.#y += dy;
      this.#keepInView();
    }
    // Setting a canvas's size clears it: draw now, not a frame later, or resizing flickers.
    cancelAnimationFrame(this.#frame);
    this.#paint(performance.now());
  }

  #paint(now) {
    this.#frame = 0;
    const ctx = this.#ctx;
    const n = this.#size;
    const d = this.#dpr;
    const cell = this.#scale * d;
    const side = Math.round(cell * n);
    const x0 = Math.round(this.#x * d);
    const y0 = Math.round(this.#y * d);
    const left = (c) => x0 + Math.round(c * cell);
    const top = (r) => y0 + Math.round(r * cell);
    const w = (c) => left(c + 1) - left(c);
    const h = (r) => top(r + 1) - top(r);

    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, this.#el.width, this.#el.height);
    const under = this.#under.style;
    under.transform = `translate(${x0 / d}px, ${y0 / d}px)`;
    under.width = under.height = `${side / d}px`;
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(this.#picture, x0, y0, side, side);

    if (this.#scale >= 5) {
      const alpha = Math.min(0.09, 0.03 + (this.#scale - 5) * 0.006);
      const x1 = Math.max(0, Math.floor(-x0 / cell));
      const x2 = Math.min(n, Math.ceil((this.#el.width - x0) / cell));
      const y1 = Math.max(0, Math.floor(-y0 / cell));
      const y2 = Math.min(n, Math.ceil((this.#el.height - y0) / cell));
      ctx.fillStyle = `rgba(60, 50, 30, ${alpha})`;
      for (let c = x1; c <= x2; c++) ctx.fillRect(left(c), y0, 1, side);
      for (let r = y1; r <= y2; r++) ctx.fillRect(x0, top(r), side, 1);
    }

    for (const i of this.#marked) this.#paintMark(ctx, i, left, top, w, h, d);

    for (const [i, since] of this.#pulses) {
      const t = (now - since) / PULSE_MS;
      if (t >= 1) {
        this.#pulses.delete(i);
        continue;
      }
      const c = i % n;
      const r = (i / n) | 0;
      const grow = (1 - (1 - t) ** 3) * Math.max(6 * d, cell * 0.7);
      ctx.strokeStyle = this.#colours[i] ?? '#a59b88';
      ctx.globalAlpha = (1 - t) * 0.9;
      ctx.lineWidth = Math.max(1, 2 * d * (1 - t));
      ctx.strokeRect(left(c) - grow, top(r) - grow, w(c) + 2 * grow, h(r) + 2 * grow);
      ctx.globalAlpha = 1;
    }

    if (this.#hover >= 0 && !this.#cursorShown) {
      this.#outline(ctx, this.#hover, left, top, w, h, d, 1);
    }
    if (this.#cursorShown) this.#outline(ctx, this.#cursor, left, top, w, h, d, 2);
    if (this.#pulses.size > 0) this.draw();
  }

  #paintMark(ctx, i, left, top, w, h, d) {
    const c = i % this.#size;
    const r = (i / this.#size) | 0;
    const x = left(c);
    const y = top(r);
    const cw = w(c);
    const ch = h(r);
    const colour = this.#colours[i] ?? PAPER;
    if (this.#marks[i] === MARK.unsaved) {
      const inset = Math.max(1, Math.round(cw * 0.2));
      ctx.fillStyle = colour;
      ctx.fillRect(x + inset, y + inset, cw - 2 * inset, ch - 2 * inset);
      return;
    }
    // A folded corner: dark on light colours, light on dark ones.
    const s = Math.max(2 * d, Math.round(cw * 0.42));
    ctx.fillStyle = isDark(colour) ? 'rgba(255, 255, 255, 0.92)' : 'rgba(28, 22, 10, 0.72)';
    ctx.beginPath();
    ctx.moveTo(x + cw, y);
    ctx.lineTo(x + cw, y + s);
    ctx.lineTo(x + cw - s, y);
    ctx.fill();
  }

  #outline(ctx, i, left, top, w, h, d, weight) {
    const c = i % this.#size;
    const r = (i / this.#size) | 0;
    const t = weight * d;
    ctx.lineWidth = t;
    ctx.strokeStyle = 'rgba(255, 255, 255, 0.95)';
    ctx.strokeRect(left(c) - t / 2, top(r) - t / 2, w(c) + t, h(r) + t);
    ctx.strokeStyle = 'rgba(20, 16, 8, 0.9)';
    ctx.strokeRect(left(c) - t * 1.5, top(r) - t * 1.5, w(c) + 3 * t, h(r) + 3 * t);
  }

  #cellAt(px, py) {
    return [Math.floor((px - this.#x) / this.#scale), Math.floor((py - this.#y) / this.#scale)];
  }

  #index(cx, cy) {
    return cx >= 0 && cy >= 0 && cx < this.#size && cy < this.#size ? cy * this.#size + cx : -1;
  }

  #listen() {
    const el = this.#el;
    const local = (e) => {
      const box = el.getBoundingClientRect();
      return { x: e.clientX - box.left, y: e.clientY - box.top };
    };
    el.addEventListener('contextmenu', (e) => e.preventDefault());
    el.addEventListener('wheel', (e) => {
      e.preventDefault();
      const p = local(e);
      const lines = e.deltaMode === 1 ? 16 : 1;
      this.zoomBy(Math.exp(-Math.max(-120, Math.min(120, e.deltaY * lines)) * (e.ctrlKey ? 0.01 : 0.0022)), p.x, p.y);
    }, { passive: false });

    el.addEventListener('pointerdown', (e) => {
      e.preventDefault();
      el.focus({ preventScroll: true });
      this.showCursor(false);
      const p = local(e);
      this.#pointers.set(e.pointerId, p);
      try {
        el.setPointerCapture(e.pointerId);
      } catch {
        // The pointer is gone again already.
      }
      if (this.#pointers.size === 2) {
        // The second finger turns what the first began into moving the view.
        if (this.#gesture?.kind === 'stroke') this.#on.cancel();
        this.#gesture = { kind: 'pinch', ...this.#pinch() };
      } else if (this.#pointers.size === 1) {
        if (e.button === 1 || e.button === 2 || this.panning()) {
          this.#gesture = { kind: 'pan', at: p };
          el.dataset.panning = 'true';
        } else if (e.button === 0) {
          this.#gesture = { kind: 'stroke', last: null, held: e.pointerType === 'touch', from: p };
          this.#on.begin(e.altKey);
          if (!this.#gesture.held) this.#strokeTo(p);
        }
      }
    });
    el.addEventListener('pointermove', (e) => {
      const p = local(e);
      if (!this.#pointers.has(e.pointerId)) {
        if (e.pointerType !== 'touch') this.#hoverAt(p);
        return;
      }
      this.#pointers.set(e.pointerId, p);
      const g = this.#gesture;
      if (g?.kind === 'pinch' && this.#pointers.size >= 2) {
        const now = this.#pinch();
        this.panBy(now.x - g.x, now.y - g.y);
        if (g.span > 0 && now.span > 0) this.zoomBy(now.span / g.span, now.x, now.y);
        this.#gesture = { kind: 'pinch', ...now };
      } else if (g?.kind === 'pan') {
        this.panBy(p.x - g.at.x, p.y - g.at.y);
        g.at = p;
      } else if (g?.kind === 'stroke') {
        // A finger's first few pixels may be the start of a pinch: nothing is painted until it means it.
        if (g.held && Math.hypot(p.x - g.from.x, p.y - g.from.y) < 6) return;
        if (g.held) {
          g.held = false;
          this.#strokeTo(g.from);
        }
        const steps = e.getCoalescedEvents?.() ?? [];
        for (const step of steps.length > 0 ? steps : [e]) this.#strokeTo(local(step));
        if (e.pointerType !== 'touch') this.#hoverAt(p);
      }
    });
    const up = (e, cancelled) => {
      const p = this.#pointers.get(e.pointerId);
      if (!this.#pointers.delete(e.pointerId)) return;
      const g = this.#gesture;
      if (g?.kind === 'stroke') {
        if (cancelled) {
          this.#on.cancel();
        } else {
          if (g.held) this.#strokeTo(p);
          this.#on.end();
        }
      }
      if (g?.kind === 'pinch' && this.#pointers.size === 1) this.#gesture = { kind: 'done' };
      if (this.#pointers.size === 0) this.#gesture = null;
      delete el.dataset.panning;
    };
    el.addEventListener('pointerup', (e) => up(e, false));
    el.addEventListener('pointercancel', (e) => up(e, true));
    el.addEventListener('lostpointercapture', (e) => up(e, true));
    el.addEventListener('pointerleave', () => this.#hoverAt(null));
  }

  #hoverAt(p) {
    const i = p === null ? -1 : this.#index(...this.#cellAt(p.x, p.y));
    if (i === this.#hover) return;
    this.#hover = i;
    this.#on.hover(i);
    this.draw();
  }

  #pinch() {
    const [a, b] = [...this.#pointers.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, span: Math.hypot(a.x - b.x, a.y - b.y) };
  }

  // Bresenham's line from the last cell, so that a fast drag leaves no gaps.
  #strokeTo(p) {
    const g = this.#gesture;
    const [x1, y1] = this.#cellAt(p.x, p.y);
    let [x, y] = g.last ?? [x1, y1];
    g.last = [x1, y1];
    const cells = [];
    const dx = Math.abs(x1 - x);
    const dy = -Math.abs(y1 - y);
    const sx = x < x1 ? 1 : -1;
    const sy = y < y1 ? 1 : -1;
    let err = dx + dy;
    for (;;) {
      const i = this.#index(x, y);
      if (i >= 0) {
        cells.push(i);
        this.#cursor = i;
      }
      if (x === x1 && y === y1) break;
      const e2 = 2 * err;
      if (e2 >= dy) {
        err += dy;
        x += sx;
      }
      if (e2 <= dx) {
        err += dx;
        y += sy;
      }
    }
    if (cells.length > 0) this.#on.cells(cells);
  }
}

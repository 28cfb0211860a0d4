// A plot of values over time: lines, axes, and a cursor to read it by pointer or keyboard. Plots of a
// group share the cursor, so that one moment can be compared in all of them.
import { clock, h, replace, s, setText } from './dom.js';

const HEIGHT = 168;
const MARGIN = { top: 10, right: 10, bottom: 22, left: 46 };
// Points further apart than this are not joined: nobody knows what was between them.
const GAP_MS = 6500;

/** Plots that are read together. */
export class PlotGroup {
  plots = [];
  /** The moment that is being read, in ms since 1970; null = now. */
  cursor = null;
  windowMs = 120_000;

  add(plot) {
    plot.group = this;
    this.plots.push(plot);
    return plot;
  }

  read(moment) {
    this.cursor = moment;
    for (const plot of this.plots) plot.render();
  }
}

/** A round number at or above a value: 1, 2, 2.5 or 5 times a power of ten. */
function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 2.5, 5, 10].find((one) => one * power >= value * 0.9999);
  return factor * power;
}

function xStep(windowMs) {
  return [10_000, 15_000, 30_000, 60_000, 120_000, 300_000].find((step) => windowMs / step <= 5) ?? 600_000;
}

/**
 * One plot. `series`: `[{name, label, colour (1–6), area?}]`; `format(value)` writes a value with its
 * unit, `axis(value)` one beside the axis; `floor` is the least top of the axis.
 */
export class Plot {
  group = null;
  #points = [];
  #series = [];
  #hidden = new Set();
  #now = Date.now();
  #width = 0;
  #stale = false;

  constructor({ title, series = [], format, axis, floor = 1, empty = 'nothing measured yet' }) {
    this.title = title;
    this.format = format;
    this.axis = axis ?? format;
    this.floor = floor;
    this.empty = empty;
    this.moment = h('span', { class: 'plot-moment' });
    this.legend = h('div', { class: 'legend' });
    this.svg = s('svg', { height: HEIGHT, 'aria-hidden': 'true' });
    this.stage = h('div', {
      class: 'plot-stage',
      tabindex: '0',
      role: 'img',
      onpointermove: (event) => this.#point(event),
      onpointerdown: (event) => this.#point(event),
      onpointerleave: () => this.group?.read(null),
      onblur: () => this.group?.read(null),
      onkeydown: (event) => this.#key(event),
    }, this.svg);
    this.element = h('section', { class: 'plot card' }, h('div', { class: 'plot-head' }, h('h3', {}, title), this.moment), this.legend, this.stage);
    this.observer = new ResizeObserver(([entry]) => {
      const width = Math.round(entry.contentRect.width);
      if (width !== this.#width) {
        this.#width = width;
        this.render();
      }
    });
    this.observer.observe(this.stage);
    this.setSeries(series);
  }

  dispose() {
    this.observer.disconnect();
  }

  setSeries(series) {
    const signature = (list) => list.map((one) => `${one.name} ${one.label}`).join('\n');
    if (this.#series.length && signature(series) === signature(this.#series)) return;
    this.#series = series;
    this.values = new Map();
    replace(this.legend, series.map((one) => {
      const value = h('b', { class: 'legend-value' }, '–');
      this.values.set(one.name, value);
      return h('button', {
        type: 'button',
        class: `legend-item c${one.colour}`,
        'aria-pressed': String(!this.#hidden.has(one.name)),
        title: `Show or hide ${one.label}`,
        onclick: (event) => {
          if (!this.#hidden.delete(one.name)) this.#hidden.add(one.name);
          event.currentTarget.setAttribute('aria-pressed', String(!this.#hidden.has(one.name)));
          this.render();
        },
      }, h('span', { class: 'swatch', 'aria-hidden': 'true' }), h('span', {}, one.label), value);
    }));
  }

  update(points, now, stale) {
    this.#points = points;
    this.#now = now;
    this.#stale = stale;
    this.render();
  }

  #scale() {
    const windowMs = this.group.windowMs;
    const from = this.#now - windowMs;
    const plotWidth = Math.max(10, this.#width - MARGIN.left - MARGIN.right);
    const plotHeight = HEIGHT - MARGIN.top - MARGIN.bottom;
    const shown = this.#points.filter((point) => point.t >= from - GAP_MS);
    const series = this.#series.filter((one) => !this.#hidden.has(one.name));
    let most = this.floor;
    for (const point of shown) {
      for (const one of series) most = Math.max(most, point.values[one.name] ?? 0);
    }
    const step = roundUp(most / 4);
    const top = step * Math.max(1, Math.ceil((most / step) - 1e-9));
    return {
      windowMs, from, plotWidth, plotHeight, shown, series, step, top,
      x: (t) => MARGIN.left + ((t - from) / windowMs) * plotWidth,
      y: (value) => MARGIN.top + plotHeight - (Math.min(value, top) / top) * plotHeight,
    };
  }

  render() {
    if (!this.#width || !this.group) return;
    const scale = this.#scale();
    const read = this.#nearest(scale);
    this.#legend(read);
    this.svg.setAttribute('width', this.#width);
    this.svg.setAttribute('viewBox', `0 0 ${this.#width} ${HEIGHT}`);
    const right = MARGIN.left + scale.plotWidth;
    const bottom = MARGIN.top + scale.plotHeight;
    const parts = [];
    for (let i = 0; i * scale.step <= scale.top * 1.0001; i++) {
      const value = i * scale.step;
      const y = Math.round(scale.y(value)) + 0.5;
      parts.push(s('line', { class: i === 0 ? 'axis' : 'grid', x1: MARGIN.left, x2: right, y1: y, y2: y }));
      parts.push(s('text', { class: 'tick', x: MARGIN.left - 6, y: y + 3.5, 'text-anchor': 'end' }, this.axis(value)));
    }
    const step = xStep(scale.windowMs) * (this.#width < 420 ? 2 : 1);
    // Ticks stand on round times of the wall clock here.
    const zone = new Date(this.#now).getTimezoneOffset() * 60_000;
    for (let t = Math.ceil((scale.from - zone) / step) * step + zone; t <= this.#now; t += step) {
      const x = Math.round(scale.x(t)) + 0.5;
      parts.push(s('line', { class: 'grid', x1: x, x2: x, y1: MARGIN.top, y2: bottom }));
      if (x < right - 16 && x > MARGIN.left + 8) {
        parts.push(s('text', { class: 'tick', x, y: HEIGHT - 6, 'text-anchor': 'middle' }, clock(new Date(t))));
      }
    }
    let drawn = false;
    for (const one of [...scale.series].reverse()) {
      const { line, area, dots } = this.#paths(one.name, scale, bottom);
      if (!line && !dots.length) continue;
      drawn = true;
      if (one.area && area) parts.push(s('path', { class: `area c${one.colour}`, d: area }));
      if (line) parts.push(s('path', { class: `line c${one.colour}`, d: line }));
      for (const [x, y] of dots) parts.push(s('circle', { class: `dot c${one.colour}`, cx: x, cy: y, r: 2 }));
    }
    if (!drawn) {
      parts.push(s('text', { class: 'plot-empty', x: MARGIN.left + scale.plotWidth / 2, y: MARGIN.top + scale.plotHeight / 2, 'text-anchor': 'middle' }, this.empty));
    }
    if (this.group.cursor !== null && read) {
      const x = scale.x(read.t);
      parts.push(s('line', { class: 'cursor', x1: x, x2: x, y1: MARGIN.top, y2: bottom }));
      for (const one of scale.series) {
        const value = read.values[one.name];
        if (typeof value === 'number') parts.push(s('circle', { class: `dot c${one.colour}`, cx: x, cy: scale.y(value), r: 3.5 }));
      }
    }
    replace(this.svg, parts);
    this.element.classList.toggle('stale', this.#stale);
  }

  #paths(name, scale, bottom) {
    let line = '';
    let area = '';
    const dots = [];
    let stretch = [];
    const end = () => {
      if (stretch.length === 1) dots.push(stretch[0]);
      if (stretch.length > 1) {
        const path = stretch.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
        line += path;
        area += `${path}L${stretch.at(-1)[0].toFixed(1)} ${bottom}L${stretch[0][0].toFixed(1)} ${bottom}Z`;
      }
      stretch = [];
    };
    let before = 0;
    for (const point of scale.shown) {
      const value = point.values[name];
      if (typeof value !== 'number' || point.t - before > GAP_MS) end();
      if (typeof value === 'number' && point.t >= scale.from) {
        stretch.push([scale.x(point.t), scale.y(value)]);
        before = point.t;
      }
    }
    end();
    return { line, area, dots };
  }

  #nearest(scale) {
    const { cursor } = this.group;
    const points = scale.shown.filter((point) => point.t >= scale.from);
    if (cursor === null) {
      const newest = points.at(-1);
      return newest && this.#now - newest.t < GAP_MS ? newest : null;
    }
    let best = null;
    for (const point of points) {
      if (!best || Math.abs(point.t - cursor) < Math.abs(best.t - cursor)) best = point;
    }
    return best && Math.abs(best.t - cursor) < GAP_MS ? best : null;
  }

  #legend(read) {
    const parts = [];
    for (const one of this.#series) {
      const value = read?.values[one.name];
      const text = typeof value === 'number' ? this.format(value) : '–';
      setText(this.values.get(one.name), text);
      parts.push(`${one.label} ${text}`);
    }
    setText(this.moment, this.group.cursor !== null && read ? clock(new Date(read.t)) : '');
    const label = `${this.title}: ${parts.join(', ')}`;
    if (this.stage.getAttribute('aria-label') !== label) this.stage.setAttribute('aria-label', label);
  }

  #point(event) {
    const scale = this.#scale();
    const x = event.clientX - this.stage.getBoundingClientRect().left;
    this.group.read(scale.from + ((x - MARGIN.left) / scale.plotWidth) * scale.windowMs);
  }

  #key(event) {
    if (event.key === 'Escape') {
      this.group.read(null);
      return;
    }
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const points = this.#scale().shown.filter((point) => point.t >= this.#now - this.group.windowMs);
    if (!points.length) return;
    const { cursor } = this.group;
    let at = points.length - 1;
    if (cursor !== null) {
      at = points.reduce((best, point, i) => (Math.abs(point.t - cursor) < Math.abs(points[best].t - cursor) ? i : best), 0) + step;
    }
    this.group.read(points[Math.max(0, Math.min(points.length - 1, at))].t);
  }
}

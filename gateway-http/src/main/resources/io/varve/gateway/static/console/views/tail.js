// The log as it grows.
import { grouped, h, link, replace, setText, short } from '../dom.js';
import { eventRow, moveRow } from '../events.js';
import { filterForm, queryOf } from '../filter.js';

const MOST = 500;
const RATE_MS = 5000;

export function show({ api, query, signal, go, fail }) {
  const text = query.get('filter') ?? '';
  const from = /^\d{1,19}$/.test(query.get('after') ?? '') ? query.get('after') : 'head';
  const form = filterForm({ text, apply: (filter) => go(link('tail', { filter })) });
  const state = h('span', { class: 'state', 'data-state': 'connecting', role: 'status' }, 'connecting');
  const rate = h('b', {}, '0/s');
  const count = h('b', {}, '0');
  const at = h('b', {}, '–');
  const list = h('ol', { class: 'events', 'aria-label': 'Newest events' });
  const empty = h('p', { class: 'empty card fine' }, 'Waiting for events that match.');
  const problem = h('div');
  const pauseButton = h('button', { type: 'button', class: 'button primary', onclick: pause, 'aria-pressed': 'false' });
  const held = h('span', { class: 'fine', role: 'status' });

  let paused = false;
  let waiting = [];
  let dropped = 0;
  let seen = 0;
  let arrivals = [];
  let frame = 0;
  let current = 'connecting';

  function pause() {
    paused = !paused;
    pauseButton.setAttribute('aria-pressed', String(paused));
    tell();
    if (!paused) draw();
  }

  // Many events may come within one frame: they are drawn together, and only as many as are kept.
  function draw() {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      if (paused) return;
      if (dropped) {
        // What was left out stood between what is shown and what comes: say so where it was.
        list.prepend(h('li', { class: 'gap' }, `${grouped(dropped)} events came meanwhile and are not kept here; the log has them.`));
        dropped = 0;
      }
      const rows = waiting.map((event) => eventRow(event)).reverse();
      waiting = [];
      if (rows.length) {
        const top = list.getBoundingClientRect().top;
        const reading = top < 0;
        const height = list.offsetHeight;
        list.prepend(...rows);
        while (list.children.length > MOST) list.lastElementChild.remove();
        // Whoever has scrolled down to read keeps what they read in place.
        if (reading && CSS.supports('overflow-anchor', 'auto') === false) scrollBy(0, list.offsetHeight - height);
        for (const row of rows) row.classList.add('new');
      }
      empty.hidden = list.children.length > 0;
      tell();
    });
  }

  function tell() {
    setText(pauseButton, paused ? 'Resume' : 'Pause');
    setText(held, paused ? `paused; ${grouped(waiting.length + dropped)} ${waiting.length + dropped === 1 ? 'event waits' : 'events wait'}` : '');
    setText(count, grouped(seen));
    const now = performance.now();
    arrivals = arrivals.filter((arrival) => now - arrival.at < RATE_MS);
    setText(rate, `${short(arrivals.reduce((all, arrival) => all + arrival.n, 0) / (RATE_MS / 1000))}/s`);
  }

  function shows(name, words) {
    current = name;
    state.dataset.state = name;
    setText(state, words);
  }

  const on = {
    event(event) {
      seen++;
      const now = performance.now();
      const last = arrivals.at(-1);
      if (last && now - last.at < 100) last.n++;
      else arrivals.push({ at: now, n: 1 });
      waiting.push(event);
      if (waiting.length > MOST) {
        waiting.shift();
        dropped++;
      }
      setText(at, grouped(event.position));
      if (!paused) draw();
    },
    position(position) {
      if (position) setText(at, grouped(position));
    },
    caughtUp(position) {
      if (position) setText(at, grouped(position));
      shows('live', 'live');
    },
    state(name, detail) {
      if (name === 'open') shows('live', from === 'head' ? 'live' : 'catching up');
      else shows(name === 'connecting' && current === 'live' ? 'connecting' : name === 'connecting' ? 'connecting' : 'stale', name === 'connecting' ? 'connecting' : 'reconnecting');
      state.title = detail ?? '';
    },
    reset() {
      waiting = [];
      replace(list, h('li', { class: 'gap' }, 'The log has another identity now: the tail begins anew.'));
    },
    failed(error) {
      shows('refused', 'stopped');
      replace(problem, fail(error, () => go(location.hash)));
      empty.hidden = true;
    },
  };

  tell();
  const ticker = setInterval(tell, 1000);
  if (form.error) shows('refused', 'stopped');
  else api.follow({ query: queryOf(form.filter), after: from, signal, on }).catch((error) => signal.aborted || on.failed(error));

  return {
    title: 'Tail',
    actions: state,
    element: h('div', {}, form.element, problem,
      h('div', { class: 'tail-bar row' }, pauseButton,
        h('button', { type: 'button', class: 'button', onclick: () => {
          waiting = [];
          dropped = 0;
          replace(list);
          empty.hidden = false;
          tell();
        } }, 'Clear'),
        h('span', { class: 'reading' }, 'rate ', rate), h('span', { class: 'reading' }, 'seen ', count), h('span', { class: 'reading' }, 'at ', at), held),
      h('div', { class: 'events-table' }, h('div', { class: 'events-head', 'aria-hidden': 'true' }, ['Position', 'Recorded', 'Source', 'Type', 'Key, tags', 'Data'].map((name) => h('span', {}, name))), list),
      empty,
      h('p', { class: 'fine' }, `The newest ${MOST} are kept here; everything stays in the log.`)),
    keys: { f: () => form.focus(), ' ': pause, j: () => moveRow(list, 1), k: () => moveRow(list, -1) },
    dispose() {
      clearInterval(ticker);
      cancelAnimationFrame(frame);
    },
  };
}

// The log, a page at a time: backward from the head or forward, all of it or what a filter matches.
import { field, grouped, h, link, replace } from '../dom.js';
import { eventList, moveRow } from '../events.js';
import { filterForm, queryOf } from '../filter.js';
import { positionAt } from '../moments.js';

const PAGE = 50;
// A page of a filter may be empty though there is more: so many are asked for in a row.
const MOST_EMPTY_PAGES = 20;

const position = (text) => (/^\d{1,19}$/.test(text ?? '') ? Number(text) : null);

export function show({ api, live, query, signal, go, fail }) {
  const text = query.get('filter') ?? '';
  const order = query.get('order') === 'asc' ? 'asc' : 'desc';
  const before = position(query.get('before'));
  const after = position(query.get('after'));
  const to = (more) => link('log', { filter: text, order: order === 'asc' ? 'asc' : '', ...more });

  const form = filterForm({ text, apply: (filter) => go(link('log', { filter, order: order === 'asc' ? 'asc' : '' })) });
  const body = pagedEvents({ api, live, signal, go, fail, filter: form.filter, order, before, after, to });
  const orders = h('div', { class: 'segmented', role: 'group', 'aria-label': 'Order' },
    [['desc', 'Newest first'], ['asc', 'Oldest first']].map(([value, name]) => h('a', {
      href: link('log', { filter: text, order: value === 'asc' ? 'asc' : '' }), 'aria-current': order === value ? 'true' : null,
    }, name)));
  return {
    title: 'Log',
    actions: orders,
    element: h('div', {}, h('div', { class: 'log-tools' }, form.element, h('details', { class: 'jump-more card' }, h('summary', {}, h('b', {}, 'Jump'), ' ', h('span', { class: 'filter-summary' }, 'to a position or time')), jumps({ api, live, signal, go, to }))), form.error ? h('div', { class: 'problem', role: 'alert' }, h('h3', {}, 'The filter cannot be read'), h('p', {}, form.error)) : body.element),
    // The same object: pages add their keys when they are there.
    keys: Object.assign(body.keys, { f: () => form.focus() }),
  };
}

/** Jumping to a position or a time. */
function jumps({ api, live, signal, go, to }) {
  const at = field('Position', h('input', { type: 'text', inputmode: 'numeric', pattern: '[0-9]*', autocomplete: 'off' }));
  const since = field('Time', h('input', { type: 'datetime-local', step: '1' }));
  return h('form', {
    class: 'jumps row',
    onsubmit: async (event) => {
      event.preventDefault();
      at.error('');
      since.error('');
      if (at.input.value.trim()) {
        const wanted = position(at.input.value.trim());
        if (!wanted) at.error('A position is a whole number from 1.');
        else if (live.head !== null && wanted > live.head) at.error(`The head is ${live.head}: nothing is above it yet.`);
        else go(to({ order: 'asc', after: wanted - 1 }));
      } else if (since.input.value) {
        const button = event.submitter;
        if (button) button.disabled = true;
        try {
          const found = await positionAt(api, new Date(since.input.value).getTime(), signal);
          if (found === null) since.error('Nothing was recorded since then.');
          else go(to({ order: 'asc', after: found - 1 }));
        } catch (error) {
          if (!signal.aborted) since.error(error.message);
        } finally {
          if (button) button.disabled = false;
        }
      } else {
        at.error('Type a position, or choose a time.');
      }
    },
  }, at.element, since.element, h('button', { type: 'submit', class: 'button' }, 'Jump'));
}

/**
 * A page of events with its way to the next ones. `to(parameters)` makes the link to another page
 * from `{before}` (backward, exclusive), `{after}` (forward, exclusive), or neither (the beginning).
 */
export function pagedEvents({ api, live, signal, go, fail, filter, order, before, after, to, showSource = true }) {
  const results = h('p', { class: 'results', tabindex: '-1', 'data-results': '', role: 'status' }, 'Reading …');
  const list = h('div', { 'aria-busy': 'true' });
  const pager = h('nav', { class: 'pager row', 'aria-label': 'Pages' });
  const fresh = h('div', { class: 'fresh' });
  const keys = { j: () => moveRow(list, 1), k: () => moveRow(list, -1) };
  const element = h('div', {}, results, fresh, list, pager);

  async function load() {
    replace(list, [1, 2, 3, 4, 5, 6].map(() => h('div', { class: 'skeleton', 'aria-hidden': 'true' })));
    try {
      const page = await read();
      if (!signal.aborted) render(page);
    } catch (error) {
      if (signal.aborted) return;
      replace(results);
      replace(list, fail(error, load));
    } finally {
      list.removeAttribute('aria-busy');
    }
  }

  async function read() {
    const direction = before !== null ? 'desc' : after !== null ? 'asc' : order;
    let from = direction === 'desc' ? { before } : { after };
    const events = [];
    let page;
    for (let i = 0; i < MOST_EMPTY_PAGES && events.length === 0 && (i === 0 || page.more); i++) {
      page = await api.get('events', { ...queryOf(filter), ...from, order: direction, limit: PAGE }, { signal });
      events.push(...page.events);
      from = direction === 'desc' ? { before: page.next } : { after: page.next };
    }
    if (direction !== order) events.reverse();
    return { events, head: page.head, direction, more: page.more, next: page.next };
  }

  function render({ events, head, direction, more, next }) {
    const first = events[0];
    const last = events.at(-1);
    if (!events.length) {
      replace(results, more ? `Nothing matched so far, up to position ${grouped(next)}.` : filter ? 'No event matches.' : before !== null || after !== null ? 'There is nothing there.' : 'The log is empty.');
    } else {
      replace(results, `${events.length} ${events.length === 1 ? 'event' : 'events'}, positions ${grouped(first.position)} to ${grouped(last.position)}; the head is ${grouped(head)}.`);
    }
    replace(list, events.length ? eventList(events, { showSource }) : h('div', { class: 'empty card' }, h('p', {}, filter ? 'Widen the filter, or wait: it applies to what comes, too.' : 'Events show up here once something was appended.'),
      h('p', {}, h('a', { class: 'button', href: '#/append' }, 'Append one'))));
    // In the direction that was read the gateway says whether there is more; against it there is
    // more unless the page began at the end of the log.
    const asked = before !== null || after !== null;
    const forward = direction === order ? more : asked;
    const backward = direction === order ? asked : more;
    const onward = order === 'desc' ? { before: last?.position ?? next } : { after: last?.position ?? next };
    const back = order === 'desc' ? { after: first?.position ?? before - 1 } : { before: first?.position ?? after + 1 };
    pages({ onward: forward ? to(onward) : '', back: backward ? to(back) : '', start: asked ? to({}) : '' });
    if (order === 'desc' && !asked) follow(head);
  }

  function pages({ onward, back, start }) {
    const names = order === 'desc' ? ['To the head', '← Newer', 'Older →'] : ['To the beginning', '← Older', 'Newer →'];
    const one = (href, name, key) => (href
      ? h('a', { class: 'button', href }, name, key ? h('kbd', { 'aria-hidden': 'true' }, key) : null)
      : h('span', { class: 'button off', 'aria-hidden': 'true' }, name));
    replace(pager, start ? one(start, names[0]) : null, one(back, names[1], 'p'), one(onward, names[2], 'n'));
    if (onward) keys.n = () => go(onward);
    if (back) keys.p = () => go(back);
  }

  // At the head: says when there is more than is shown.
  function follow(head) {
    const told = () => {
      const more = (live.head ?? 0) - head;
      const text = more > 0 ? `${grouped(more)} newer ${more === 1 ? 'position' : 'positions'}` : '';
      if (fresh.dataset.text === text) return;
      fresh.dataset.text = text;
      replace(fresh, text ? h('button', { type: 'button', class: 'button quiet', onclick: () => go(to({})) }, `↑ ${text}: show`) : null);
    };
    live.addEventListener('change', told);
    signal.addEventListener('abort', () => live.removeEventListener('change', told));
  }

  load();
  return { element, keys };
}

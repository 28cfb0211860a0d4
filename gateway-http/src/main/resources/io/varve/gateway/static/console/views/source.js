// One source: its version, its history, its latest event per key.
import { grouped, h, label, link, replace, time, visible } from '../dom.js';
import { moveRow, preview } from '../events.js';
import { only } from '../filter.js';
import { pagedEvents } from './log.js';

const PAGE = 100;

const position = (text) => (/^\d{1,19}$/.test(text ?? '') ? Number(text) : null);

export function show(context) {
  const { api, query, signal, go, fail } = context;
  const source = query.get('source') ?? '';
  if (!source) {
    return { title: 'Source', element: h('p', {}, 'No source is named. ', h('a', { href: '#/sources' }, 'Choose one'), '.') };
  }
  const tab = query.get('tab') === 'latest' ? 'latest' : 'history';
  const facts = h('dl', { class: 'tiles small' });
  const problem = h('div');

  (async () => {
    try {
      const { version, lastPosition, head } = await api.get('source', { source }, { signal });
      const tile = (name, value) => h('div', { class: 'tile' }, h('dt', {}, name), h('dd', {}, value));
      replace(facts, tile('Version', grouped(version)), tile('Last position', lastPosition ? h('a', { href: `#/event/${lastPosition}` }, grouped(lastPosition)) : '–'), tile('Head', grouped(head)));
      if (version === 0) replace(problem, h('div', { class: 'notice' }, h('p', {}, 'This source does not exist yet: its version is 0, and the first event makes it 1.')));
    } catch (error) {
      if (!signal.aborted) replace(problem, fail(error, () => go(location.hash)));
    }
  })();

  const tabs = h('div', { class: 'segmented', role: 'group', 'aria-label': 'What is shown' },
    [['history', 'History'], ['latest', 'Latest per key']].map(([name, text]) => h('a', { href: link('source', { source, tab: name === 'history' ? '' : name }), 'aria-current': tab === name ? 'true' : null }, text)));
  const body = tab === 'latest' ? latest(context, source) : history_(context, source);
  return {
    title: visible(source),
    heading: [h('span', { class: 'over' }, 'Source'), label(source)],
    actions: h('div', { class: 'row' },
      h('a', { class: 'button', href: link('tail', { filter: only('source', source) }) }, 'Tail'),
      h('a', { class: 'button', href: link('append', { source }) }, 'Append')),
    element: h('div', {}, problem, facts, h('div', { class: 'row' }, tabs, body.tools ?? null), body.element),
    keys: body.keys,
  };
}

function history_({ api, query, signal, go, fail }, source) {
  const order = query.get('order') === 'asc' ? 'asc' : 'desc';
  const orderPart = order === 'asc' ? 'asc' : '';
  const page = pagedEvents({
    api, live: stillHead(), signal, go, fail, order, showSource: false,
    filter: { anyOf: [{ source }] },
    before: position(query.get('before')),
    after: position(query.get('after')),
    to: (more) => link('source', { source, order: orderPart, ...more }),
  });
  return {
    ...page,
    tools: h('div', { class: 'segmented', role: 'group', 'aria-label': 'Order' },
      [['desc', 'Newest first'], ['asc', 'Oldest first']].map(([value, name]) => h('a', { href: link('source', { source, order: value === 'asc' ? 'asc' : '' }), 'aria-current': order === value ? 'true' : null }, name))),
  };
}

// New positions of the log are hardly ever this source's: it does not offer them.
function stillHead() {
  return { head: null, addEventListener() {}, removeEventListener() {} };
}

function latest({ api, query, signal, go, fail }, source) {
  const prefix = query.get('prefix') ?? '';
  const afterKey = query.get('afterKey') ?? '';
  const asOf = query.get('asOf') ?? '';
  const results = h('p', { class: 'results', tabindex: '-1', 'data-results': '', role: 'status' }, 'Reading …');
  const list = h('div');
  const pager = h('nav', { class: 'pager row', 'aria-label': 'Pages' });
  const keys = { j: () => moveRow(list, 1), k: () => moveRow(list, -1) };
  const input = h('input', { type: 'search', id: 'key-prefix', value: prefix, autocomplete: 'off', spellcheck: 'false', placeholder: 'every key' });
  const tools = h('form', { class: 'row', onsubmit: (event) => {
    event.preventDefault();
    go(link('source', { source, tab: 'latest', prefix: input.value }));
  } }, h('label', { for: 'key-prefix' }, 'Key begins with'), input, h('button', { type: 'submit', class: 'button' }, 'Search'));
  keys.f = () => input.focus();

  async function load() {
    try {
      const page = await api.get('latest', { source, prefix, afterKey, asOf: asOf || undefined, limit: PAGE }, { signal });
      if (!signal.aborted) render(page);
    } catch (error) {
      if (signal.aborted) return;
      replace(results);
      replace(list, fail(error, load));
    }
  }

  function render({ events, more, lastKey, asOf: at }) {
    replace(results, events.length
      ? `${events.length} ${events.length === 1 ? 'key' : 'keys'}${more ? ', and there are more' : ''}, as of position ${grouped(at)}: the newest position wins.`
      : prefix ? 'No key begins so.' : 'No event of this source has a key (or tombstones removed them all).');
    replace(list, events.length ? h('div', { class: 'card' }, h('table', { class: 'responsive' },
      h('caption', { class: 'visually-hidden' }, 'Latest event per key'),
      h('thead', {}, h('tr', {}, ['Key', 'Type', 'Data', 'Recorded', 'Position'].map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, events.map((event) => h('tr', {},
        h('th', { scope: 'row' }, h('a', { class: 'row-link', href: `#/event/${event.position}` }, label(event.key ?? ''))),
        h('td', { 'data-name': 'Type' }, label(event.type)),
        h('td', { 'data-name': 'Data', class: 'cut' }, preview(event)),
        h('td', { 'data-name': 'Recorded' }, time(event.recorded)),
        h('td', { 'data-name': 'Position' }, grouped(event.position))))))) : null);
    const next = more ? link('source', { source, tab: 'latest', prefix, afterKey: lastKey, asOf: at }) : '';
    replace(pager,
      afterKey ? h('a', { class: 'button', href: link('source', { source, tab: 'latest', prefix }) }, 'First page') : null,
      next ? h('a', { class: 'button', href: next }, 'Next page →', h('kbd', { 'aria-hidden': 'true' }, 'n')) : null);
    if (next) keys.n = () => go(next);
    if (afterKey) keys.p = () => history.back();
  }

  load();
  return { element: h('div', {}, results, list, pager), tools, keys };
}

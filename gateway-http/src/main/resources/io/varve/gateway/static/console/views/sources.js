// All sources, by prefix.
import { grouped, h, label, link, replace } from '../dom.js';
import { moveRow } from '../events.js';

const PAGE = 50;
const TYPING_MS = 250;

export function show({ api, query, signal, go, fail }) {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('after') ?? '';
  const results = h('p', { class: 'results', tabindex: '-1', role: 'status' }, 'Reading …');
  const list = h('div');
  const pager = h('nav', { class: 'pager row', 'aria-label': 'Pages' });
  const keys = { j: () => moveRow(list, 1), k: () => moveRow(list, -1) };
  const input = h('input', { type: 'search', id: 'prefix', value: prefix, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', placeholder: 'every source' });
  let asked = 0;
  let typing = 0;

  // While typing the list follows in place; the address is set without an entry for each letter.
  input.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      history.replaceState(null, '', link('sources', { prefix: input.value }));
      load(input.value, '');
    }, TYPING_MS);
  });

  async function load(wanted, from) {
    const number = ++asked;
    list.setAttribute('aria-busy', 'true');
    try {
      const page = await api.get('sources', { prefix: wanted, after: from, limit: PAGE }, { signal });
      if (number === asked && !signal.aborted) render(page, wanted, from);
    } catch (error) {
      if (number !== asked || signal.aborted) return;
      replace(results);
      replace(pager);
      replace(list, fail(error, () => load(wanted, from)));
    } finally {
      if (number === asked) list.removeAttribute('aria-busy');
    }
  }

  function render(page, wanted, from) {
    const { sources } = page;
    replace(results, sources.length
      ? [`${sources.length} ${sources.length === 1 ? 'source' : 'sources'}${page.more ? ', and there are more' : ''}`, wanted ? [', beginning with ', label(wanted)] : null, from ? [', after ', label(from)] : null, '.']
      : wanted ? ['No source begins with ', label(wanted), '.'] : 'There are no sources yet.');
    replace(list, sources.length ? h('div', { class: 'card' }, h('table', { class: 'responsive' },
      h('caption', { class: 'visually-hidden' }, 'Sources'),
      h('thead', {}, h('tr', {}, ['Source', 'Version', 'Last position'].map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, sources.map((source) => h('tr', {},
        h('th', { scope: 'row' }, h('a', { class: 'row-link', href: link('source', { source: source.source }) }, label(source.source))),
        h('td', { 'data-name': 'Version' }, grouped(source.version)),
        h('td', { 'data-name': 'Last position' }, source.lastPosition ? h('a', { href: `#/event/${source.lastPosition}` }, grouped(source.lastPosition)) : '–')))))) : null);
    const next = page.more ? link('sources', { prefix: wanted, after: page.next ?? sources.at(-1)?.source }) : '';
    const start = from ? link('sources', { prefix: wanted }) : '';
    replace(pager,
      start ? h('a', { class: 'button', href: start }, 'First page') : null,
      next ? h('a', { class: 'button', href: next }, 'Next page →', h('kbd', { 'aria-hidden': 'true' }, 'n')) : null);
    delete keys.n;
    delete keys.p;
    if (next) keys.n = () => go(next);
    if (from) keys.p = () => history.back();
  }

  load(prefix, after);
  signal.addEventListener('abort', () => clearTimeout(typing));
  return {
    title: 'Sources',
    element: h('div', {},
      h('form', { class: 'search row', role: 'search', onsubmit: (event) => {
        event.preventDefault();
        clearTimeout(typing);
        go(link('sources', { prefix: input.value }));
      } }, h('label', { for: 'prefix' }, 'Name begins with'), input, h('button', { type: 'submit', class: 'button' }, 'Search')),
      results, list, pager),
    keys: Object.assign(keys, { f: () => input.focus() }),
  };
}

// The frame around the views: which one is shown, what is known of the cluster, keys and theme.
import { Api, ProblemError, UnreachableError } from './api.js';
import { grouped, h, link, replace, setText, toast } from './dom.js';
import { Live } from './live.js';
import { positionAt } from './moments.js';
import { problemBlock } from './problems.js';
import * as access from './views/access.js';
import * as append from './views/append.js';
import * as event from './views/event.js';
import * as log from './views/log.js';
import * as overview from './views/overview.js';
import * as source from './views/source.js';
import * as sources from './views/sources.js';
import * as tail from './views/tail.js';

const VIEWS = { overview, log, sources, source, event, tail, append, access };
// Which entry of the navigation a view belongs to.
const ENTRY = { source: 'sources', event: 'log' };

const api = new Api(new URL('..', new URL(location.pathname, location.origin)));
const live = new Live(api);
const $ = (id) => document.getElementById(id);

// ---- views

let shown = null;

function route() {
  const [, name = '', rest = '', query = ''] = /^#?\/?([a-z]*)\/?([^?]*)\??(.*)$/s.exec(location.hash) ?? [];
  return { name: VIEWS[name] ? name : 'overview', rest, query: new URLSearchParams(query) };
}

function show() {
  const { name, rest, query } = route();
  const again = shown?.name === name;
  shown?.stop.abort();
  shown?.view?.dispose?.();
  const stop = new AbortController();
  const context = { api, live, rest, query, signal: stop.signal, go, fail: (error, again) => failed(error, again, stop.signal) };
  shown = { name, stop, view: null };
  let view;
  try {
    view = VIEWS[name].show(context);
  } catch (error) {
    console.error(error);
    view = { title: 'Fault', element: context.fail(error) };
  }
  shown.view = view;
  const heading = h('h1', { tabindex: '-1', id: 'view-title' }, view.heading ?? view.title);
  replace($('view'), h('div', { class: 'view-head' }, heading, view.actions ?? null), view.element);
  document.title = `${view.title} – Varve console`;
  for (const entry of document.querySelectorAll('nav.side a')) {
    if (entry.dataset.view === (ENTRY[name] ?? name)) entry.setAttribute('aria-current', 'page');
    else entry.removeAttribute('aria-current');
  }
  if (started) {
    if (!again) scrollTo(0, 0);
    (again ? ($('view').querySelector('[data-results]') ?? heading) : heading).focus({ preventScroll: true });
  }
}

/** Tells a failure; what passes by itself is tried again as soon as the cluster is well. */
function failed(error, again, signal) {
  if (again && (error instanceof UnreachableError || (error instanceof ProblemError && error.status >= 500))) {
    let wasUnwell = live.state !== 'live';
    const told = () => {
      if (live.state !== 'live') wasUnwell = true;
      else if (wasUnwell) {
        live.removeEventListener('change', told);
        if (!signal.aborted) again();
      }
    };
    live.addEventListener('change', told);
    signal.addEventListener('abort', () => live.removeEventListener('change', told));
  }
  return problemBlock(error, { clientId: api.clientId, again });
}

let started = false;

/** Goes to another place within the page; `instead`: without a new entry in the history. */
function go(hash, { instead = false } = {}) {
  if (hash === location.hash) show();
  else if (instead) location.replace(hash);
  else location.hash = hash;
}

addEventListener('hashchange', show);

// ---- the cluster's state, in the head of the page

const STATES = {
  connecting: 'connecting',
  live: 'live',
  stale: 'no answer',
  'no-majority': 'no majority',
  refused: 'no access',
};

function told() {
  const state = live.state;
  $('now-state').dataset.state = state;
  setText($('now-state'), STATES[state]);
  setText($('now-head'), grouped(live.head));
  document.documentElement.dataset.live = state;
}

live.addEventListener('change', told);

api.addEventListener('log', ({ detail }) => {
  replace($('notices'), h('div', { class: 'notice' },
    h('p', {}, h('b', {}, 'This is another log now. '), 'The cluster was restored or replaced: its log identity was ', h('code', {}, detail.before), ' and is ', h('code', {}, detail.now), '. What you saw before is not in this log.'),
    h('button', { type: 'button', class: 'button', onclick: () => location.reload() }, 'Reload')));
});

// ---- jumping

$('jump').addEventListener('submit', async (submit) => {
  submit.preventDefault();
  const input = $('jump-to');
  const text = input.value.trim();
  if (!text) return;
  if (/^[\d,_ ]+$/.test(text)) {
    const position = text.replace(/\D/g, '');
    input.value = '';
    go(`#/event/${position.replace(/^0+(?=\d)/, '')}`);
  } else if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(Date.parse(text))) {
    try {
      toast('Looking for that time …');
      const position = await positionAt(api, Date.parse(text));
      if (position === null) toast('Nothing was recorded since then');
      else {
        input.value = '';
        go(link('log', { order: 'asc', after: position - 1 }));
      }
    } catch (error) {
      toast(error.message);
    }
  } else {
    input.value = '';
    go(link('sources', { prefix: text }));
  }
});

// ---- keys

const GO = { o: 'overview', l: 'log', s: 'sources', t: 'tail', a: 'append', i: 'access' };
let goPressedAt = -Infinity;

addEventListener('keydown', (key) => {
  if (key.ctrlKey || key.metaKey || key.altKey || key.isComposing) return;
  const typing = key.target instanceof Element && key.target.closest('input,textarea,select,[contenteditable]');
  if (typing) {
    if (key.key === 'Escape') key.target.blur();
    return;
  }
  if ($('help').open) return;
  if (key.timeStamp - goPressedAt < 1500 && GO[key.key]) {
    goPressedAt = -Infinity;
    key.preventDefault();
    go(`#/${GO[key.key]}`);
    return;
  }
  goPressedAt = -Infinity;
  if (key.key === 'g') goPressedAt = key.timeStamp;
  else if (key.key === '/') {
    key.preventDefault();
    $('jump-to').focus();
    $('jump-to').select();
  } else if (key.key === '?') $('help').showModal();
  else {
    const act = shown?.view?.keys?.[key.key];
    // A button or link that has the focus keeps its own keys.
    if (act && !(key.key === ' ' && key.target.closest('button,a,summary'))) {
      key.preventDefault();
      act();
    }
  }
});

$('skip').addEventListener('click', (click) => {
  // The address after # is the view's: the focus is moved by hand.
  click.preventDefault();
  $('main').focus();
});
$('help-open').addEventListener('click', () => $('help').showModal());

// ---- theme

const THEMES = ['', 'light', 'dark'];
const THEME_NAMES = { '': 'as the system', light: 'light', dark: 'dark' };

function theme() {
  return document.documentElement.dataset.theme ?? '';
}

function tellTheme() {
  $('theme').setAttribute('aria-label', `Theme: ${THEME_NAMES[theme()]}`);
  $('theme').title = `Theme: ${THEME_NAMES[theme()]}`;
}

$('theme').addEventListener('click', () => {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  if (next) document.documentElement.dataset.theme = next;
  else delete document.documentElement.dataset.theme;
  try {
    localStorage.setItem('varve-console.theme', next);
  } catch {
    // Not kept, then.
  }
  tellTheme();
  toast(`Theme: ${THEME_NAMES[next]}`);
});

tellTheme();
show();
started = true;
live.start();

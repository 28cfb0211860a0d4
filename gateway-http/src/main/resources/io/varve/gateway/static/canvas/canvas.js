// The page: wires the board, the cells and the people to what is on the screen. What the page's state is can
// be read from the body's data attributes and from the functions exported here.
import { openVarve } from '/varve-local.js';
import { Board } from './board.js';
import { Cells, SIZE } from './cells.js';
import { COLOURS, nameOf, colourOf } from './palette.js';
import { initials, personColour, personName } from './people.js';
import { Presence } from './presence.js';

const $ = (id) => document.getElementById(id);
const body = document.body;
const CALM_MS = 400; // how long 'syncing' lasts before the words say so: a heartbeat is not news
const MAX_NAME = 64;
const MAX_FACES = 5;
const MAX_REJECTED_SHOWN = 50;

const WORDS = {
  starting: ['Starting', "Opening this browser's store."],
  online: ['Online', 'Everything you painted is in the log.'],
  syncing: ['Syncing', 'Sending what you painted, fetching what others did.'],
  offline: ['Offline', 'Keep painting: everything is saved on this device and goes out once the gateway can be reached.'],
  pretended: ['Offline', 'You asked for it. Keep painting: everything is saved on this device.'],
  rejected: ['Rejected', 'The gateway refused something you painted. Nothing after it goes out until you discard it.'],
  'insecure-context': ['Insecure page', 'This address is neither https nor localhost, so the browser offers no keys: nothing can be saved or sent. Open the canvas over https.'],
  failed: ['Not working', ''],
};

let varve = null;
let cells = null;
let presence = null;
let name = 'main';
let colour = COLOURS[2][1];
let tool = 'paint';
let penDown = false;
let strokeColour = null;
let spaceHeld = false;
let shownState = 'starting';
let calmTimer = 0;
let failure = null;

const store = {
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      // A browser that keeps nothing forgets the choice, no more.
    }
  },
};

// ---- what tests and scripts may use ----------------------------------------------------------------------

/** The colour shown at a cell, '#rrggbb', or null when it is empty. */
export function colorAt(x, y) {
  return cells === null ? null : cells.colour(indexOf(x, y));
}

/** 'unsaved', 'pending' (saved on this device, not yet landed) or 'landed'. */
export function standingAt(x, y) {
  return cells === null ? 'landed' : cells.standing(indexOf(x, y));
}

/** Paints a cell as one stroke; null erases. True when it had another colour. */
export function paint(x, y, value) {
  if (cells === null) throw new Error('the canvas is not open yet: await ready');
  const c = value === null ? null : colourOf({ c: value });
  if (c === null && value !== null) throw new TypeError(`colour: ${value} is neither #rrggbb nor 0 to ${COLOURS.length - 1}`);
  cells.begin();
  const any = cells.paint([indexOf(x, y)], c);
  cells.end();
  return any;
}

/** Every painted cell, sorted: [['x,y', '#rrggbb'], …]. Equal on two screens when they show the same. */
export function snapshot() {
  const all = [];
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const c = colorAt(x, y);
      if (c !== null) all.push([`${x},${y}`, c]);
    }
  }
  return all;
}

/** The middle of a cell in CSS pixels of the viewport. */
export function centreOf(x, y) {
  indexOf(x, y);
  return board.centreOf(x, y);
}

function indexOf(x, y) {
  if (!Number.isInteger(x) || !Number.isInteger(y) || x < 0 || y < 0 || x >= SIZE || y >= SIZE) {
    throw new RangeError(`cell: ${x},${y} is not within 0,0 to ${SIZE - 1},${SIZE - 1}`);
  }
  return y * SIZE + x;
}

// ---- the board -------------------------------------------------------------------------------------------

const boardEl = $('board');
const board = new Board(boardEl, SIZE, {
  begin(alternate) {
    strokeColour = tool === 'pick' || alternate ? undefined : tool === 'erase' ? null : colour;
    if (strokeColour !== undefined) cells?.begin();
  },
  cells(list) {
    if (cells === null) return;
    if (strokeColour === undefined) {
      const picked = cells.colour(list[list.length - 1]);
      if (picked !== null) choose(picked);
      return;
    }
    cells.paint(list, strokeColour);
  },
  end() {
    if (strokeColour === undefined) {
      if (tool === 'pick') setTool('paint');
      return;
    }
    cells?.end();
  },
  cancel() {
    if (strokeColour !== undefined) cells?.cancel();
  },
  hover(i) {
    describe(i);
  },
});
board.panning = () => tool === 'move' || spaceHeld;

let described = -1;

function describe(i) {
  described = i;
  const read = $('read');
  read.hidden = i < 0 || cells === null;
  if (!read.hidden) read.textContent = cellWords(i);
}

function cellWords(i) {
  const what = nameOf(cells.colour(i));
  const who = cells.painter(i);
  const by = who === null ? '' : who === varve.clientId ? ', you' : `, ${personName(who)}`;
  const wait = { unsaved: ', not saved yet', pending: ', waiting to be sent', landed: '' }[cells.standing(i)];
  return `${i % SIZE}, ${(i / SIZE) | 0}: ${what}${by}${wait}`;
}

let sayTimer = 0;
function say(text) {
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => {
    $('say').textContent = text;
  }, 60);
}

function paintAtCursor(value) {
  if (cells === null) return;
  cells.begin();
  cells.paint([board.cursor], value);
  cells.end();
  board.showCursor(true);
  say(cellWords(board.cursor));
}

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

boardEl.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const move = MOVES[e.key] ?? { Home: [-SIZE, 0], End: [SIZE, 0], PageUp: [0, -8], PageDown: [0, 8] }[e.key];
  if (move !== undefined) {
    const by = e.shiftKey && e.key.startsWith('Arrow') ? 8 : 1;
    // With the pen down a long step paints every cell it crosses.
    for (let n = 0; n < by; n++) {
      board.moveCursor(move[0], move[1]);
      if (penDown) paintAtCursor(tool === 'erase' ? null : colour);
    }
    if (cells !== null) {
      say(cellWords(board.cursor));
      describe(board.cursor);
    }
  } else if (e.key === ' ' || e.key === 'Enter') {
    board.showCursor(true);
    if (tool === 'pick') {
      const picked = cells?.colour(board.cursor) ?? null;
      if (picked !== null) choose(picked);
      setTool('paint');
    } else {
      paintAtCursor(tool === 'erase' ? null : colour);
    }
  } else if (e.key === 'Delete' || e.key === 'Backspace') {
    paintAtCursor(null);
  } else if (e.key === 'd' || e.key === 'D') {
    penDown = !penDown;
    board.showCursor(true);
    if (penDown) paintAtCursor(tool === 'erase' ? null : colour);
    say(penDown ? 'Pen down: moving paints.' : 'Pen up.');
  } else {
    return;
  }
  e.preventDefault();
});
boardEl.addEventListener('focus', () => {
  if (boardEl.matches(':focus-visible')) board.showCursor(true);
});
boardEl.addEventListener('blur', () => {
  penDown = false;
  board.showCursor(false);
});

addEventListener('keyup', (e) => {
  if (e.key === ' ') spaceHeld = false;
});
addEventListener('keydown', (e) => {
  const typing = e.target.matches?.('input:not([type="radio"]):not([type="checkbox"]), textarea') ?? false;
  if (typing || document.querySelector('dialog[open]') !== null) return;
  if (e.key === ' ' && e.target === boardEl) spaceHeld = true;
  if ((e.ctrlKey || e.metaKey) && !e.shiftKey && !e.altKey && e.key.toLowerCase() === 'z') {
    e.preventDefault();
    undo();
    return;
  }
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const digit = /^[0-9]$/.test(e.key) ? (Number(e.key) + 9) % 10 : -1;
  const at = COLOURS.findIndex(([, value]) => value === colour);
  if (digit >= 0) choose(COLOURS[digit][1], true);
  else if (e.key === ']') choose(COLOURS[(at + 1) % COLOURS.length][1], true);
  else if (e.key === '[') choose(COLOURS[(Math.max(at, 0) + COLOURS.length - 1) % COLOURS.length][1], true);
  else if (e.key === '+' || e.key === '=') board.zoomBy(1.4);
  else if (e.key === '-') board.zoomBy(1 / 1.4);
  else if (e.key === 'f' || e.key === 'F') board.fit();
  else if (e.key === 'b' || e.key === 'B') setTool('paint', true);
  else if (e.key === 'e' || e.key === 'E') setTool('erase', true);
  else if (e.key === 'i' || e.key === 'I') setTool('pick', true);
  else if (e.key === 'h' || e.key === 'H') setTool('move', true);
  else if (e.key === 'o' || e.key === 'O') pretend(!$('offline').checked);
  else if (e.key === '?') $('keys-dialog').showModal();
  else if (e.key === 'Escape') openPanel(false);
  else return;
  e.preventDefault();
});

// ---- tools and colours -----------------------------------------------------------------------------------

function radio(group, value, label, fill) {
  const el = document.createElement('label');
  el.className = 'swatch';
  el.title = label;
  el.style.background = fill;
  const input = document.createElement('input');
  input.type = 'radio';
  input.name = group;
  input.value = value;
  input.setAttribute('aria-label', label);
  el.append(input);
  return el;
}

const palette = $('palette');
COLOURS.forEach(([label, value], i) => {
  const el = radio('colour', value, i < 10 ? `${label} (${(i + 1) % 10})` : label, value);
  palette.append(el);
});
const own = document.createElement('label');
own.className = 'swatch own';
own.title = 'Any other colour';
const ownInput = document.createElement('input');
ownInput.type = 'color';
ownInput.value = '#9ad0c2';
ownInput.setAttribute('aria-label', 'Any other colour');
own.append(ownInput);
palette.append(own);
own.style.background = 'conic-gradient(#e5383b, #fcd34d, #35a853, #17a2a2, #2f6fed, #8447d6, #e5383b)';
ownInput.addEventListener('input', () => choose(ownInput.value.toLowerCase()));
palette.addEventListener('change', (e) => {
  if (e.target.name === 'colour') choose(e.target.value);
});

function choose(value, spoken = false) {
  colour = value;
  let known = false;
  for (const input of palette.querySelectorAll('input[name="colour"]')) {
    input.checked = input.value === value;
    known ||= input.checked;
  }
  own.classList.toggle('chosen', !known);
  if (!known) {
    ownInput.value = value;
    own.style.background = value;
  } else {
    own.style.background = 'conic-gradient(#e5383b, #fcd34d, #35a853, #17a2a2, #2f6fed, #8447d6, #e5383b)';
  }
  if (tool === 'erase' || tool === 'move') setTool('paint');
  store.set('varve-canvas-colour', value);
  if (spoken) say(nameOf(value));
}

function setTool(value, spoken = false) {
  tool = value;
  boardEl.dataset.tool = value;
  for (const input of $('tools').querySelectorAll('input')) input.checked = input.value === value;
  if (spoken) say({ paint: 'Paint', erase: 'Erase', pick: 'Pick a colour', move: 'Move the view' }[value]);
}
$('tools').addEventListener('change', (e) => {
  if (e.target.name === 'tool') setTool(e.target.value);
});

function undo() {
  if (cells === null || !cells.canUndo) return;
  const n = cells.undo();
  say(n === 1 ? 'Undone: one cell.' : `Undone: ${n} cells.`);
}
$('undo').addEventListener('click', undo);
$('zoom-in').addEventListener('click', () => board.zoomBy(1.5));
$('zoom-out').addEventListener('click', () => board.zoomBy(1 / 1.5));
$('zoom-fit').addEventListener('click', () => board.fit());

// ---- status ----------------------------------------------------------------------------------------------

function stateNow() {
  if (failure !== null) return 'failed';
  return varve === null ? 'starting' : varve.status.state;
}

function update(error) {
  if (error !== undefined && error !== null) toast(`Not saved: ${messageOf(error)}`);
  describe(described); // what it says of the cell may be true no longer
  const state = stateNow();
  const status = varve?.status;
  const rejected = ownRejected();
  put('state', state);
  put('pending', cells?.pending ?? 0);
  put('saved', cells?.saved ?? 0);
  put('failed', cells?.failed ?? 0);
  put('position', cells?.position ?? 0);
  put('caughtUp', cells?.caughtUp ?? false);
  put('cells', cells?.painted ?? 0);
  put('rejected', rejected.length);
  put('leader', status?.leader ?? false);
  $('undo').disabled = cells === null || !cells.canUndo;
  $('offline').checked = status?.simulatedOffline ?? false;
  $('hint').hidden = !(cells !== null && body.dataset.ready === 'true' && cells.painted === 0);
  text('f-pending', `${cells?.pending ?? 0}`);
  text('f-saved', `${cells?.saved ?? 0}`);
  text('f-position', (cells?.position ?? 0).toLocaleString());
  const count = $('chip-count');
  count.hidden = (cells?.pending ?? 0) === 0;
  text('chip-count', `${cells?.pending ?? 0}`);

  // Syncing that is over in a moment is not worth a word; everything else is said at once.
  clearTimeout(calmTimer);
  const quiet = state === 'syncing' && shownState === 'online';
  if (quiet) calmTimer = setTimeout(() => words(stateNow()), CALM_MS);
  else words(state);
  showRejected(rejected);
}

function put(key, value) {
  const next = String(value);
  if (body.dataset[key] !== next) body.dataset[key] = next;
}

function text(id, value) {
  const el = $(id);
  if (el.textContent !== value) el.textContent = value;
}

function words(state) {
  const status = varve?.status;
  const [word, meaning] = WORDS[state === 'offline' && status?.simulatedOffline ? 'pretended' : state] ?? WORDS.starting;
  let detail = meaning;
  if (state === 'failed') detail = failure;
  else if (status?.error?.detail && state !== 'rejected') detail = `${meaning} (${status.error.detail})`;
  if (state !== shownState || body.dataset.shown === undefined) {
    const icon = state === 'failed' ? 'rejected' : state;
    for (const use of document.querySelectorAll('.sign use')) use.setAttribute('href', `#s-${icon}`);
    if (shownState !== 'starting' && state !== 'syncing') say(`${word}. ${meaning}`);
    shownState = state;
    body.dataset.shown = state === 'failed' ? 'rejected' : state;
  }
  text('chip-text', word);
  text('state-word', word);
  text('state-text', detail);
}

function messageOf(error) {
  return error?.detail ?? error?.message ?? String(error);
}

function ownRejected() {
  return varve === null ? [] : varve.rejected().filter((r) => !presence?.owns(r.event));
}

let rejectedShown = '';
function showRejected(list) {
  // Presence is ours, not the person's: what the gateway refuses of it holds up nothing.
  if (varve !== null && presence !== null) {
    for (const r of varve.rejected()) {
      if (presence.owns(r.event)) {
        presence.refuse();
        varve.discard(r.clientSeq).catch(() => {});
      }
    }
  }
  const print = list.map((r) => r.clientSeq).join();
  if (print === rejectedShown) return;
  rejectedShown = print;
  $('refused').hidden = list.length === 0;
  if (list.length > 0 && innerWidth <= 860) toast('The gateway refused something you painted.', 'Look', () => openPanel(true));
  const ul = $('refused-list');
  ul.replaceChildren();
  for (const r of list.slice(0, MAX_REJECTED_SHOWN)) {
    const li = document.createElement('li');
    li.dataset.clientSeq = r.clientSeq;
    const bit = document.createElement('span');
    bit.className = 'bit';
    const c = colourOf(r.event?.data);
    if (c !== null) bit.style.background = c;
    const p = document.createElement('p');
    const key = r.event?.key ?? '?';
    p.textContent = `Cell ${key}: ${r.problem?.detail ?? r.problem?.title ?? r.problem?.code ?? 'refused'}`;
    const b = document.createElement('button');
    b.type = 'button';
    b.className = 'button discard';
    b.textContent = 'Discard';
    b.setAttribute('aria-label', `Discard cell ${key}`);
    b.addEventListener('click', () => {
      b.disabled = true;
      varve.discard(r.clientSeq).then(() => say('Discarded.'), (error) => {
        b.disabled = false;
        toast(`Not discarded: ${messageOf(error)}`);
      });
    });
    li.append(bit, p, b);
    ul.append(li);
  }
}
$('retry').addEventListener('click', () => varve?.retry().catch((error) => toast(messageOf(error))));

function pretend(offline) {
  $('offline').checked = offline;
  varve?.simulateOffline(offline);
}
$('offline').addEventListener('change', (e) => pretend(e.target.checked));

// ---- people ----------------------------------------------------------------------------------------------

function face(clientId) {
  const el = document.createElement('span');
  el.className = 'face';
  el.style.background = personColour(clientId);
  el.textContent = initials(clientId);
  el.setAttribute('aria-hidden', 'true');
  return el;
}

let peopleShown = '-';
function showPeople() {
  if (presence === null) return;
  const people = presence.people();
  put('people', people.length);
  const print = `${people.join()} ${presence.refused}`;
  if (print === peopleShown) return;
  peopleShown = print;
  const faces = people.slice(0, MAX_FACES).map(face);
  if (people.length > MAX_FACES) {
    const rest = document.createElement('span');
    rest.className = 'face rest';
    rest.textContent = `+${people.length - MAX_FACES}`;
    faces.push(rest);
  }
  $('faces').replaceChildren(...faces);
  $('people').replaceChildren(...people.map((id) => {
    const li = document.createElement('li');
    li.dataset.client = id;
    li.append(face(id), personName(id));
    if (id === varve.clientId) {
      const you = document.createElement('span');
      you.className = 'you';
      you.textContent = 'you';
      li.append(you);
    }
    return li;
  }));
  const note = $('people-note');
  note.hidden = people.length > 1;
  note.textContent = people.length === 0
    ? 'Nobody can be seen while offline.'
    : presence.refused
      ? 'The gateway does not let this browser say that it is here.'
      : 'Only you. Share the link and see who joins.';
}

// ---- panel, dialogs, messages ----------------------------------------------------------------------------

const narrow = matchMedia('(max-width: 860px), (max-height: 480px)');
function openPanel(open) {
  const panel = $('panel');
  panel.dataset.open = String(open);
  panel.inert = narrow.matches && !open;
  $('chip').setAttribute('aria-expanded', String(open));
  if (narrow.matches && open) $('panel-close').focus({ preventScroll: true });
}
narrow.addEventListener('change', () => openPanel(false));
$('chip').addEventListener('click', () => {
  if (narrow.matches) openPanel($('panel').dataset.open !== 'true');
  else $('offline').focus();
});
$('panel-close').addEventListener('click', () => {
  openPanel(false);
  $('chip').focus();
});
boardEl.addEventListener('pointerdown', () => openPanel(false));
openPanel(false);

function link(of = name) {
  const page = new URL('/canvas/', location.href).href;
  return of === 'main' ? page : `${page}#${encodeURIComponent(of)}`;
}
$('share').addEventListener('click', async () => {
  if (navigator.share !== undefined && matchMedia('(pointer: coarse)').matches) {
    try {
      await navigator.share({ title: document.title, text: 'Paint with me', url: link() });
      return;
    } catch (error) {
      if (error.name === 'AbortError') return;
    }
  }
  shareDialog();
});
$('name').addEventListener('click', shareDialog);
function shareDialog() {
  $('share-link').value = link();
  $('share-dialog').showModal();
  $('share-link').select();
}
$('copy').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(link());
    $('copy').textContent = 'Copied';
    setTimeout(() => {
      $('copy').textContent = 'Copy';
    }, 2_000);
  } catch {
    $('share-link').select();
    toast('Press Ctrl+C to copy the link.');
  }
});
function openOther() {
  const other = $('other').value.trim();
  if (other === '') return;
  location.assign(link(other));
}
$('open-other').addEventListener('click', openOther);
$('other').addEventListener('keydown', (e) => {
  if (e.key === 'Enter') {
    e.preventDefault();
    openOther();
  }
});
$('keys').addEventListener('click', () => $('keys-dialog').showModal());

$('save-png').addEventListener('click', async () => {
  const blob = await board.toPicture();
  const a = document.createElement('a');
  a.href = URL.createObjectURL(blob);
  a.download = `${name.replace(/[^\p{L}\p{N}_-]+/gu, '-')}.png`;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
});

const THEMES = { auto: 'Automatic', light: 'Light', dark: 'Dark' };
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  text('theme-word', THEMES[theme]);
  const dark = theme === 'dark' || (theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.querySelector('meta[name="theme-color"]').content = dark ? '#15171b' : '#f1ece2';
}
$('theme').addEventListener('click', () => {
  const order = Object.keys(THEMES);
  const next = order[(order.indexOf(document.documentElement.dataset.theme) + 1) % order.length];
  setTheme(next);
  store.set('varve-theme', next);
  say(`Appearance: ${THEMES[next]}`);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => setTheme(document.documentElement.dataset.theme));
setTheme(THEMES[document.documentElement.dataset.theme] ? document.documentElement.dataset.theme : 'auto');

function toast(message, action, act) {
  const box = $('toasts');
  const el = document.createElement('div');
  el.className = action === undefined ? 'toast plain' : 'toast';
  const span = document.createElement('span');
  span.textContent = message;
  el.append(span);
  if (action !== undefined) {
    const b = document.createElement('button');
    b.type = 'button';
    b.textContent = action;
    b.addEventListener('click', () => {
      el.remove();
      act();
    });
    el.append(b);
  }
  // The same message again is the same message, and three are enough.
  for (const old of [...box.children]) if (old.firstChild.textContent === message) old.remove();
  while (box.children.length >= 3) box.firstChild.remove();
  box.append(el);
  setTimeout(() => el.remove(), action === undefined ? 6_000 : 30_000);
}

let installPrompt = null;
addEventListener('beforeinstallprompt', (e) => {
  e.preventDefault();
  installPrompt = e;
  $('install').hidden = false;
});
addEventListener('appinstalled', () => {
  $('install').hidden = true;
});
$('install').addEventListener('click', async () => {
  await installPrompt?.prompt();
  installPrompt = null;
  $('install').hidden = true;
});

// ---- the shell that works offline ------------------------------------------------------------------------

async function keepShell() {
  if (!('serviceWorker' in navigator)) {
    put('offlineShell', 'unavailable');
    return;
  }
  try {
    navigator.serviceWorker.addEventListener('message', (e) => {
      if (e.data?.type === 'shell-updated') toast('A newer canvas is ready.', 'Reload', () => location.reload());
    });
    await navigator.serviceWorker.register('/canvas/sw.js', { scope: '/canvas/', updateViaCache: 'none' });
    await navigator.serviceWorker.ready;
    put('offlineShell', 'ready');
  } catch (error) {
    put('offlineShell', 'failed');
    console.warn('The page cannot be kept for use offline:', error);
  }
}

// ---- start -----------------------------------------------------------------------------------------------

function nameFromAddress() {
  const query = new URLSearchParams(location.search).get('c');
  let hash = location.hash.slice(1);
  try {
    hash = decodeURIComponent(hash);
  } catch {
    hash = '';
  }
  const wanted = (query ?? (hash === 'board' ? '' : hash)).trim();
  if (wanted === '') return 'main';
  if ([...wanted].length > MAX_NAME) {
    toast(`A canvas's name has at most ${MAX_NAME} characters: this is main.`);
    return 'main';
  }
  return wanted;
}

async function open() {
  name = nameFromAddress();
  put('canvas', name);
  document.title = name === 'main' ? 'Varve canvas' : `${name} · Varve canvas`;
  text('name-text', name);
  text('f-position', '0');
  cells = new Cells(varve, name, board, update);
  presence = new Presence(varve, name, showPeople);
  await cells.ready;
  put('ready', 'true');
  update();
  showPeople();
}

addEventListener('hashchange', () => {
  if (location.hash === '#board' || varve === null || nameFromAddress() === name) return;
  location.reload(); // one page shows one canvas all its life
});

/** Resolves once the first state is shown. */
export const ready = (async () => {
  choose(colourOf({ c: store.get('varve-canvas-colour') }) ?? COLOURS[2][1]);
  setTool('paint');
  keepShell();
  try {
    varve = await openVarve({ gateway: '', name: 'default' });
    varve.onStatus(() => {
      update();
      showPeople();
    });
    await open();
  } catch (error) {
    failure = messageOf(error);
    update();
    toast(`The canvas cannot start: ${failure}`);
  }
})();

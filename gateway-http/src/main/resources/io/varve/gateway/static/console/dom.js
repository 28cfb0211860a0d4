// Building the page. Events hold whatever people wrote into them, so nothing here ever parses
// markup: text becomes text nodes, attributes are set one by one.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element. Properties: `class`, `on…` (listeners), `dataset`, any attribute; null, undefined and
 * false leave one out. Children: nodes, strings, numbers, arrays of them; null and false are none.
 */
export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** The same in SVG. */
export function s(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'dataset') Object.assign(element.dataset, value);
    else if (name === 'value' && 'value' in element) element.value = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  put(element, children);
  return element;
}

function put(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** Puts other children into an element. */
export function replace(element, ...children) {
  element.replaceChildren();
  put(element, children);
  return element;
}

/** Sets text only when it changes: no needless work, and nothing read out again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Characters that are invisible, or that turn the reading order of what stands around them.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** Text as it can be seen: characters that hide or reorder others are shown by their number. */
export function visible(text) {
  return String(text).replace(HIDDEN, (c) => {
    const code = c.codePointAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}

/** A name or label from the log: visible, and isolated from the direction of the text around it. */
export function label(text, className) {
  return h('bdi', { class: className }, visible(text));
}

/** A position with its thousands apart, for reading; – when it is not known. */
export function grouped(number) {
  return number === null || number === undefined ? '–' : Number(number).toLocaleString('en');
}

/** A rate or a count with three digits that matter. */
export function short(number) {
  if (number === null || number === undefined || Number.isNaN(number)) return '–';
  const size = Math.abs(number);
  if (size >= 1e9) return `${trim(number / 1e9)}G`;
  if (size >= 1e6) return `${trim(number / 1e6)}M`;
  if (size >= 1e4) return `${trim(number / 1e3)}k`;
  return trim(number);
}

function trim(number) {
  const size = Math.abs(number);
  return String(Number(number.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)));
}

/** Milliseconds for people. */
export function duration(ms) {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return '–';
  if (ms === 0) return '0';
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${trim(ms)} ms`;
  if (ms < 120_000) return `${trim(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${trim(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** Bytes for people. */
export function bytes(count) {
  if (count === null || count === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = count;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${trim(size)} ${units[unit]}`;
}

const two = (number) => String(number).padStart(2, '0');

/** The clock's time of a Date: 10:15:30. */
export function clock(date) {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** A recorded or occurred time, in this browser's zone: today's without its date. */
export function when(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return visible(iso);
  const time = `${clock(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
  if (date.toDateString() === new Date().toDateString()) return time;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(date)}`;
}

/** A time element: short to read, exact in its title. */
export function time(iso, className) {
  return h('time', { datetime: iso, title: iso, class: className }, when(iso));
}

/** A button that copies a text. */
export function copyButton(text, what) {
  return h(
    'button',
    {
      type: 'button',
      class: 'copy',
      'aria-label': `Copy ${what}`,
      title: `Copy ${what}`,
      onclick: async () => toast((await copy(text)) ? `Copied ${what}` : 'The browser does not allow copying here'),
    },
    s('svg', { viewBox: '0 0 24 24', width: 16, height: 16, 'aria-hidden': 'true' },
      s('rect', { x: 8, y: 8, width: 12, height: 12, rx: 2 }), s('path', { d: 'M16 4H6a2 2 0 0 0-2 2v10' })));
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

let toastEnds = 0;

/** A short message that goes by itself. */
export function toast(text) {
  const element = document.getElementById('toast');
  setText(element, text);
  element.classList.add('shown');
  clearTimeout(toastEnds);
  toastEnds = setTimeout(() => {
    element.classList.remove('shown');
    element.textContent = '';
  }, 4000);
}

/** A link within the page: `#/view?name=value`; empty values are left out. */
export function link(view, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return `#/${view}${text ? `?${text}` : ''}`;
}

let ids = 0;

/** A form field with its label, an optional hint, and a place for its error. */
export function field(labelText, input, hint) {
  const id = `field-${++ids}`;
  input.id = id;
  const describedBy = [];
  const error = h('span', { class: 'field-error', id: `${id}-error`, hidden: true, role: 'alert' });
  describedBy.push(error.id);
  let hintElement = null;
  if (hint) {
    hintElement = h('span', { class: 'hint', id: `${id}-hint` }, hint);
    describedBy.push(hintElement.id);
  }
  input.setAttribute('aria-describedby', describedBy.join(' '));
  const element = h('div', { class: 'field' }, h('label', { for: id }, labelText), input, hintElement, error);
  return {
    element,
    input,
    /** Shows an error; an empty one takes it away. */
    error(text) {
      setText(error, text);
      error.hidden = !text;
      if (text) input.setAttribute('aria-invalid', 'true');
      else input.removeAttribute('aria-invalid');
    },
  };
}

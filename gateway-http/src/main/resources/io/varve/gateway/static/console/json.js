// JSON from the log, shown as it stands there.
import { h } from './dom.js';

/** A number that JavaScript's own would change: shown and sent on as it was written. */
export class ExactNumber {
  constructor(source) {
    this.source = source;
  }

  toJSON() {
    return typeof JSON.rawJSON === 'function' ? JSON.rawJSON(this.source) : Number(this.source);
  }
}

/** Parses JSON; where the browser can tell, numbers that a double cannot hold keep their digits. */
export function parse(text) {
  return JSON.parse(text, (_key, value, context) => {
    if (typeof value === 'number' && context?.source !== undefined && !same(value, context.source)) {
      return new ExactNumber(context.source);
    }
    return value;
  });
}

function same(value, source) {
  return String(value) === source || (Math.abs(value) < 1e15 && /^-?\d+(\.\d{1,15})?$/.test(source));
}

// Beyond these a page would get slow: the rest is shown without colours, then not at all.
const MAX_TOKENS = 20_000;
const MAX_CHARACTERS = 400_000;

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

// JSON.stringify leaves these as they are; shown raw they would hide or reorder the rest.
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

function escaped(text) {
  return text.replace(HIDDEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function print(value, indent) {
  return escaped(indentless(value, indent, ''));
}

// JSON.stringify, but with exact numbers in browsers that have no JSON.rawJSON.
function indentless(value, indent, margin) {
  if (value instanceof ExactNumber) return value.source;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = margin + indent;
  const gap = indent ? `\n${inner}` : '';
  const end = indent ? `\n${margin}` : '';
  const colon = indent ? ': ' : ':';
  const parts = Array.isArray(value)
    ? value.map((item) => indentless(item, indent, inner))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}${colon}${indentless(item, indent, inner)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return parts.length === 0 ? open + close : `${open}${gap}${parts.join(`,${gap}`)}${end}${close}`;
}

/** A value on one line, at most `most` characters. */
export function oneLine(value, most = 200) {
  const text = print(value, '');
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}

/** A value over many lines. */
export function pretty(value) {
  return print(value, '  ');
}

/** A block with a value, pretty-printed and coloured. */
export function jsonBlock(value, name) {
  const text = pretty(value);
  const code = h('code');
  const shown = text.slice(0, MAX_CHARACTERS);
  let end = 0;
  let tokens = 0;
  for (const match of shown.matchAll(TOKEN)) {
    if (++tokens > MAX_TOKENS) break;
    if (match.index > end) code.append(shown.slice(end, match.index));
    const [whole, string, colon, number, word] = match;
    if (string !== undefined && colon !== undefined) {
      code.append(h('span', { class: 'j-key' }, string), colon);
    } else if (string !== undefined) {
      code.append(h('span', { class: 'j-string' }, string));
    } else {
      code.append(h('span', { class: number === undefined ? 'j-word' : 'j-number' }, number ?? word ?? whole));
    }
    end = match.index + whole.length;
  }
  code.append(shown.slice(end));
  if (text.length > MAX_CHARACTERS) code.append(`\n… ${text.length - MAX_CHARACTERS} characters more: download to see them`);
  return h('pre', { class: 'json', tabindex: '0', role: 'region', 'aria-label': name }, code);
}

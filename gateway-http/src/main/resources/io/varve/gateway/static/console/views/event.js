// One event, whole.
import { bytes, copyButton, grouped, h, label, link, replace, time, toast, visible, when } from '../dom.js';
import { base64Size } from '../events.js';
import { only } from '../filter.js';
import { jsonBlock, pretty } from '../json.js';

const HEX_BYTES = 512;
const TEXT_BYTES = 16_384;

export function show({ api, live, rest, signal, go, fail }) {
  const position = /^[1-9]\d{0,18}$/.test(rest) ? Number(rest) : null;
  if (position === null) {
    return { title: 'Event', element: h('div', { class: 'problem', role: 'alert' }, h('h3', {}, 'That is no position'), h('p', {}, 'A position is a whole number from 1. ', h('a', { href: '#/log' }, 'Browse the log'), '.')) };
  }
  const body = h('div', { 'aria-busy': 'true' });
  const keys = {};
  const neighbours = h('nav', { class: 'row', 'aria-label': 'Neighbours in the log' });
  pages(position);

  function pages(at) {
    const one = (to, name, key) => (to >= 1 && (live.head === null || to <= live.head)
      ? h('a', { class: 'button', href: `#/event/${to}` }, name, h('kbd', { 'aria-hidden': 'true' }, key))
      : h('span', { class: 'button off', 'aria-hidden': 'true' }, name));
    replace(neighbours, one(at - 1, '← Previous', 'p'), one(at + 1, 'Next →', 'n'));
    keys.p = () => at > 1 && go(`#/event/${at - 1}`);
    keys.n = () => (live.head === null || at < live.head) && go(`#/event/${at + 1}`);
  }

  async function load() {
    try {
      const event = await api.get(`events/${position}`, {}, { signal });
      if (signal.aborted) return;
      replace(body, whole(event, { api, signal }));
      pages(position);
    } catch (error) {
      if (signal.aborted) return;
      replace(body, fail(error, load));
    } finally {
      body.removeAttribute('aria-busy');
    }
  }

  load();
  return { title: `Event ${position}`, heading: [h('span', { class: 'over' }, 'Event at position'), grouped(position)], actions: neighbours, element: body, keys };
}

function whole(event, context) {
  return [
    h('div', { class: 'card' }, labels(event)),
    payload(event, context),
    event.metadata !== undefined || event.metadataBase64 !== undefined
      ? h('section', {}, h('h2', {}, 'Metadata'), event.metadata !== undefined ? jsonBlock(event.metadata, 'Metadata') : binary(event.metadataBase64))
      : null,
    origin(event),
    history(event, context),
    h('details', { class: 'card pad' }, h('summary', {}, 'The event as JSON'), jsonBlock(event, 'The event as JSON'), copyButton(pretty(event), 'the event as JSON')),
  ];
}

function fact(name, value, { filter, copy } = {}) {
  if (value === undefined || value === null || value === '') return null;
  return h('div', {}, h('dt', {}, name), h('dd', {}, value, copy ? copyButton(copy, name.toLowerCase()) : null,
    filter ? h('a', { class: 'only', href: link('log', { filter }), 'aria-label': `Only this ${name.toLowerCase()}`, title: `Only this ${name.toLowerCase()}` }, 'only') : null));
}

function labels(event) {
  const named = (name, title) => (event[name] ? fact(title, label(event[name]), { filter: only(name, event[name]) }) : null);
  return h('dl', { class: 'facts' },
    fact('Source', h('a', { href: link('source', { source: event.source }) }, label(event.source)), { copy: event.source }),
    fact('Version', grouped(event.version)),
    fact('Type', label(event.type), { filter: only('types', event.type) }),
    named('sourceType', 'Source type'),
    named('streamType', 'Stream type'),
    named('streamId', 'Stream id'),
    event.key ? fact('Key', label(event.key), { copy: event.key }) : null,
    event.tombstone ? fact('Tombstone', 'yes: it removes its key') : null,
    event.tags?.length ? fact('Tags', event.tags.map((tag) => h('a', { class: 'chip', href: link('log', { filter: only('tags', tag) }), title: `Only tag ${visible(tag)}` }, label(tag)))) : null,
    fact('Content type', event.contentType ? label(event.contentType) : null),
    fact('Recorded', time(event.recorded), { copy: event.recorded }),
    event.occurred ? fact('Occurred', [time(event.occurred), ' ', h('span', { class: 'fine' }, 'by the client’s clock; it orders nothing')]) : null,
    event.id ? fact('Event id', label(event.id), { copy: event.id }) : null);
}

function payload(event, context) {
  const head = (size) => h('div', { class: 'section-head' }, h('h2', {}, 'Data'), h('div', { class: 'row' }, size,
    event.data !== undefined ? copyButton(pretty(event.data), 'the data') : null,
    event.data !== undefined || event.dataBase64 !== undefined
      ? h('button', { type: 'button', class: 'button', onclick: (click) => download(event, context, click.currentTarget) }, 'Download')
      : null));
  if (event.data !== undefined) return h('section', {}, head(), jsonBlock(event.data, 'Data'));
  if (event.dataBase64 !== undefined) {
    return h('section', {}, head(h('span', { class: 'fine' }, bytes(base64Size(event.dataBase64)))), binary(event.dataBase64));
  }
  return h('section', {}, h('h2', {}, 'Data'), h('p', { class: 'fine' }, 'The event has no payload.'));
}

// The token cannot stand in a link, so the bytes are fetched and then handed over as a file. Their
// content type is never the page's business: a file is saved, not opened.
async function download(event, { api, signal }, button) {
  button.disabled = true;
  try {
    const { body } = await api.exchange('GET', `events/${event.position}/data`, { raw: true, signal, timeoutMs: 60_000 });
    const url = URL.createObjectURL(new Blob([body], { type: 'application/octet-stream' }));
    const anchor = h('a', { href: url, download: `event-${event.position}${event.data !== undefined ? '.json' : '.bin'}` });
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    if (!signal.aborted) toast(error.message);
  } finally {
    button.disabled = false;
  }
}

function binary(base64) {
  let raw;
  try {
    raw = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  } catch {
    return h('p', { class: 'fine' }, 'The payload is not base64.');
  }
  const text = textOf(raw);
  return h('div', { class: 'bytes' },
    text !== null ? h('pre', { class: 'json', tabindex: '0', role: 'region', 'aria-label': 'As text' }, text, raw.length > TEXT_BYTES ? '\n…' : '') : null,
    h('details', { open: text === null || null }, h('summary', {}, `As bytes${raw.length > HEX_BYTES ? `, the first ${HEX_BYTES}` : ''}`),
      h('pre', { class: 'json hex', tabindex: '0', role: 'region', 'aria-label': 'As bytes' }, hex(raw.subarray(0, HEX_BYTES)))),
    h('details', {}, h('summary', {}, 'As base64'), h('pre', { class: 'json wrap', tabindex: '0', role: 'region', 'aria-label': 'As base64' }, base64.slice(0, 64_000), base64.length > 64_000 ? '…' : '')));
}

// UTF-8 that people can read, or null.
function textOf(raw) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(raw.subarray(0, TEXT_BYTES), { stream: raw.length > TEXT_BYTES });
    return /[\u0000-\u0008\u000e-\u001f]/.test(text) ? null : text.split('\n').map((line) => visible(line.replaceAll('\t', '    '))).join('\n');
  } catch {
    return null;
  }
}

function hex(raw) {
  const lines = [];
  for (let i = 0; i < raw.length; i += 16) {
    const row = [...raw.subarray(i, i + 16)];
    const shown = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ').padEnd(47);
    lines.push(`${i.toString(16).padStart(6, '0')}  ${shown}  ${row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·')).join('')}`);
  }
  return lines.join('\n');
}

function origin(event) {
  if (!event.clientId) return h('section', {}, h('h2', {}, 'Origin'), h('p', { class: 'fine' }, 'A live write: appended by a service, not synced from a client’s buffer.'));
  return h('section', {}, h('h2', {}, 'Origin'), h('div', { class: 'card' }, h('dl', { class: 'facts' },
    fact('Client', h('code', {}, label(event.clientId)), { copy: event.clientId }),
    fact('Buffer', h('code', {}, label(event.bufferId ?? '')), { copy: event.bufferId }),
    fact('Number', grouped(event.clientSeq)),
    event.occurred ? fact('Written offline for', delay(event)) : null)));
}

function delay(event) {
  const seconds = (Date.parse(event.recorded) - Date.parse(event.occurred)) / 1000;
  return Number.isFinite(seconds) && seconds >= 0 ? `${seconds.toFixed(1)} s, by the client’s clock (${when(event.occurred)})` : '–';
}

// Where the source's history goes on, before and after.
function history(event, { api, signal }) {
  const places = h('div', { class: 'row' }, h('span', { class: 'fine' }, 'Looking …'));
  (async () => {
    try {
      const ask = (query) => api.get('events', { source: event.source, limit: 1, ...query }, { signal });
      const [before, after] = await Promise.all([
        event.version > 1 ? ask({ order: 'desc', before: event.position }) : { events: [] },
        ask({ order: 'asc', after: event.position }),
      ]);
      if (signal.aborted) return;
      const one = (found, name) => (found
        ? h('a', { class: 'button', href: `#/event/${found.position}` }, `${name}: `, label(found.type), ` · version ${found.version}`)
        : null);
      replace(places, one(before.events[0], '← Before'), one(after.events[0], 'After →'),
        !before.events[0] && !after.events[0] ? h('span', { class: 'fine' }, 'This is the source’s only event.') : null,
        h('a', { class: 'button quiet', href: link('source', { source: event.source }) }, 'Whole history'));
    } catch (error) {
      if (!signal.aborted) replace(places, h('span', { class: 'fine' }, error.message));
    }
  })();
  return h('section', {}, h('h2', {}, 'In its source'), places);
}

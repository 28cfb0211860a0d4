// Events in a list: one row each, a card each where there is little room.
import { bytes, h, label, link, time, visible } from './dom.js';
import { only } from './filter.js';
import { oneLine } from './json.js';

const PREVIEW = 160;

/** A payload in a few words. */
export function preview(event) {
  if (event.tombstone) return h('span', { class: 'fine' }, 'tombstone');
  if (event.data !== undefined) return h('span', { class: 'mono' }, oneLine(event.data, PREVIEW));
  if (event.dataBase64 !== undefined) {
    return h('span', { class: 'fine' }, `${bytes(base64Size(event.dataBase64))} of `, label(event.contentType || 'bytes'));
  }
  return h('span', { class: 'fine' }, 'no payload');
}

/** How many bytes a base64 text stands for. */
export function base64Size(text) {
  return (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
}

/** One event as a list item. */
export function eventRow(event, { showSource = true } = {}) {
  const row = h('li', { class: 'event', dataset: { position: event.position } },
    h('a', { class: 'event-position', href: `#/event/${event.position}`, 'aria-label': `Event ${event.position}: ${visible(event.type)} of ${visible(event.source)}` }, String(event.position)),
    time(event.recorded, 'event-time'),
    showSource
      ? h('a', { class: 'event-source', href: link('source', { source: event.source }), title: visible(event.source) }, label(event.source))
      : h('span', { class: 'event-source fine' }, `v${event.version}`),
    h('a', { class: 'event-type', href: link('log', { filter: only('types', event.type) }), title: `Only ${visible(event.type)}` }, label(event.type)),
    h('span', { class: 'event-labels' },
      event.key ? h('span', { class: 'chip key', title: 'key' }, label(event.key)) : null,
      (event.tags ?? []).slice(0, 4).map((tag) => h('a', { class: 'chip', href: link('log', { filter: only('tags', tag) }), title: `Only tag ${visible(tag)}` }, label(tag))),
      (event.tags ?? []).length > 4 ? h('span', { class: 'fine' }, `+${event.tags.length - 4}`) : null),
    h('span', { class: 'event-data' }, preview(event)));
  // The whole row opens the event; what is selected or linked within is left alone.
  row.addEventListener('click', (click) => {
    if (click.target.closest('a,button') || String(getSelection())) return;
    location.hash = `#/event/${event.position}`;
  });
  return row;
}

/** A list of events with the heads of its columns. */
export function eventList(events, options = {}) {
  const showSource = options.showSource ?? true;
  return h('div', { class: `events-table${showSource ? '' : ' one-source'}` },
    h('div', { class: 'events-head', 'aria-hidden': 'true' },
      h('span', {}, 'Position'), h('span', {}, 'Recorded'), h('span', {}, showSource ? 'Source' : 'Version'), h('span', {}, 'Type'), h('span', {}, 'Key, tags'), h('span', {}, 'Data')),
    h('ol', { class: 'events', 'aria-label': options.name ?? 'Events' }, events.map((event) => eventRow(event, options))));
}

/** Moves the focus to the next (1) or previous (−1) row of the list in a view. */
export function moveRow(root, step) {
  const rows = [...root.querySelectorAll('.event-position, .row-link')];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.closest('li,tr')?.contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + step));
  rows[next].focus();
  rows[next].scrollIntoView({ block: 'nearest' });
}

// Choosing events: a form for the labels of one item, or the filter's JSON for everything else.
import { field, h, replace } from './dom.js';
import { filterWords } from './problems.js';

const NAMES = ['source', 'sourceType', 'streamType', 'streamId'];
const LISTS = ['types', 'tags'];

/** The filter in a link: null when there is none; the text itself when it cannot be read. */
export function filterOf(text) {
  if (!text) return { filter: null, error: '' };
  try {
    return { filter: checked(JSON.parse(text)), error: '' };
  } catch (error) {
    return { filter: null, error: error.message };
  }
}

function checked(filter) {
  if (filter === null || typeof filter !== 'object' || !Array.isArray(filter.anyOf) || filter.anyOf.length === 0) {
    throw new Error('a filter is {"anyOf":[…]} with at least one item');
  }
  for (const item of filter.anyOf) {
    if (item === null || typeof item !== 'object' || Array.isArray(item)) throw new Error('an item of "anyOf" is an object');
    for (const [name, value] of Object.entries(item)) {
      if (NAMES.includes(name)) {
        if (typeof value !== 'string') throw new Error(`"${name}" must be a string`);
      } else if (LISTS.includes(name)) {
        if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw new Error(`"${name}" must be an array of strings`);
      } else {
        throw new Error(`an item has no field "${name}": it may have ${[...NAMES, ...LISTS].join(', ')}`);
      }
    }
    if (Object.keys(item).length === 0) throw new Error('an item must name at least one label');
  }
  return filter;
}

/** The filter as a query of the API: one source alone is asked for as such, which every grant for it allows. */
export function queryOf(filter) {
  if (!filter) return {};
  const [item, ...others] = filter.anyOf;
  if (others.length === 0 && Object.keys(item).length === 1 && item.source) return { source: item.source };
  return { filter: JSON.stringify(filter) };
}

/** A filter of one label. */
export function only(name, value) {
  return JSON.stringify({ anyOf: [{ [name]: LISTS.includes(name) ? [value] : value }] });
}

/** Whether the form can show a filter: one item, and no comma within a type or tag. */
function fitsForm(filter) {
  return !filter || (filter.anyOf.length === 1 && LISTS.every((name) => (filter.anyOf[0][name] ?? []).every((one) => !one.includes(','))));
}

/**
 * The form. `apply(text)` gets the filter's JSON, empty for none. Returns `{element, focus()}`.
 */
export function filterForm({ text, apply }) {
  const { filter, error } = filterOf(text);
  const item = fitsForm(filter) ? (filter?.anyOf[0] ?? {}) : {};
  const input = (name, placeholder) => h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', placeholder, value: LISTS.includes(name) ? (item[name] ?? []).join(', ') : (item[name] ?? '') });
  const fields = {
    source: field('Source', input('source', 'account-7')),
    types: field('Types', input('types', 'OrderPlaced, OrderShipped'), 'any of these'),
    tags: field('Tags', input('tags', 'order:42, region:north'), 'all of these'),
    sourceType: field('Source type', input('sourceType', 'Customer')),
    streamType: field('Stream type', input('streamType', 'Transactions')),
    streamId: field('Stream id', input('streamId', '2026-11')),
  };
  const json = field('Filter as JSON', h('textarea', { rows: 5, spellcheck: 'false', class: 'mono', value: filter ? JSON.stringify(filter, null, 1) : text || '{"anyOf":[{"types":["…"]}]}' }),
    'An event matches when any item does; within an item every label must match.');
  let asJson = Boolean(text) && !fitsForm(filter) || Boolean(error);
  json.error(error);
  const simple = h('div', { class: 'filter-fields' }, Object.values(fields).map((one) => one.element));
  const toggle = h('button', { type: 'button', class: 'button quiet', onclick: () => show(!asJson) });

  const fromForm = () => {
    const made = {};
    for (const [name, one] of Object.entries(fields)) {
      const value = one.input.value;
      if (LISTS.includes(name)) {
        const list = value.split(',').map((part) => part.trim()).filter(Boolean);
        if (list.length) made[name] = list;
      } else if (value !== '') {
        made[name] = value;
      }
    }
    return Object.keys(made).length ? { anyOf: [made] } : null;
  };

  const show = (json_) => {
    if (json_ && !asJson) {
      const made = fromForm();
      if (made) json.input.value = JSON.stringify(made, null, 1);
    }
    asJson = json_;
    simple.hidden = asJson;
    json.element.hidden = !asJson;
    toggle.textContent = asJson ? 'As a form' : 'As JSON';
  };

  const form = h('form', {
    class: 'filter-form',
    onsubmit: (event) => {
      event.preventDefault();
      if (!asJson) {
        const made = fromForm();
        apply(made ? JSON.stringify(made) : '');
        return;
      }
      const typed = filterOf(json.input.value.trim());
      json.error(typed.error);
      if (typed.error) json.input.focus();
      else apply(typed.filter ? JSON.stringify(typed.filter) : '');
    },
  }, simple, json.element, h('div', { class: 'row' },
    h('button', { type: 'submit', class: 'button primary' }, 'Apply'),
    h('button', { type: 'button', class: 'button', onclick: () => apply('') }, 'Clear'),
    toggle));
  show(asJson);

  const summary = h('span', { class: 'filter-summary' });
  replace(summary, filter ? filterWords(filter) : error ? 'cannot be read' : 'everything');
  const element = h('details', { class: 'filter card', open: Boolean(error) || null },
    h('summary', {}, h('b', {}, 'Filter'), ' ', summary, h('kbd', { 'aria-hidden': 'true' }, 'f')), form);
  return {
    element,
    filter,
    error,
    focus() {
      element.open = true;
      (asJson ? json.input : fields.source.input).focus();
    },
  };
}

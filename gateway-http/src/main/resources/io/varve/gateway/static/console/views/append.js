// One append by hand: with conditions, and with the conflict that tells what stood in the way.
import { ProblemError, UnreachableError, randomUuid } from '../api.js';
import { field, grouped, h, label, link, replace, setText, time } from '../dom.js';
import { parse } from '../json.js';
import { failedList } from '../problems.js';

const LOOKING_MS = 300;

export function show({ api, live, query, signal, fail }) {
  const text = (attributes) => h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', ...attributes });
  const area = (attributes) => h('textarea', { spellcheck: 'false', autocapitalize: 'off', class: 'mono', ...attributes });
  const fields = {
    source: field('Source', text({ required: true, value: query.get('source') ?? '', placeholder: 'account-7' }), ' '),
    type: field('Type', text({ required: true, placeholder: 'MoneyDeposited' })),
    key: field('Key', text({ value: query.get('key') ?? '' }), 'which entity of the source it overwrites'),
    tags: field('Tags', text({ placeholder: 'order:42, region:north' }), 'comma between'),
    sourceType: field('Source type', text({ placeholder: 'Customer' })),
    streamType: field('Stream type', text({ placeholder: 'Transactions' })),
    streamId: field('Stream id', text({ placeholder: '2026-11' })),
    data: field('Data, as JSON', area({ rows: 5, placeholder: '{"amount": 100}' }), 'empty = no payload'),
    expected: field('Expected version of the source', h('select', {},
      [['', 'any: no condition'], ['exactly', 'exactly …'], ['exists', 'must exist'], ['none', 'must not exist']].map(([value, name]) => h('option', { value }, name)))),
    exactly: field('Exactly', text({ inputmode: 'numeric', pattern: '[0-9]*' })),
    scopes: field('Concurrency scopes, as JSON', area({ rows: 3, placeholder: '{"anyOf":[{"types":["MoneyWithdrawn"]}],"after":812}' }),
      'one scope or an array of them: no event that matches may stand after that position'),
  };
  const tombstone = h('input', { type: 'checkbox', id: 'tombstone' });
  const outcome = h('div', { class: 'outcome', 'aria-live': 'polite', tabindex: '-1' });
  const sendButton = h('button', { type: 'submit', class: 'button primary' }, 'Append');
  const provokeButton = h('button', { type: 'button', class: 'button', onclick: provoke }, 'Provoke a conflict');
  const sourceHint = fields.source.element.querySelector('.hint');

  fields.exactly.element.hidden = true;
  fields.expected.input.addEventListener('change', () => {
    fields.exactly.element.hidden = fields.expected.input.value !== 'exactly';
    if (!fields.exactly.element.hidden) fields.exactly.input.focus();
  });
  fields.data.input.addEventListener('input', () => fields.data.error(jsonError(fields.data.input.value)));
  fields.scopes.input.addEventListener('input', () => fields.scopes.error(scopesOf(fields.scopes.input.value).error));

  // Which version the source has, as one types its name.
  let looking = 0;
  let version = null;
  async function look() {
    const source = fields.source.input.value;
    version = null;
    if (!source) {
      setText(sourceHint, ' ');
      return;
    }
    try {
      const found = await api.get('source', { source }, { signal });
      if (source !== fields.source.input.value) return;
      version = found.version;
      setText(sourceHint, version ? `is at version ${version}` : 'does not exist yet');
      if (!fields.exactly.input.value || fields.exactly.input.dataset.suggested === fields.exactly.input.value) {
        fields.exactly.input.value = String(version);
        fields.exactly.input.dataset.suggested = String(version);
      }
    } catch (error) {
      if (!signal.aborted) setText(sourceHint, error.message);
    }
  }
  fields.source.input.addEventListener('input', () => {
    clearTimeout(looking);
    looking = setTimeout(look, LOOKING_MS);
  });
  if (fields.source.input.value) look();

  /** What the form says: `{source, event (JSON), conditions}`, or null with the errors shown. */
  function read() {
    for (const one of Object.values(fields)) one.error('');
    const wrong = (one, message) => {
      one.error(message);
      one.input.focus();
      return null;
    };
    const source = fields.source.input.value;
    if (!source) return wrong(fields.source, 'An event needs a source.');
    if (!fields.type.input.value) return wrong(fields.type, 'An event needs a type.');
    const dataError = jsonError(fields.data.input.value);
    if (dataError) return wrong(fields.data, dataError);
    const conditions = [];
    const expected = fields.expected.input.value;
    if (expected === 'exactly') {
      const exactly = fields.exactly.input.value.trim();
      if (!/^\d{1,15}$/.test(exactly)) return wrong(fields.exactly, 'A version is a whole number from 0.');
      conditions.push({ source, version: Number(exactly) });
    } else if (expected) {
      conditions.push({ source, version: expected });
    }
    const scopes = scopesOf(fields.scopes.input.value);
    if (scopes.error) return wrong(fields.scopes, scopes.error);
    conditions.push(...scopes.scopes);
    const event = { source, type: fields.type.input.value };
    for (const name of ['key', 'sourceType', 'streamType', 'streamId']) {
      if (fields[name].input.value) event[name] = fields[name].input.value;
    }
    const tags = fields.tags.input.value.split(',').map((tag) => tag.trim()).filter(Boolean);
    if (tags.length) event.tags = tags;
    if (tombstone.checked) {
      if (!event.key) return wrong(fields.key, 'A tombstone removes a key: name it.');
      event.tombstone = true;
    }
    // The data goes out as it was typed: numbers keep every digit.
    const data = fields.data.input.value.trim();
    const json = JSON.stringify(event);
    return { source, event: data ? `${json.slice(0, -1)},"data":${data}}` : json, conditions };
  }

  async function send(append) {
    sendButton.disabled = true;
    provokeButton.disabled = true;
    outcome.setAttribute('aria-busy', 'true');
    try {
      const { body } = await api.exchange('POST', 'events', {
        query: { source: append.source },
        body: `{"events":[${append.event}],"conditions":${JSON.stringify(append.conditions)}}`,
        headers: {
          'Idempotency-Key': `"${append.id}"`,
          ...(append.knownPosition === null ? {} : { 'Varve-Known-Position': String(append.knownPosition) }),
        },
        signal,
      });
      replace(outcome, appended(body, append));
      live.now();
    } catch (error) {
      if (!signal.aborted) replace(outcome, refused(error, append));
    } finally {
      sendButton.disabled = false;
      provokeButton.disabled = false;
      outcome.removeAttribute('aria-busy');
    }
    if (signal.aborted) return;
    outcome.scrollIntoView({ block: 'nearest' });
    look();
  }

  function named(append) {
    return { ...append, id: randomUuid(), knownPosition: live.head };
  }

  function appended(result, append) {
    const { firstPosition, lastPosition } = result;
    return h('div', { class: 'result good' },
      h('h2', {}, result.replayed ? 'Appended before: the original answer' : 'Appended'),
      h('dl', { class: 'facts' },
        h('div', {}, h('dt', {}, 'Position'), h('dd', {}, h('a', { href: `#/event/${firstPosition}` }, grouped(firstPosition)), lastPosition !== firstPosition ? [' to ', h('a', { href: `#/event/${lastPosition}` }, grouped(lastPosition))] : null)),
        Object.entries(result.versions ?? {}).map(([source, v]) => h('div', {}, h('dt', {}, 'Version'), h('dd', {}, h('a', { href: link('source', { source }) }, label(source)), ` is at ${v}`))),
        result.recorded ? h('div', {}, h('dt', {}, 'Recorded'), h('dd', {}, time(result.recorded))) : null,
        h('div', {}, h('dt', {}, 'Append id'), h('dd', {}, h('code', {}, append.id)))),
      h('p', {}, h('button', { type: 'button', class: 'button', onclick: () => send(append) }, 'Send the same again'), ' ',
        h('span', { class: 'fine' }, 'with the same append id: it is answered, not appended twice')));
  }

  function refused(error, append) {
    if (error instanceof ProblemError && error.problem.failed) {
      return h('div', { class: 'result conflict', role: 'alert' },
        h('h2', {}, 'Conflict'),
        append.provoked ? h('p', {}, append.provoked) : null,
        failedList(error.problem.failed, append.conditions),
        h('p', {}, h('b', {}, 'Nothing was appended. '), 'A service would read what is new, decide again, and append with the new version.'));
    }
    const unknown = error instanceof UnreachableError || (error instanceof ProblemError && error.problem.code === 'OUTCOME_UNKNOWN');
    if (!unknown) return fail(error);
    return h('div', { class: 'problem', role: 'alert' },
      h('h2', {}, 'The outcome is unknown'),
      h('p', {}, 'The append may have landed, or may land yet: ', error.message),
      h('div', { class: 'row' },
        h('button', { type: 'button', class: 'button primary', onclick: () => ask(append) }, 'Ask what became of it'),
        h('button', { type: 'button', class: 'button', onclick: () => send(append) }, 'Send it again with its id')),
      h('p', { class: 'fine' }, 'Both are safe: append id ', h('code', {}, append.id), ' lands once at most.'));
  }

  async function ask(append) {
    try {
      const found = await api.get(`appends/${append.id}`, { knownPosition: append.knownPosition }, { signal });
      if (found.outcome === 'appended') replace(outcome, appended({ ...found, replayed: true }, append));
      else {
        replace(outcome, h('div', { class: 'problem', role: 'status' }, h('h2', {}, 'It has not landed'),
          h('p', {}, `The log knows no append of that id, up to position ${grouped(found.head)}.`),
          h('button', { type: 'button', class: 'button', onclick: () => send(append) }, 'Send it again with its id')));
      }
    } catch (error) {
      if (!signal.aborted) replace(outcome, refused(error, append));
    }
  }

  // Expects the version that the source had one event ago; of one that does not exist, that it does.
  // Either way the condition cannot hold, and nothing is ever appended.
  async function provoke() {
    for (const one of Object.values(fields)) one.error('');
    const source = fields.source.input.value;
    if (!source) {
      fields.source.error('Name a source first: one that has events shows the most.');
      fields.source.input.focus();
      return;
    }
    provokeButton.disabled = true;
    try {
      const found = await api.get('source', { source }, { signal });
      const stale = found.version > 0 ? (found.version === 1 ? 'none' : found.version - 1) : 'exists';
      await send(named({
        source,
        event: JSON.stringify({ source, type: fields.type.input.value || 'WrittenTooLate' }),
        conditions: [{ source, version: stale }],
        provoked: found.version > 0
          ? `The console played a service that had read the source one event too early: it appended expecting ${stale === 'none' ? 'that the source does not exist' : `version ${stale}`}.`
          : 'The console appended expecting that the source exists, which it does not.',
      }));
    } catch (error) {
      if (!signal.aborted) replace(outcome, fail(error));
    } finally {
      provokeButton.disabled = false;
    }
  }

  const form = h('form', {
    class: 'append-form card pad',
    novalidate: true,
    onsubmit: (event) => {
      event.preventDefault();
      const append = read();
      if (append) send(named(append));
    },
  },
  h('fieldset', {}, h('legend', {}, 'Event'),
    h('div', { class: 'grid2' }, fields.source.element, fields.type.element, fields.key.element, fields.tags.element),
    h('details', { class: 'more' }, h('summary', {}, 'More labels'), h('div', { class: 'grid2' }, fields.sourceType.element, fields.streamType.element, fields.streamId.element,
      h('div', { class: 'field check' }, tombstone, h('label', { for: 'tombstone' }, 'Tombstone: removes its key')))),
    fields.data.element),
  h('fieldset', {}, h('legend', {}, 'Conditions'),
    h('div', { class: 'grid2' }, fields.expected.element, fields.exactly.element), fields.scopes.element,
    h('button', { type: 'button', class: 'button quiet', onclick: () => {
      const type = fields.type.input.value || 'MoneyWithdrawn';
      fields.scopes.input.value = JSON.stringify({ anyOf: [{ types: [type] }], after: live.head ?? 0 });
      fields.scopes.error('');
    } }, 'A scope of this type, after the head')),
  h('div', { class: 'row' }, sendButton, provokeButton));

  signal.addEventListener('abort', () => clearTimeout(looking));
  return {
    title: 'Append',
    element: h('div', { class: 'append' },
      h('div', {}, form),
      h('div', {}, outcome, h('p', { class: 'fine' }, 'An append lands whole or not at all, if every condition holds at its place in the log. “Provoke a conflict” appends with a version from before the newest event, and appends nothing.'))),
    keys: { f: () => fields.source.input.focus() },
  };
}

/** Why a text is not JSON, with the place; empty when it is, or is blank. */
function jsonError(text) {
  if (!text.trim()) return '';
  try {
    parse(text);
    return '';
  } catch (error) {
    const at = /position (\d+)/.exec(error.message);
    if (!at) return error.message;
    const before = text.slice(0, Number(at[1]));
    const line = before.split('\n').length;
    const column = before.length - before.lastIndexOf('\n');
    return /line \d/.test(error.message) ? error.message : `${error.message} (line ${line}, column ${column})`;
  }
}

function scopesOf(text) {
  const error = jsonError(text);
  if (error) return { scopes: [], error };
  if (!text.trim()) return { scopes: [], error: '' };
  const value = JSON.parse(text);
  const scopes = Array.isArray(value) ? value : [value];
  for (const scope of scopes) {
    if (scope === null || typeof scope !== 'object' || !Array.isArray(scope.anyOf)) return { scopes: [], error: 'A scope is {"anyOf":[…],"after":N}.' };
    if (!Number.isSafeInteger(scope.after) || scope.after < 0) return { scopes: [], error: 'A scope needs "after", a position; 0 = nothing matching may exist yet.' };
  }
  return { scopes, error: '' };
}

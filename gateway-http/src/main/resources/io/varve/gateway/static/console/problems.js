// What went wrong, for the person who has to do something about it.
import { KeysError, ProblemError, UnreachableError } from './api.js';
import { copyButton, h, label, link } from './dom.js';
import { oneLine } from './json.js';

const HINTS = {
  UNAVAILABLE: 'No majority of the members answers. Nothing is lost; what runs can be seen in the overview, and appends are taken again as soon as a majority is back.',
  DEADLINE_EXCEEDED: 'The cluster took too long. It may be electing a leader, or it is overloaded.',
  OVERLOADED: 'The gateway or the cluster protects itself. Try again in a moment.',
  LOG_IDENTITY_MISMATCH: 'The cluster was restored or replaced: positions from before mean nothing in this log.',
  OUT_OF_RANGE: 'The position is above the head, so it comes from another log, or from before a restore.',
  SCOPE_TOO_WIDE: 'Name narrower labels, or a newer "after".',
  CLIENT_REVOKED: 'An operator took this key out of use. Delete this site’s data in the browser to begin with a new key.',
  APPEND_ID_REUSED: 'Another append has that id. Let the console make a new one.',
};

/** A command to copy. */
export function command(text) {
  return h('div', { class: 'command' }, h('code', {}, text), copyButton(text, 'the command'));
}

/** The command that lets a client read and append everything. */
export function grantCommand(clientId) {
  return `varve token grant --client ${clientId} --read '*' --append '*'`;
}

/** A failure as a block: what, why, and what to do. `again()` is offered when it may help. */
export function problemBlock(error, { clientId = '', again } = {}) {
  const parts = [];
  if (error instanceof ProblemError) {
    const { title, detail, code, field } = error.problem;
    parts.push(h('h3', {}, title || 'The gateway refused'));
    if (detail) parts.push(h('p', { class: 'detail' }, label(detail)));
    if (error.status === 403 && clientId && code !== 'CLIENT_REVOKED') parts.push(...notGranted(clientId, code));
    else if (HINTS[code]) parts.push(h('p', {}, HINTS[code]));
    if (error.problem.failed) parts.push(failedList(error.problem.failed));
    parts.push(h('p', { class: 'fine' }, ['status ', h('code', {}, error.status), code ? [' · code ', h('code', {}, code)] : null, field ? [' · field ', h('code', {}, field)] : null]));
  } else if (error instanceof KeysError) {
    parts.push(h('h3', {}, 'This browser cannot show who it is'), h('p', { class: 'detail' }, error.message));
  } else if (error instanceof UnreachableError) {
    parts.push(h('h3', {}, 'No answer'), h('p', { class: 'detail' }, error.message));
  } else {
    parts.push(h('h3', {}, 'A fault of the console'), h('p', { class: 'detail' }, String(error?.message ?? error)));
  }
  if (again) parts.push(h('p', {}, h('button', { type: 'button', class: 'button', onclick: again }, 'Try again')));
  return h('div', { class: 'problem', role: 'alert' }, parts);
}

function notGranted(clientId, code) {
  return [
    code === 'CLIENT_UNKNOWN'
      ? h('p', {}, 'This gateway does not let keys register themselves. Whoever registers this one needs its public key: see ', h('a', { href: link('access') }, 'Access'), '.')
      : null,
    h('p', {}, 'This browser is client ', h('code', { class: 'client-id' }, clientId), copyButton(clientId, 'the client id'),
      '. It may not do this until somebody who administers the cluster runs:'),
    command(grantCommand(clientId)),
    h('p', { class: 'fine' }, 'Narrower: a prefix such as ', h('code', {}, "--read 'orders/'"), ' instead of ', h('code', {}, "'*'"),
      ', and no ', h('code', {}, '--append'), ' for who only looks. The overview, the log and the tail of everything need ', h('code', {}, "--read '*'"), '. What the browser may do: ',
      h('a', { href: link('access') }, 'Access'), '.'),
  ];
}

/** Every condition of a conflict that failed, readable. `conditions`: those that were sent. */
export function failedList(failed, conditions = []) {
  return h('ol', { class: 'failed' }, failed.map((one) => h('li', {}, failedItem(one, conditions))));
}

function failedItem(failed, conditions) {
  const number = Number.isInteger(failed.condition) && conditions.length > 1 ? h('span', { class: 'fine' }, `Condition ${failed.condition + 1} of ${conditions.length}. `) : null;
  const newest = failed.position
    ? [' Newest event in the way: ', h('b', {}, label(failed.type ?? '')), ' of ', label(failed.source ?? ''), ' at position ',
      h('a', { href: `#/event/${failed.position}` }, failed.position), '.']
    : null;
  if (failed.expected && typeof failed.expected === 'object') {
    return [number, 'Expected ', h('b', {}, 'no event'), ' matching ', h('span', {}, filterWords(failed.expected)), ` after position ${failed.expected.after ?? 0}`,
      failed.position ? ', but there is one.' : ', but there is.', newest];
  }
  const expected = { none: 'not to exist', exists: 'to exist' }[failed.expected] ?? `to be at version ${failed.expected}`;
  const found = failed.found ? `it is at version ${failed.found}` : 'it does not exist (version 0)';
  return [number, 'Expected source ', h('a', { href: link('source', { source: failed.source }) }, label(failed.source ?? '')), ' ', h('b', {}, expected), '; found that ', h('b', {}, found), '.', newest];
}

/** A filter in words. */
export function filterWords(filter) {
  const items = (filter?.anyOf ?? []).map((item) => {
    const words = [];
    if (item.source) words.push(['source ', code(item.source)]);
    if (item.sourceType) words.push(['source type ', code(item.sourceType)]);
    if (item.streamType) words.push(['stream type ', code(item.streamType)]);
    if (item.streamId) words.push(['stream id ', code(item.streamId)]);
    if (item.types?.length) words.push(['type ', between(item.types.map(code), ' or ')]);
    if (item.tags?.length) words.push([item.tags.length > 1 ? 'tags ' : 'tag ', between(item.tags.map(code), ' and ')]);
    return words.length ? between(words, ', ') : code(oneLine(item));
  });
  return between(items, ' — or ');
}

function code(text) {
  return h('code', {}, label(text));
}

function between(parts, separator) {
  return parts.flatMap((part, i) => (i ? [separator, part] : [part]));
}

// Who this browser is to the gateway, and what it may do.
import { copyButton, duration, h, label, replace, time } from '../dom.js';
import { command, grantCommand } from '../problems.js';

export function show({ api, live, signal, fail }) {
  const body = h('div', { 'aria-live': 'polite' });

  async function load(renew) {
    try {
      if (renew) await api.renewIdentity();
      // Any answer brings the identity along.
      else await api.get('identity', {}, { signal });
      if (!signal.aborted) render(null);
    } catch (error) {
      if (!signal.aborted) render(error);
    }
  }

  function render(error) {
    const identity = api.identity;
    const again = h('button', { type: 'button', class: 'button', onclick: async () => {
      await load(true);
      live.now();
    } }, 'Ask again');
    if (!identity) {
      replace(body, fail(error ?? new Error('Nothing is known yet.'), () => load(true)));
      return;
    }
    if (identity.mode === 'open') {
      replace(body, h('div', { class: 'notice' }, h('p', {}, h('b', {}, 'Open mode. '), 'This gateway asks nobody who they are: everybody who reaches it may read and append everything. That is meant for trials on one machine. A gateway for others has identity mode ', h('code', {}, 'keys'), '.')),
        h('p', { class: 'fine' }, 'The console needs no key here, and has made none.'), again);
      return;
    }
    const { clientId, publicKey, grants, expires } = identity;
    const fact = (name, ...value) => h('div', {}, h('dt', {}, name), h('dd', {}, value));
    replace(body,
      error ? fail(error, () => load(true)) : null,
      h('div', { class: 'card' }, h('dl', { class: 'facts' },
        fact('Client id', h('code', { class: 'client-id' }, clientId), copyButton(clientId, 'the client id')),
        fact('May read', prefixes(grants?.read)),
        fact('May append to', prefixes(grants?.append)),
        fact('Token ends', expires ? time(expires) : 'no token', identity.tokenLifetimeSeconds ? h('span', { class: 'fine' }, ` lives ${duration(identity.tokenLifetimeSeconds * 1000)}, renewed by itself`) : null),
        fact('Audience', label(identity.audience ?? '')),
        fact('New keys', identity.selfRegistration ? 'register themselves' : 'must be registered by an operator'))),
      h('h2', {}, 'To let this browser do everything'),
      h('p', {}, 'somebody who administers the cluster runs:'),
      command(grantCommand(clientId)),
      h('p', { class: 'fine' }, 'The key was made in this browser and cannot leave it: its private half is not extractable, not even by this page. Deleting the site’s data deletes it; the next visit makes another client.'),
      h('details', {}, h('summary', {}, 'Public key'), command(JSON.stringify(publicKey))),
      h('p', {}), again);
  }

  load(false);
  return { title: 'Access', element: body };
}

function prefixes(list) {
  if (!list?.length) return h('span', { class: 'bad-text' }, 'nothing');
  return list.map((prefix) => h('span', { class: 'chip' }, prefix === '*' ? 'everything (*)' : label(prefix)));
}

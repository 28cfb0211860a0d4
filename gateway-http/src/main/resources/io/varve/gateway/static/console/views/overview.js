// The cluster at a glance: members, positions and lag, live rates and latencies.
import { bytes, clock, copyButton, duration, grouped, h, label, replace, setText, short } from '../dom.js';
import { nodeName } from '../live.js';
import { Plot, PlotGroup } from '../plot.js';

const WINDOWS = [[60_000, '1 min'], [120_000, '2 min'], [600_000, '10 min']];

const perSecond = (value) => `${short(value)}/s`;

export function show({ api, live, fail }) {
  const group = new PlotGroup();
  group.windowMs = Number(sessionStorage.getItem('varve-console.window')) || 120_000;
  const tiles = makeTiles();
  const banner = h('div', { 'aria-live': 'polite' });
  const members = h('div', { class: 'card members' });
  const routes = h('div', { class: 'card' });

  const plots = {
    appends: group.add(new Plot({ title: 'Appends', format: perSecond, axis: short, empty: 'no node’s metrics are known to the gateway (its setting "admin")' })),
    latency: group.add(new Plot({
      title: 'Append latency', format: duration, floor: 1,
      series: [
        { name: 'append.p99', label: 'p99', colour: 2 },
        { name: 'append.p50', label: 'p50', colour: 1 },
        { name: 'sync.p99', label: 'disk sync p99', colour: 3 },
      ],
    })),
    events: group.add(new Plot({ title: 'Events', format: perSecond, axis: short, series: [
      { name: 'events', label: 'committed', colour: 1, area: true },
      { name: 'gateway.streamed', label: 'sent to streams', colour: 2 },
    ] })),
    gateway: group.add(new Plot({ title: 'This gateway’s requests', format: perSecond, axis: short, series: [
      { name: 'gateway.push', label: 'push', colour: 1 },
      { name: 'gateway.pull', label: 'pull', colour: 4 },
      { name: 'gateway.append', label: 'append', colour: 3 },
      { name: 'gateway.errors', label: 'errors', colour: 5 },
    ] })),
    streams: group.add(new Plot({ title: 'Streams', format: short, floor: 4, series: [
      { name: 'streams.open', label: 'open', colour: 1, area: true },
      { name: 'streams.upstreams', label: 'upstream', colour: 2 },
    ] })),
    delivery: group.add(new Plot({ title: 'Delivery, recorded to sent', format: duration, floor: 1, series: [
      { name: 'delivery.p99', label: 'p99', colour: 2 },
      { name: 'delivery.p50', label: 'p50', colour: 1 },
    ] })),
  };

  const windows = h('div', { class: 'segmented', role: 'group', 'aria-label': 'Time shown' }, WINDOWS.map(([ms, text]) =>
    h('button', {
      type: 'button',
      'aria-pressed': String(ms === group.windowMs),
      onclick: (event) => {
        group.windowMs = ms;
        sessionStorage.setItem('varve-console.window', String(ms));
        for (const button of windows.children) button.setAttribute('aria-pressed', String(button === event.currentTarget));
        render();
      },
    }, text)));

  let bannerFor = '';
  function showBanner() {
    const { state } = live;
    const error = live.statsError ?? live.clusterError;
    const key = `${state} ${error?.message ?? ''}`;
    if (key === bannerFor) return;
    bannerFor = key;
    const since = live.answeredTime ? ` What is shown is from ${clock(live.answeredTime)}.` : '';
    if (state === 'stale') {
      replace(banner, h('div', { class: 'notice bad' }, h('p', {}, h('b', {}, 'The gateway does not answer. '), `${error?.message ?? ''}${since} The console keeps asking.`)));
    } else if (state === 'no-majority') {
      replace(banner, h('div', { class: 'notice bad' }, h('p', {}, h('b', {}, 'No majority. '),
        'The gateway answers, but no leader decides: nothing can be appended until a majority of the members is up. What was acknowledged is safe.',
        live.clusterError ? [' ', label(live.clusterError.message)] : null)));
    } else if (state === 'refused') {
      replace(banner, fail(error, async () => {
        await api.renewIdentity().catch(() => {});
        live.now();
      }));
    } else {
      replace(banner);
    }
  }

  function render() {
    const { stats, cluster, state } = live;
    const stale = state === 'stale';
    element.classList.toggle('stale', stale || state === 'no-majority');
    showBanner();
    // Who may not look sees why, and no empty frames.
    figures.hidden = state === 'refused' && !stats;
    tiles.update(live);
    const now = Date.now();
    const nodes = (stats?.nodes ?? []).map(nodeName);
    plots.appends.setSeries([
      { name: 'appends.total', label: 'total', colour: 1, area: true },
      ...nodes.map((node, i) => ({ name: `appends.node.${node}`, label: node, colour: 2 + (i % 5) })),
    ]);
    for (const plot of group.plots) plot.update(live.points, now, stale);
    renderMembers(members, cluster, stats, live);
    renderRoutes(routes, stats);
  }

  const figures = h('div', {}, tiles.element, members,
    h('div', { class: 'section-head' }, h('h2', {}, 'Live'), windows),
    h('div', { class: 'plots' }, group.plots.map((plot) => plot.element)),
    h('h2', {}, 'Requests of this gateway'), routes);
  const element = h('div', { class: 'overview' }, banner, figures);
  live.addEventListener('change', render);
  render();
  return {
    title: 'Overview',
    element,
    dispose() {
      live.removeEventListener('change', render);
      for (const plot of group.plots) plot.dispose();
    },
  };
}

function makeTiles() {
  const tile = (name, title) => {
    const value = h('dd', {}, '–');
    return { value, element: h('div', { class: 'tile' }, h('dt', { title }, name), value) };
  };
  const head = tile('Head', 'the position of the newest committed event');
  const rate = tile('Events', 'committed events a second');
  const p99 = tile('Append p99', 'what 99 of 100 appends waited at most, recently');
  const leader = tile('Leader', 'the member that decides');
  const up = tile('Members up', 'members that answer, of all');
  const streams = tile('Streams', 'open streams of this gateway');
  const uptime = tile('Gateway up', 'how long this gateway has run');
  const ids = h('dl', { class: 'ids' });
  let idsFor = '';
  return {
    element: h('div', { class: 'summary' },
      h('dl', { class: 'tiles' }, [head, rate, p99, leader, up, streams, uptime].map((one) => one.element)), ids),
    update(live) {
      const { stats, cluster } = live;
      const latest = live.points.at(-1)?.values ?? {};
      setText(head.value, grouped(live.head));
      setText(rate.value, latest.events === null || latest.events === undefined ? '–' : perSecond(latest.events));
      setText(p99.value, duration(latest['append.p99']));
      setText(leader.value, cluster ? (cluster.leader || 'none') : '–');
      const members = cluster?.members ?? [];
      setText(up.value, members.length ? `${members.filter((one) => one.reachable !== false).length} of ${members.length}` : '–');
      up.value.classList.toggle('bad-text', members.some((one) => one.reachable === false));
      setText(streams.value, stats?.streams ? grouped(stats.streams.open) : '–');
      setText(uptime.value, duration(stats?.uptimeMs));
      const known = [['Log identity', stats?.logIdentity ?? cluster?.logIdentity], ['Cluster id', cluster?.clusterId], ['Term', cluster?.term]].filter(([, value]) => value !== undefined && value !== '');
      const key = JSON.stringify(known);
      if (key !== idsFor) {
        idsFor = key;
        replace(ids, known.map(([name, value]) => h('div', {}, h('dt', {}, name),
          h('dd', {}, h('code', {}, String(value)), typeof value === 'string' ? copyButton(value, name.toLowerCase()) : null))));
      }
    },
  };
}

function lastColumns(node) {
  return [
    bytes(node?.residentBytes),
    bytes(node?.freeBytes),
  ];
}

function renderMembers(element, cluster, stats, live) {
  const list = cluster?.members ?? [];
  if (!list.length) {
    replace(element, h('p', { class: 'fine pad' }, cluster ? 'The cluster names no members.' : 'The members are not known yet.'));
    return;
  }
  const nodes = new Map((stats?.nodes ?? []).map((node) => [nodeName(node), node]));
  const latest = live.points.at(-1)?.values ?? {};
  const most = Math.max(1, ...list.map((member) => member.lag ?? 0));
  replace(element, h('table', { class: 'responsive' },
    h('caption', { class: 'visually-hidden' }, 'Members of the cluster'),
    h('thead', {}, h('tr', {}, ['Member', 'Role', 'State', 'Address', 'Head', 'Applied index', 'Lag', 'Appends', 'Memory', 'Disk free'].map((name) => h('th', { scope: 'col' }, name)))),
    h('tbody', {}, list.map((member) => {
      const up = member.reachable !== false;
      const node = nodes.get(member.id);
      const leads = member.id === cluster.leader;
      const role = String(member.role ?? '').toLowerCase() || 'unknown';
      const rate = latest[`appends.node.${member.id}`];
      const [memory, disk] = lastColumns(node);
      const cells = [
        ['Role', h('span', { class: `badge ${leads ? 'leader' : ''}` }, leads ? `★ ${role}` : role)],
        ['State', h('span', { class: `up ${up ? 'yes' : 'no'}` }, up ? 'reachable' : 'unreachable')],
        ['Address', h('code', {}, label(member.clientAddress ?? ''))],
        ['Head', up ? grouped(member.head) : '–'],
        ['Applied index', up ? grouped(member.appliedIndex) : '–'],
        ['Lag', up && typeof member.lag === 'number' ? lag(member.lag, most) : '–'],
        ['Appends', rate === null || rate === undefined ? '–' : perSecond(rate)],
        ['Memory', memory],
        ['Disk free', disk],
      ];
      return h('tr', { class: up ? null : 'down' }, h('th', { scope: 'row' }, label(member.id)),
        cells.map(([name, value]) => h('td', { 'data-name': name }, value)));
    }))));
}

function lag(value, most) {
  const bar = h('span', { class: 'bar', 'aria-hidden': 'true' });
  bar.style.setProperty('--part', String(Math.min(1, value / most)));
  return h('span', { class: 'lag' }, value === 0 ? '0' : grouped(value), value > 0 ? bar : null);
}

function renderRoutes(element, stats) {
  const list = [...(stats?.routes ?? [])].sort((a, b) => (b.requests ?? 0) - (a.requests ?? 0));
  if (!list.length) {
    replace(element, h('p', { class: 'fine pad' }, 'No requests are counted yet.'));
    return;
  }
  replace(element, h('table', { class: 'responsive' },
    h('caption', { class: 'visually-hidden' }, 'Requests by route since this gateway began'),
    h('thead', {}, h('tr', {}, ['Route', 'Requests', 'Refused', 'Errors', 'p50', 'p99'].map((name) => h('th', { scope: 'col' }, name)))),
    h('tbody', {}, list.map((route) => h('tr', {}, h('th', { scope: 'row' }, h('code', {}, route.route)),
      [['Requests', grouped(route.requests)], ['Refused', grouped(route.refused)], ['Errors', h('span', { class: route.errors ? 'bad-text' : null }, grouped(route.errors))],
        ['p50', duration(route.p50Ms)], ['p99', duration(route.p99Ms)]].map(([name, value]) => h('td', { 'data-name': name }, value)))))));
}

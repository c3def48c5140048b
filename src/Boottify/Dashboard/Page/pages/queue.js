import { html, useEffect } from '../ui.js';
import { get } from '../api.js';
import { useResource } from '../resource.js';
import { plural, shortCommit } from '../format.js';
import { useTeams } from '../teams.js';
import { Status } from '../parts/status.js';
import { Ago } from '../parts/time.js';
import { Empty, Failure, Loading } from '../parts/notice.js';

/** What runs and what waits, in the order of its start. */
export function Queue() {
  const { data, error, reload } = useResource(signal => get('/api/queue', { signal }), [], 3000);
  const teams = useTeams();
  useEffect(() => { document.title = 'Queue · Boottify'; }, []);

  return html`
    <div class="page">
      <div class="heading">
        <h1>Queue</h1>
        ${data && html`<span class="count">${data.running} running, ${data.waiting} waiting${data.items.length < data.running + data.waiting ? ', of all teams' : ''}</span>`}
      </div>
      <${Failure} error=${error} retry=${reload} />
      ${!data && !error && html`<${Loading} />`}
      ${data?.items.length === 0 && html`<${Empty} title="Nothing waits"><p>A deployment shows here from the push to its end.</p><a href="/">All apps</a><//>`}
      ${data?.items.length > 0 && html`<ul class="rows-list">${data.items.map(item => html`<${Row} key=${item.deployment} item=${item} team=${teams.nameOf(item.team)} />`)}</ul>`}
    </div>`;
}

const Row = ({ item, team }) => html`
  <li class="card queue-row">
    <strong class="number" title="Place in the queue">${item.place ?? ''}</strong>
    <${Status} status=${item.status} />
    <a class="name" href="/deployments/${item.deployment}">${item.appName}</a>
    <code>${shortCommit(item.commit)}</code>
    <span class="hint by">${item.place ? waiting(item) : item.node}</span>
    <span class="team" title="Team">${team}</span>
    <span class="when"><${Ago} time=${item.since} /></span>
  </li>`;

const waiting = item =>
  `Waits for ${item.waitingFor ?? 'its turn'}${item.othersAhead > 0 ? `; ${plural(item.othersAhead, 'deployment')} of other teams before it` : ''}`;

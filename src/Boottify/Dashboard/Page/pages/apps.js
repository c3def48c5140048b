import { html, useEffect, useState } from '../ui.js';
import { get } from '../api.js';
import { useResource } from '../resource.js';
import { shortCommit, plural } from '../format.js';
import { useTeams } from '../teams.js';
import { Status } from '../parts/status.js';
import { Ago } from '../parts/time.js';
import { Icon } from '../parts/icons.js';
import { Empty, Failure, Loading } from '../parts/notice.js';

/** All apps that the token may see, kept fresh. */
export function Apps() {
  const [pages, setPages] = useState(1);
  const [wanted, setWanted] = useState('');
  const { data, error, reload } = useResource(signal => load(pages, signal), [pages], 4000);
  const teams = useTeams();
  useEffect(() => { document.title = 'Apps · Boottify'; }, []);

  const apps = data?.items.filter(app => matches(app, wanted));
  return html`
    <div class="page">
      <div class="heading">
        <h1>Apps</h1>
        ${data && html`<span class="count">${data.items.length}${data.next ? '+' : ''}</span>`}
        <span class="grow"></span>
        ${data?.items.length > 5 && html`<input type="search" class="filter" placeholder="Filter by name or host" aria-label="Filter apps"
          value=${wanted} onInput=${event => setWanted(event.target.value)} />`}
        <a class="button primary" href="/apps/new"><${Icon} name="plus" />New app</a>
      </div>
      <${Failure} error=${error} retry=${reload} />
      ${!data && !error && html`<${Loading} />`}
      ${data?.items.length === 0 && html`<${Empty} title="Nothing is deployed yet">
        <p>Register an app with the address of its Git repository. From then on every push deploys it.</p>
        <a class="button primary" href="/apps/new"><${Icon} name="plus" />New app</a><//>`}
      ${apps?.length > 0 && html`<ul class="apps">${apps.map(app => html`<${AppRow} key=${app.id} app=${app} team=${teams.nameOf(app.team)} />`)}</ul>`}
      ${data?.items.length > 0 && apps.length === 0 && html`<p class="hint centered">None of ${plural(data.items.length, 'app')} matches “${wanted}”.</p>`}
      ${data?.next && html`<button type="button" class="more" onClick=${() => setPages(pages + 1)}>Show more</button>`}
    </div>`;
}

function AppRow({ app, team }) {
  const last = app.lastDeployment;
  return html`
    <li class="card app-row">
      <div class="who">
        <a class="name" href="/apps/${app.id}">${app.name}</a>
        ${app.release
          ? html`<a class="host" href=${app.url} target="_blank" rel="noreferrer"><span>${app.host}</span><${Icon} name="out" /></a>`
          : html`<span class="host">${app.host}</span>`}
      </div>
      <span class="team" title="Team">${team}</span>
      ${app.status === 'deleting'
        ? html`<span class="last"><span class="status warn" title=${app.deletion?.blockedBy}>${app.deletion?.blockedBy ? 'Deletion held up' : 'Deleting…'}</span></span><span class="when"></span>`
        : last
        ? html`<a class="last" href="/deployments/${last.id}"><${Status} status=${last.status} /><code>${shortCommit(last.commit)}</code></a>
          <span class="when"><${Ago} time=${last.finishedAt ?? last.requestedAt} /></span>`
        : html`<span class="last hint">Waiting for its first push</span><span class="when"></span>`}
    </li>`;
}

async function load(pages, signal) {
  const all = { items: [], next: null };
  for (let page = 0; page < pages; page++) {
    const part = await get(`/api/apps?limit=50${all.next ? `&cursor=${encodeURIComponent(all.next)}` : ''}`, { signal });
    all.items.push(...part.items);
    all.next = part.next;
    if (!part.next) break;
  }
  return all;
}

const matches = (app, wanted) => [app.name, app.host, app.team].some(text => text?.toLowerCase().includes(wanted.trim().toLowerCase()));

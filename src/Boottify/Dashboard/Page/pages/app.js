import { html, useEffect } from '../ui.js';
import { get, post } from '../api.js';
import { go, useLocation } from '../router.js';
import { useAction, useResource } from '../resource.js';
import { Status } from '../parts/status.js';
import { Icon } from '../parts/icons.js';
import { Ago } from '../parts/time.js';
import { Empty, Failure, Loading, Notice } from '../parts/notice.js';
import { Deployments } from './app-deployments.js';
import { Releases } from './app-releases.js';
import { Environment } from './app-environment.js';
import { Domains } from './app-domains.js';
import { Settings } from './app-settings.js';

const TABS = { deployments: ['Deployments', Deployments], releases: ['Releases', Releases], environment: ['Environment', Environment], domains: ['Domains', Domains], settings: ['Settings', Settings] };

export function AppPage({ id }) {
  const { hash } = useLocation();
  const { data: app, error, reload } = useResource(signal => get(`/api/apps/${id}`, { signal }), [id], 5000);
  const deploying = useAction(async () => {
    const begun = await post(`/api/apps/${id}/deployments`, { force: true });
    go(`/deployments/${begun.id}`);
  });
  useEffect(() => { document.title = app ? `${app.name} · Boottify` : 'App · Boottify'; }, [app?.name]);

  if (error?.status === 404) {
    return app
      ? html`<${Empty} title=${`${app.name} is deleted`}><p>Every trace of it is gone.</p><a href="/">All apps</a><//>`
      : html`<${Empty} title="There is no such app"><p>${error.message}</p><a href="/">All apps</a><//>`;
  }
  if (!app) return html`<div class="page">${error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Loading} />`}</div>`;

  const chosen = TABS[hash] ? hash : 'deployments';
  const Tab = TABS[chosen][1];
  return html`
    <div class="page">
      <nav class="crumbs" aria-label="Where you are"><a href="/">Apps</a><span>/</span><span>${app.name}</span></nav>
      <div class="heading">
        <h1>${app.name}</h1>
        ${app.lastDeployment && html`<${Status} status=${app.lastDeployment.status} />`}
        <span class="grow"></span>
        ${app.release && html`<a class="button" href=${app.url} target="_blank" rel="noreferrer">Open app<${Icon} name="out" /></a>`}
        <button type="button" class="primary" disabled=${deploying.busy || app.status === 'deleting'} onClick=${deploying.run}>${deploying.busy ? 'Starting…' : `Deploy ${app.repository?.branch ?? ''}`}</button>
      </div>
      <p class="subtitle">${app.release ? html`<a href=${app.url} target="_blank" rel="noreferrer">${app.host}</a>` : app.host}
        <span>·</span><span>${app.repository?.url}</span><span>·</span><code>${app.namespace}</code></p>
      <${Failure} error=${deploying.error} />
      <${Failure} error=${error} retry=${reload} />
      ${app.status === 'deleting' && html`<${Notice} tone="warn" title="This app is being deleted"><p>It leaves the list once its containers, routes and database are gone.</p>
        ${app.deletion?.blockedBy && html`<p class="reason">${app.deletion.blockedBy}</p>
        <p class="hint">Looked at <${Ago} time=${app.deletion.lookedAt} />; tried again by itself.</p>`}<//>`}
      ${app.branchHead?.error && html`<${Notice} tone="warn" title="A push may be missed: the branch could not be read"><p>${app.branchHead.error}</p><//>`}
      <nav class="tabs" aria-label="App">${Object.entries(TABS).map(([key, [name]]) => html`
        <a key=${key} href="#${key}" aria-current=${key === chosen ? 'page' : undefined}>${name}</a>`)}</nav>
      <${Tab} app=${app} reload=${reload} />
    </div>`;
}

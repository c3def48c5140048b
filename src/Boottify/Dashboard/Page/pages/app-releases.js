import { html, useState } from '../ui.js';
import { get, post } from '../api.js';
import { go } from '../router.js';
import { useResource } from '../resource.js';
import { shortCommit, shortDigest } from '../format.js';
import { Ago } from '../parts/time.js';
import { Confirm } from '../parts/dialog.js';
import { Empty, Failure, Loading } from '../parts/notice.js';

export function Releases({ app }) {
  const [asking, setAsking] = useState(null);
  const [reason, setReason] = useState('');
  const [domains, setDomains] = useState(false);
  const changes = domainChanges(asking);
  const { data, error, reload } = useResource(signal => get(`/api/apps/${app.id}/releases`, { signal }), [app.id], 5000);

  if (!data) return error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Loading} />`;
  if (data.items.length === 0) return html`<${Empty} title="No release yet"><p>Each deployment that succeeds becomes one. It holds image, environment and settings, so that rolling back brings all of it back.</p><//>`;
  const current = data.items.find(release => release.current);
  return html`
    <${Failure} error=${error} retry=${reload} />
    ${current?.nextPushChanges?.length > 0 && html`<p class="hint">The next push changes ${current.nextPushChanges.join(', ')}: it deploys with the app’s settings of now, not with those of the release that serves.</p>`}
    <ul class="rows-list">${data.items.map(release => html`
      <li key=${release.number} class="card release-row">
        <strong class="number">#${release.number}</strong>
        <a class="name" href="/deployments/${release.deploymentId}" title=${release.reason}><code>${shortCommit(release.commit)}</code>${release.rolledBackTo ? ` · as release ${release.rolledBackTo}` : ''}${release.reason ? ` · ${release.reason}` : ''}</a>
        <code class="hint" title=${release.imageDigest}>${shortDigest(release.imageDigest)}</code>
        <span class="when"><${Ago} time=${release.createdAt} /></span>
        ${release.current
          ? html`<span class="status good">Serving</span>`
          : release.kept === false ? html`<span class="hint" title="Its image was pruned">Not kept</span>` : html`<button type="button" class="small" onClick=${() => { setDomains(false); setAsking(release); }}>Roll back<span class="unseen"> to release ${release.number}</span></button>`}
      </li>`)}</ul>
    ${asking && html`<${Confirm} title=${`Roll back to release ${asking.number}?`} action="Roll back" tone="primary" onClose=${() => setAsking(null)}
      onConfirm=${async () => {
        const begun = await post(`/api/apps/${app.id}/rollback`, { release: asking.number, reason: reason.trim() || undefined, domains: domains || undefined });
        go(`/deployments/${begun.id}`);
      }}>
      <p>Commit <code>${shortCommit(asking.commit)}</code> is deployed again with the image, environment and settings it had. What serves now keeps serving until it is ready.</p>
      ${asking.nextPushChanges?.length > 0 && html`<p class="hint">The next push deploys with the app’s settings of now again, which differ in ${asking.nextPushChanges.join(', ')}.</p>`}
      ${changes && html`<label class="check"><input type="checkbox" checked=${domains} onChange=${event => setDomains(event.target.checked)} />
        <span>Put its custom domains back too: ${changes}. Those that come back have to be proven anew.</span></label>`}
      <label><span>Why? It stays in the history.</span>
        <input value=${reason} maxlength="500" onInput=${event => setReason(event.target.value)} autocomplete="off" /></label><//>`}`;
}

/** What a return with domains would change, in words; empty for nothing. */
function domainChanges(release) {
  const { added = [], removed = [] } = release?.domainChanges ?? {};
  return [added.length > 0 && `adds ${added.join(', ')}`, removed.length > 0 && `removes ${removed.join(', ')}`].filter(Boolean).join('; ');
}

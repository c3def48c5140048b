import { html, useState } from '../ui.js';
import { get } from '../api.js';
import { useResource } from '../resource.js';
import { duration, shortCommit, titleOf } from '../format.js';
import { Status } from '../parts/status.js';
import { Ago } from '../parts/time.js';
import { Empty, Failure, Loading } from '../parts/notice.js';

export function Deployments({ app }) {
  const [pages, setPages] = useState(1);
  const { data, error, reload } = useResource(signal => load(app.id, pages, signal), [app.id, pages], 3000);

  if (!data) return error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Loading} />`;
  if (data.items.length === 0) {
    return html`<${Empty} title="Waiting for the first push"><p>Send the webhook from your Git host, or use the Deploy button above.</p><//>`;
  }
  return html`
    <${Failure} error=${error} retry=${reload} />
    <ul class="rows-list">${data.items.map(each => html`
      <li key=${each.id} class="card deployment-row">
        <${Status} status=${each.status} />
        <a class="name" href="/deployments/${each.id}">${titleOf(each)}</a>
        <code>${shortCommit(each.commit)}</code>
        <span class="hint by">${each.requestedBy}</span>
        <span class="hint number took">${each.startedAt ? duration(each.startedAt, each.finishedAt ?? undefined) : ''}</span>
        <span class="when"><${Ago} time=${each.requestedAt} /></span>
      </li>`)}</ul>
    ${data.next && html`<button type="button" class="more" onClick=${() => setPages(pages + 1)}>Show more</button>`}`;
}

async function load(app, pages, signal) {
  const all = { items: [], next: null };
  for (let page = 0; page < pages; page++) {
    const part = await get(`/api/apps/${app}/deployments?limit=30${all.next ? `&cursor=${encodeURIComponent(all.next)}` : ''}`, { signal });
    all.items.push(...part.items);
    all.next = part.next;
    if (!part.next) break;
  }
  return all;
}

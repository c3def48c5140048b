import { html, useRef, useState } from '../ui.js';
import { get, post, remove } from '../api.js';
import { useAction, useResource } from '../resource.js';
import { Confirm } from '../parts/dialog.js';
import { Copyable } from '../parts/copyable.js';
import { Failure, Loading } from '../parts/notice.js';
import { Status } from '../parts/status.js';
import { instant } from '../format.js';

/** The app's own names beside the platform's: how each stands, and the records to set for it. */
export function Domains({ app }) {
  const name = useRef(null);
  const [removing, setRemoving] = useState(null);
  const path = `/api/apps/${app.id}/domains`;
  const { data, error, reload } = useResource(signal => get(path, { signal }), [app.id], 3000);
  const adding = useAction(async () => {
    await post(path, { host: name.current.value.trim() });
    name.current.value = '';
    reload();
  });

  return html`
    <p class="hint">Add a name that is yours, set the records that are shown where its DNS is kept, and it is served here with a certificate. It also stays reachable as ${app.host}.</p>
    <form class="card inline" onSubmit=${event => { event.preventDefault(); adding.run(); }}>
      <label class="grow">Domain<input ref=${name} required placeholder="shop.example.com" autocomplete="off" autocapitalize="none" spellcheck=${false} /></label>
      <button type="submit" class="primary" disabled=${adding.busy}>Add</button>
    </form>
    <${Failure} error=${adding.error} />
    ${!data && (error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Loading} rows=${2} />`)}
    ${data?.items.length === 0 && html`<p class="hint centered">No domain yet.</p>`}
    <div class="rows-list">${data?.items.map(each => html`
      <${Domain} key=${each.host} domain=${each} path=${`${path}/${encodeURIComponent(each.host)}`} reload=${reload} onRemove=${() => setRemoving(each)} />`)}</div>
    ${removing && html`<${Confirm} title=${`Remove ${removing.unicode}?`} action="Remove it" onClose=${() => setRemoving(null)}
      onConfirm=${async () => { await remove(`${path}/${encodeURIComponent(removing.host)}`); reload(); }}>
      <p>It stops answering here at once, and its certificate is deleted. To add it again, its ownership has to be proven anew.</p><//>`}`;
}

function Domain({ domain, path, reload, onRemove }) {
  const verifying = useAction(async () => { await post(`${path}/verify`); reload(); });
  const done = domain.status === 'active' && !domain.reason;
  return html`
    <section class="card domain" aria-label=${domain.unicode}>
      <div class="heading">
        <span class="name">${domain.unicode}</span>
        <${Status} status=${domain.status} />
        <span class="grow"></span>
        <button type="button" class="small" disabled=${verifying.busy} onClick=${verifying.run}>${verifying.busy ? 'Looking…' : 'Verify'}<span class="unseen"> ${domain.unicode}</span></button>
        <button type="button" class="small" onClick=${onRemove}>Remove<span class="unseen"> ${domain.unicode}</span></button>
      </div>
      ${domain.unicode !== domain.host && html`<p class="hint">In DNS: <code>${domain.host}</code></p>`}
      ${domain.reason && html`<p class="reason">${domain.reason}</p>`}
      ${domain.nextAttempt && !done && html`<p class="hint">Looked at again by itself at ${instant(domain.nextAttempt)}.</p>`}
      <${Failure} error=${verifying.error} />
      <details open=${!done}>
        <summary>${done ? 'Records to keep' : 'Records to set'}</summary>
        ${domain.records.map(record => html`
          <div class="record" key=${record.type}>
            <code>${record.type}</code>
            <${Copyable} label=${`${record.type} name`} text=${record.name} />
            <${Copyable} label=${`${record.type} value`} text=${record.value} />
            ${record.note && html`<p class="hint">${record.note}</p>`}
          </div>`)}
      </details>
    </section>`;
}

import { html, useRef } from '../ui.js';
import { get, put, remove } from '../api.js';
import { useAction, useResource } from '../resource.js';
import { Ago } from '../parts/time.js';
import { Failure, Loading } from '../parts/notice.js';

export function Environment({ app }) {
  const name = useRef(null);
  const value = useRef(null);
  const { data, error, reload } = useResource(signal => get(`/api/apps/${app.id}/env`, { signal }), [app.id], 10_000);
  const setting = useAction(async () => {
    await put(`/api/apps/${app.id}/env/${encodeURIComponent(name.current.value.trim())}`, { value: value.current.value });
    name.current.value = value.current.value = '';
    name.current.focus();
    reload();
  });
  const removing = useAction(async each => {
    await remove(`/api/apps/${app.id}/env/${encodeURIComponent(each)}`);
    reload();
  });

  return html`
    <p class="hint">Values are stored encrypted and never shown again. A change reaches the app with its next deployment.</p>
    <form class="card inline" onSubmit=${event => { event.preventDefault(); setting.run(); }}>
      <label>Name<input ref=${name} required pattern="[A-Za-z_][A-Za-z0-9_]*" title="Letters, digits and underscores; not a digit first" placeholder="API_KEY" autocomplete="off" spellcheck=${false} /></label>
      <label class="grow">Value<input ref=${value} type="password" autocomplete="new-password" /></label>
      <button type="submit" class="primary" disabled=${setting.busy}>Set</button>
    </form>
    <${Failure} error=${setting.error ?? removing.error} />
    ${!data && (error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Loading} rows=${2} />`)}
    ${data?.items.length === 0 && html`<p class="hint centered">No variable is set.</p>`}
    ${data?.items.length > 0 && html`<ul class="rows-list">${data.items.map(each => html`
      <li key=${each.name} class="card variable-row"><code class="name">${each.name}</code><span class="hint">••••••••</span>
        <span class="when">${each.setAt && html`set <${Ago} time=${each.setAt} />`}</span>
        <button type="button" class="small" disabled=${removing.busy} onClick=${() => removing.run(each.name)}>Remove<span class="unseen"> ${each.name}</span></button></li>`)}</ul>`}`;
}

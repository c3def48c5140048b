import { html, useState } from '../ui.js';
import { patch, remove } from '../api.js';
import { go } from '../router.js';
import { useAction } from '../resource.js';
import { Confirm } from '../parts/dialog.js';
import { Failure } from '../parts/notice.js';
import { Field, repositoryOf, runtimeOf } from '../parts/app-fields.js';

export function Settings({ app, reload }) {
  const [asking, setAsking] = useState(false);
  const [saved, setSaved] = useState(false);
  const saving = useAction(async form => {
    const fields = new FormData(form);
    await patch(`/api/apps/${app.id}`, { repository: repositoryOf(fields), ...runtimeOf(fields) });
    setSaved(true);
    reload();
  });

  return html`
    <form class="card fields" onSubmit=${event => { event.preventDefault(); saving.run(event.target); }} onInput=${() => setSaved(false)}>
      <h2>Source</h2>
      <${Field} name="url" label="Repository" value=${app.repository?.url} required />
      <div class="side-by-side">
        <${Field} name="branch" label="Branch" value=${app.repository?.branch} required />
        <${Field} name="directory" label="Folder" value=${app.repository?.directory} hint="Inside the repository; empty for its root." />
      </div>
      <${Field} name="token" label="Access token" type="password" hint="Only to replace the one that is stored." />
      <h2>Runtime</h2>
      <div class="side-by-side">
        <${Field} name="port" label="Port" type="number" min="1" max="65535" value=${app.port} />
        <${Field} name="health" label="Health path" value=${app.health} hint="Answers 2xx or 3xx once the app is ready." />
        <${Field} name="replicas" label="Replicas" type="number" min="1" max="20" value=${app.replicas} />
      </div>
      <p class="hint">A change reaches the app with its next deployment.</p>
      <${Failure} error=${saving.error} />
      <div class="actions"><span class="hint" role="status">${saved ? 'Saved.' : ''}</span><button type="submit" class="primary" disabled=${saving.busy}>Save</button></div>
    </form>
    <section class="card fields peril">
      <h2>Delete this app</h2>
      <p class="hint">Stops it and removes its containers, routes, certificate, images and database. Its history stays. This cannot be undone.</p>
      <div class="actions"><button type="button" class="danger" onClick=${() => setAsking(true)}>Delete ${app.name}</button></div>
    </section>
    ${asking && html`<${Confirm} title=${`Delete ${app.name}?`} word=${app.name} action="Delete it for good" onClose=${() => setAsking(false)}
      onConfirm=${async () => { await remove(`/api/apps/${app.id}`); go('/'); }}>
      <p>Its address stops answering at once, and its database is dropped.</p><//>`}`;
}

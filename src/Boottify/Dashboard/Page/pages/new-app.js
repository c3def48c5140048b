import { html, useEffect, useState } from '../ui.js';
import { post } from '../api.js';
import { useAction } from '../resource.js';
import { useTeams } from '../teams.js';
import { Copyable } from '../parts/copyable.js';
import { Failure, Notice } from '../parts/notice.js';
import { Field, repositoryOf, runtimeOf, text } from '../parts/app-fields.js';
import { workflowOf } from './workflow.js';

export function NewApp() {
  const [created, setCreated] = useState(null);
  const teams = useTeams().items;
  const creating = useAction(async form => {
    const fields = new FormData(form);
    const app = await post('/api/apps', { team: text(fields, 'team'), name: text(fields, 'name'), repository: repositoryOf(fields), ...runtimeOf(fields) });
    setCreated({ app, branch: text(fields, 'branch') });
  });
  useEffect(() => { document.title = 'New app · Boottify'; }, []);

  if (created) return html`<${Created} ...${created} />`;
  return html`
    <div class="page narrow">
      <nav class="crumbs" aria-label="Where you are"><a href="/">Apps</a><span>/</span><span>New</span></nav>
      <div class="heading"><h1>New app</h1></div>
      <form class="card fields" onSubmit=${event => { event.preventDefault(); creating.run(event.target); }}>
        <div class="side-by-side">
          <${Field} name="name" label="Name" required maxlength="100" hint="Anything you like; the address is made from it." />
          <div class="field"><label for="field-team">Team</label>
            <select id="field-team" name="team" required>${teams.map(team => html`<option key=${team.id} value=${team.id}>${team.name}</option>`)}</select>
            <p class="hint">Its members see the app.</p></div>
        </div>
        <${Field} name="url" label="Git repository" type="url" required placeholder="https://github.com/you/app.git" />
        <div class="side-by-side">
          <${Field} name="branch" label="Branch" required value="main" />
          <${Field} name="directory" label="Folder" placeholder="the root" hint="For an app in a part of the repository." />
        </div>
        <${Field} name="token" label="Access token" type="password" hint="For a private repository: one that may read it. Stored encrypted." />
        <details><summary>Runtime</summary>
          <div class="side-by-side">
            <${Field} name="port" label="Port" type="number" min="1" max="65535" placeholder="3000" />
            <${Field} name="health" label="Health path" placeholder="/" />
            <${Field} name="replicas" label="Replicas" type="number" min="1" max="20" placeholder="1" />
          </div></details>
        <${Failure} error=${creating.error} />
        <div class="actions"><a class="button" href="/">Back</a><button type="submit" class="primary" disabled=${creating.busy}>${creating.busy ? 'Creating…' : 'Create app'}</button></div>
      </form>
    </div>`;
}

/** Shown once: the secret cannot be read again. */
function Created({ app, branch }) {
  return html`
    <div class="page narrow">
      <div class="heading"><h1>${app.name} is ready for its first push</h1></div>
      <${Notice} tone="warn" title="Copy the secret now"><p>It is stored encrypted and not shown again.</p><//>
      <section class="card fields">
        <h2>1. Store the secret</h2>
        <p class="hint">In the repository: Settings → Secrets and variables → Actions → New repository secret, named <code>BOOTTIFY_SECRET</code>.</p>
        <${Copyable} label="Webhook secret" text=${app.webhook.secret} />
        <h2>2. Add the workflow</h2>
        <p class="hint">As <code>.github/workflows/boottify.yml</code>. Every push to <code>${branch}</code> then deploys.</p>
        <${Copyable} label="Workflow" text=${workflowOf(app, branch)} block />
        <h2>Or call it yourself</h2>
        <p class="hint">Sign the body with HMAC-SHA256 under the secret, in the header <code>X-Hub-Signature-256</code>.</p>
        <${Copyable} label="Webhook address" text=${app.webhook.url} />
        <div class="actions"><a class="button primary" href="/apps/${app.id}">Go to the app</a></div>
      </section>
    </div>`;
}

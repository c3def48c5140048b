import { html, useEffect, useRef, useState } from '../ui.js';
import { post } from '../api.js';
import { go } from '../router.js';
import { useAction, useTicking } from '../resource.js';
import { duration, megabytes, plural, shortCommit, shortDigest, titleOf } from '../format.js';
import { ENDS, Status, statusName } from '../parts/status.js';
import { StepTrack } from '../parts/step-track.js';
import { Ago } from '../parts/time.js';
import { Icon } from '../parts/icons.js';
import { Confirm } from '../parts/dialog.js';
import { Empty, Failure, Loading, Notice } from '../parts/notice.js';
import { LogPanel } from '../log/log-panel.js';
import { useDeployment } from './follow-deployment.js';

/** A deployment: its steps and its log, both live. */
export function DeploymentPage({ id }) {
  const view = useRef(null);
  const [from, setFrom] = useState(null);
  const { deployment, error, state, reload } = useDeployment(id, view, from);
  const [step, setStep] = useState(null);

  useEffect(() => {
    document.title = deployment ? `${statusName(deployment.status)} · ${deployment.appName} · Boottify` : 'Deployment · Boottify';
  }, [deployment?.status]);

  if (!deployment) {
    if (error?.status === 404) return html`<${Empty} title="There is no such deployment"><p>${error.message}</p><a href="/">All apps</a><//>`;
    return html`<div class="page">${error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Loading} rows=${6} />`}</div>`;
  }

  const live = !ENDS.has(deployment.status);
  async function choose(name) {
    const chosen = name === step ? null : name;
    setStep(chosen);
    view.current.show({ step: chosen });
    if (!chosen) return;
    const order = deployment.steps.map(each => each.name);
    const place = order.indexOf(chosen);
    const first = await view.current.store.firstWhere(line => order.indexOf(line.step) >= place).catch(() => 0);
    if (first) view.current.jump(Math.min(first, view.current.store.count));
  }

  return html`
    <div class="page deployment">
      <${Heading} deployment=${deployment} live=${live} reload=${reload} />
      <${Failure} error=${error} retry=${reload} />
      <${Outcome} deployment=${deployment} />
      <${StepTrack} steps=${deployment.steps} chosen=${step} onChoose=${choose} />
      <${LogPanel} id=${id} view=${view} live=${live} state=${state} atEnd=${['failed', 'rolledBack'].includes(deployment.status)}
        step=${step} onStep=${() => choose(step)} onMeasured=${setFrom} />
    </div>`;
}

function Heading({ deployment, live, reload }) {
  const [asking, setAsking] = useState(false);
  const again = useAction(async () => {
    const begun = await post(`/api/apps/${deployment.appId}/deployments`, { commit: deployment.commit, force: true });
    go(`/deployments/${begun.id}`);
  });
  useTicking(live);
  return html`
    <nav class="crumbs" aria-label="Where you are"><a href="/">Apps</a><span>/</span><a href="/apps/${deployment.appId}">${deployment.appName}</a></nav>
    <div class="heading">
      <h1>${titleOf(deployment)}</h1>
      <${Status} status=${deployment.status} />
      <span class="grow"></span>
      ${deployment.url && html`<a class="button" href=${deployment.url} target="_blank" rel="noreferrer">Open app<${Icon} name="out" /></a>`}
      ${live
        ? html`<button type="button" class="danger" disabled=${Boolean(deployment.cancelledBy)} onClick=${() => setAsking(true)}>${deployment.cancelledBy ? 'Cancelling…' : 'Cancel'}</button>`
        : html`<button type="button" disabled=${again.busy} onClick=${again.run}>Deploy again</button>`}
    </div>
    <${Failure} error=${again.error} />
    <dl class="facts">
      <div><dt>Commit</dt><dd><code title=${deployment.commit}>${shortCommit(deployment.commit)}</code></dd></div>
      <div><dt>By</dt><dd>${deployment.requestedBy ?? '–'}</dd></div>
      <div><dt>Requested</dt><dd><${Ago} time=${deployment.requestedAt} /></dd></div>
      <div><dt>${live ? 'Running for' : 'Took'}</dt><dd class="number">${deployment.startedAt ? duration(deployment.startedAt, deployment.finishedAt ?? undefined) : '–'}</dd></div>
      ${deployment.image && html`<div><dt>Image</dt><dd><code title=${deployment.image.digest}>${shortDigest(deployment.image.digest)}</code> <span class="hint">${megabytes(deployment.image.sizeBytes)}</span></dd></div>`}
      ${deployment.reason && html`<div class="why"><dt>Reason</dt><dd>${deployment.reason}</dd></div>`}
      ${deployment.release && html`<div><dt>Release</dt><dd class="number">${deployment.release}</dd></div>`}
    </dl>
    ${asking && html`<${Confirm} title="Cancel this deployment?" action="Cancel the deployment" onClose=${() => setAsking(false)}
      onConfirm=${async () => { await post(`/api/deployments/${deployment.id}/cancel`); reload(); }}>
      <p>Its work is stopped and what it made is removed. What served before keeps serving.</p><//>`}`;
}

/** What a reader should know before anything else: waiting for what, or failed why. */
function Outcome({ deployment }) {
  const { status, error, queuePosition, waitingFor, steps } = deployment;
  if (status === 'queued' && queuePosition) {
    return html`<${Notice} title=${queuePosition === 1 ? 'Next in line' : `${plural(queuePosition - 1, 'deployment')} ahead of this one`}>
      <p>${waitingFor ? `It waits for ${waitingFor}, and starts by itself then.` : 'It starts by itself as soon as its turn comes.'} <a href="/queue">The queue</a></p><//>`;
  }
  const failed = steps.find(step => step.status === 'failed');
  if (status === 'failed' || status === 'rolledBack') {
    const name = failed && failed.name !== 'rollback' ? `The ${failed.name} step failed` : 'The deployment failed';
    const rest = status === 'rolledBack' ? ' The last good release serves again.' : '';
    return html`<div class="notice ${status === 'failed' ? 'bad' : 'warn'}" role="alert"><${Icon} name="warn" /><div><strong>${name}.${rest}</strong><p class="reason">${error ?? failed?.error}</p></div></div>`;
  }
  const retried = steps.find(step => step.status === 'failed' && step.error);
  if (!ENDS.has(status) && retried) {
    return html`<${Notice} tone="warn" title=${`The ${retried.name} step is tried again`}><p class="reason">${retried.error}</p><//>`;
  }
  if (status === 'superseded' && deployment.startedAt) {
    return html`<${Notice} title="This push came late"><p>The branch was at another commit by then, and <a href="/deployments/${deployment.supersededBy}">this deployment</a> stands in its place.</p><//>`;
  }
  if (status === 'superseded') {
    return html`<${Notice} title="A newer push took its place"><p>It was still waiting, and <a href="/deployments/${deployment.supersededBy}">the newer deployment</a> holds its commit, too.</p><//>`;
  }
  if (status === 'cancelled') return html`<${Notice} title=${`Cancelled by ${deployment.cancelledBy ?? 'a user'}`}><p>What it made is removed. What served before keeps serving.</p><//>`;
  return null;
}


import { html } from '../ui.js';
import { duration } from '../format.js';
import { useTicking } from '../resource.js';
import { Icon } from './icons.js';

const ICONS = { pending: null, running: 'ring', succeeded: 'check', failed: 'cross' };

/** The steps of a deployment in their order; choosing one shows its lines in the log. */
export function StepTrack({ steps, chosen, onChoose }) {
  useTicking(steps.some(step => step.status === 'running'));
  return html`
    <ol class="steps" aria-label="Steps">${steps.map(step => html`
      <li key=${step.name} class="step ${step.status}" data-step=${step.name} data-status=${step.status}>
        <button type="button" aria-pressed=${chosen === step.name} disabled=${step.status === 'pending'} onClick=${() => onChoose(step.name)}
          title=${step.status === 'pending' ? undefined : 'Show in the log'}>
          <span class="dot">${ICONS[step.status] && html`<${Icon} name=${ICONS[step.status]} spin=${step.status === 'running'} />`}</span>
          <span class="label">${step.name}</span>
          <span class="unseen">${step.status}</span>
          <span class="figures">${figures(step)}</span>
        </button>
      </li>`)}
    </ol>`;
}

function figures(step) {
  const took = step.startedAt ? duration(step.startedAt, step.finishedAt ?? undefined) : '';
  return step.attempt > 1 ? `${took} · attempt ${step.attempt}` : took;
}

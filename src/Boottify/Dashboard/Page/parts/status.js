import { html } from '../ui.js';
import { Icon } from './icons.js';

const LOOKS = {
  queued: ['waiting', 'clock', 'Queued'],
  validating: ['running', 'ring', 'Validating'],
  building: ['running', 'ring', 'Building'],
  pushing: ['running', 'ring', 'Pushing'],
  provisioning: ['running', 'ring', 'Provisioning'],
  checking: ['running', 'ring', 'Checking'],
  publishing: ['running', 'ring', 'Publishing'],
  finalizing: ['running', 'ring', 'Finalizing'],
  succeeded: ['good', 'check', 'Succeeded'],
  failed: ['bad', 'cross', 'Failed'],
  rolledBack: ['warn', 'back', 'Rolled back'],
  cancelled: ['quiet', 'minus', 'Cancelled'],
  superseded: ['quiet', 'minus', 'Superseded'],
  pendingOwnership: ['waiting', 'clock', 'Waiting for proof'],
  pendingDns: ['waiting', 'clock', 'Waiting for DNS'],
  issuing: ['running', 'ring', 'Getting a certificate'],
  active: ['good', 'check', 'Active'],
};

export const ENDS = new Set(['succeeded', 'failed', 'rolledBack', 'cancelled', 'superseded']);

export const statusName = status => (LOOKS[status] ?? ['', '', status])[2];

/** A deployment's or a domain's status: colour, shape and word, so that no one of them has to carry it alone. */
export function Status({ status }) {
  const [tone, icon, name] = LOOKS[status] ?? ['quiet', 'minus', status];
  return html`<span class="status ${tone}" data-status=${status}><${Icon} name=${icon} spin=${icon === 'ring'} />${name}</span>`;
}

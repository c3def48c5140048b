import { html } from '../ui.js';
import { Icon } from './icons.js';

/** Something went wrong: what, and what to do. */
export const Failure = ({ error, retry }) => error && html`
  <div class="notice bad" role="alert">
    <${Icon} name="warn" />
    <p>${error.message}</p>
    ${retry && html`<button type="button" class="small" onClick=${retry}>Try again</button>`}
  </div>`;

export const Notice = ({ tone = 'info', title, children }) => html`
  <div class="notice ${tone}">
    <${Icon} name=${tone === 'good' ? 'check' : 'warn'} />
    <div>${title && html`<strong>${title}</strong>`}${children}</div>
  </div>`;

export const Empty = ({ title, children }) => html`<div class="empty"><h2>${title}</h2><div>${children}</div></div>`;

/** Grey bars in the place of what is on its way. */
export const Loading = ({ rows = 4 }) => html`
  <div class="loading" aria-busy="true"><span class="unseen">Loading</span>${Array.from({ length: rows }, (_, i) => html`<i key=${i} />`)}</div>`;

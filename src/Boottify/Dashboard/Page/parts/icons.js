import { html } from '../ui.js';

const PATHS = {
  check: 'M3.5 8.5l3 3 6-7',
  cross: 'M4.5 4.5l7 7m0-7l-7 7',
  clock: 'M8 4.5V8l2.2 1.5M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z',
  minus: 'M4.5 8h7',
  back: 'M4.5 5.5H10a3.2 3.2 0 0 1 0 6.4H6M4.5 5.5L7 3M4.5 5.5L7 8',
  down: 'M8 3v8m-3.5-3.3L8 11.2l3.5-3.5M3.5 13.3h9',
  follow: 'M8 3v9m-4-3.8l4 4 4-4',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zm3.4-1.1L14 14',
  up: 'M4 9.7l4-4 4 4',
  next: 'M4 6.3l4 4 4-4',
  out: 'M6.5 3.5h-3v9h9v-3M9 3.5h3.5V7M12.5 3.5L7.5 8.5',
  copy: 'M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z',
  plus: 'M8 3.5v9M3.5 8h9',
  warn: 'M8 5.7v3.2m0 2.2v.1M7.1 2.7L1.8 12a1 1 0 0 0 .9 1.5h10.6a1 1 0 0 0 .9-1.5L8.9 2.7a1 1 0 0 0-1.8 0z',
};

/** Decoration beside text that says the same: hidden from screen readers. */
export const Icon = ({ name, spin }) => html`
  <svg class=${spin ? 'icon spin' : 'icon'} viewBox="0 0 16 16" aria-hidden="true">
    ${name === 'ring' ? html`<circle cx="8" cy="8" r="5.5" class="faint" /><path d="M8 2.5A5.5 5.5 0 0 1 13.5 8" />` : html`<path d=${PATHS[name]} />`}
  </svg>`;

import { html } from '../ui.js';
import { ago, instant } from '../format.js';
import { useTicking } from '../resource.js';

/** "3 minutes ago", kept true; the exact time on hover. */
export function Ago({ time }) {
  useTicking(Boolean(time));
  return time ? html`<time datetime=${time} title=${instant(time)}>${ago(time)}</time>` : html`<span>–</span>`;
}

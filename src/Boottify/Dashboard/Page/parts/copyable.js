import { html, announce, useState } from '../ui.js';
import { Icon } from './icons.js';

/** Text to take elsewhere, with a button that copies it. */
export function Copyable({ label, text, block = false }) {
  const [said, setSaid] = useState('Copy');
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
      announce(`${label} copied`);
    } catch {
      setSaid('Select it and copy');
    }
    setTimeout(() => setSaid('Copy'), 2000);
  }
  return html`
    <div class=${block ? 'copyable block' : 'copyable'}>
      <div class="bar"><span>${label}</span>
        <button type="button" class="small" onClick=${copy} aria-label=${`Copy ${label}`}><${Icon} name="copy" />${said}</button></div>
      <pre tabindex="0"><code>${text}</code></pre>
    </div>`;
}

import { html, useEffect, useRef, useState } from '../ui.js';
import { Failure } from './notice.js';
import { useAction } from '../resource.js';

/**
 * Asks before something that cannot be undone at once.
 * @param word what has to be typed first; none for a plain question
 */
export function Confirm({ title, word, action, tone = 'danger', onConfirm, onClose, children }) {
  const dialog = useRef(null);
  const [typed, setTyped] = useState('');
  const doing = useAction(async () => {
    await onConfirm();
    onClose();
  });
  useEffect(() => {
    dialog.current.showModal();
  }, []);

  const ready = !word || typed.trim() === word.trim();
  return html`
    <dialog ref=${dialog} onClose=${onClose} aria-labelledby="confirm-title">
      <form onSubmit=${event => { event.preventDefault(); if (ready) doing.run(); }}>
        <h2 id="confirm-title">${title}</h2>
        ${children}
        ${word && html`<label><span>Type <strong>${word}</strong> to confirm</span>
          <input value=${typed} onInput=${event => setTyped(event.target.value)} autocomplete="off" spellcheck=${false} /></label>`}
        <${Failure} error=${doing.error} />
        <div class="actions">
          <button type="button" onClick=${() => dialog.current.close()}>Keep things as they are</button>
          <button type="submit" class=${tone} disabled=${!ready || doing.busy}>${doing.busy ? 'Working…' : action}</button>
        </div>
      </form>
    </dialog>`;
}

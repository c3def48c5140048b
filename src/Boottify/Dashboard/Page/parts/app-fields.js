import { html } from '../ui.js';

/** A labelled input; its hint is read out with it. `value` is what it begins with: a refresh never undoes what is being typed. */
export function Field({ label, hint, name, value, id = `field-${name}`, ...input }) {
  return html`
    <div class="field"><label for=${id}>${label}</label>
      <input id=${id} name=${name} defaultValue=${value} autocomplete="off" spellcheck=${false} aria-describedby=${hint ? `${id}-hint` : undefined} ...${input} />
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}</div>`;
}

/** What a form's fields say of the repository; what is left empty is left out. */
export const repositoryOf = fields => ({
  url: text(fields, 'url'),
  branch: text(fields, 'branch'),
  directory: fields.get('directory')?.trim() || undefined,
  token: text(fields, 'token'),
});

export const runtimeOf = fields => ({
  port: number(fields, 'port'),
  health: text(fields, 'health'),
  replicas: number(fields, 'replicas'),
});

export const text = (fields, name) => fields.get(name)?.trim() || undefined;

const number = (fields, name) => (text(fields, name) === undefined ? undefined : Number(text(fields, name)));

import { html, useEffect, useRef } from '../ui.js';
import { signIn } from '../session.js';
import { Problem, problemOf } from '../api.js';
import { useAction } from '../resource.js';
import { Failure } from '../parts/notice.js';

export function SignIn({ reason }) {
  const field = useRef(null);
  const entering = useAction(() => enter(field.current.value.trim()));
  useEffect(() => {
    document.title = 'Sign in · Boottify';
    field.current.focus();
  }, []);

  return html`
    <main class="sign-in" id="main">
      <form class="card" onSubmit=${event => { event.preventDefault(); entering.run(); }}>
        <span class="mark large" aria-hidden="true"></span>
        <h1>Sign in to Boottify</h1>
        <p class="lead">Push to Git, watch it go live.</p>
        <label for="token">Access token</label>
        <input id="token" ref=${field} type="password" placeholder="bt_…" autocomplete="off" spellcheck=${false} required
          aria-invalid=${Boolean(entering.error)} aria-describedby="token-help" />
        <${Failure} error=${entering.error ?? (reason && { message: reason })} />
        <button type="submit" class="primary" disabled=${entering.busy}>${entering.busy ? 'Signing in…' : 'Sign in'}</button>
        <p id="token-help" class="hint">On the machine that runs Boottify: <code>BOOTTIFY_TOKEN</code> in <code>.boottify/platform.env</code>.
          It is kept in this tab alone and forgotten when the tab closes.</p>
      </form>
    </main>`;
}

async function enter(token) {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Problem(401, WRONG);
  const response = await fetch('/api/apps?limit=1', { headers: { Authorization: `Bearer ${token}` }, cache: 'no-store', signal: AbortSignal.timeout(15_000) })
    .catch(() => { throw new Problem(0, 'Boottify does not answer. Check the connection and try again.'); });
  if (response.status === 401) throw new Problem(401, WRONG);
  if (!response.ok) throw await problemOf(response);
  signIn(token);
}

const WRONG = 'This token is not accepted. Check that it was copied whole: it starts with bt_. A revoked token has to be replaced by a team’s owner.';

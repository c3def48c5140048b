import { html } from '../ui.js';
import { signOut } from '../session.js';

export const TopBar = ({ path }) => html`
  <header class="top">
    <a class="brand" href="/"><span class="mark" aria-hidden="true"></span>Boottify</a>
    <nav aria-label="Main"><a href="/" aria-current=${path === '/' ? 'page' : undefined}>Apps</a><a href="/queue" aria-current=${path === '/queue' ? 'page' : undefined}>Queue</a></nav>
    <button type="button" class="quiet" onClick=${() => signOut()}>Sign out</button>
  </header>`;

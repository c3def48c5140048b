import { html, render, useEffect, useState } from './ui.js';
import { token, onSession } from './session.js';
import { useLocation } from './router.js';
import { TopBar } from './parts/top-bar.js';
import { SignIn } from './pages/sign-in.js';
import { Apps } from './pages/apps.js';
import { NewApp } from './pages/new-app.js';
import { AppPage } from './pages/app.js';
import { Queue } from './pages/queue.js';
import { DeploymentPage } from './pages/deployment.js';
import { Empty } from './parts/notice.js';

function Page() {
  const [session, setSession] = useState({ token: token(), reason: null });
  const { path } = useLocation();
  useEffect(() => onSession(reason => setSession({ token: token(), reason })), []);

  if (!session.token) return html`<${SignIn} reason=${session.reason} />`;
  return html`<${TopBar} path=${path} /><main id="main" tabindex="-1"><${View} path=${path} /></main>`;
}

function View({ path }) {
  const [, kind, id] = path.split('/');
  if (path === '/') return html`<${Apps} />`;
  if (path === '/queue') return html`<${Queue} />`;
  if (kind === 'apps' && id === 'new') return html`<${NewApp} />`;
  if (kind === 'apps' && id) return html`<${AppPage} key=${id} id=${id} />`;
  if (kind === 'deployments' && id) return html`<${DeploymentPage} key=${id} id=${id} />`;
  return html`<${Empty} title="There is no such page"><a href="/">All apps</a><//>`;
}

render(html`<${Page} />`, document.getElementById('root'));

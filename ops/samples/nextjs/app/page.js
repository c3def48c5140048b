import { release } from './release';

export const dynamic = 'force-dynamic';

export default function Home() {
  const { version, commit } = release();
  return (
    <main>
      <p className="eyebrow">Deployed by Boottify</p>
      <h1>
        A push became <em>this page</em>.
      </h1>
      <dl>
        <div>
          <dt>Version</dt>
          <dd id="version">{version}</dd>
        </div>
        <div>
          <dt>Commit</dt>
          <dd id="commit" title={commit}>
            {commit.slice(0, 12)}
          </dd>
        </div>
        <div>
          <dt>Rendered</dt>
          <dd>{new Date().toISOString().slice(0, 19).replace('T', ' ')} UTC</dd>
        </div>
      </dl>
      <a href="/api/health">/api/health</a>
    </main>
  );
}

import { version } from '../package.json';

// Read at each request: the environment of the running container counts, not that of the build.
export function release() {
  return {
    version: process.env.APP_VERSION ?? version,
    commit: process.env.BOOTTIFY_COMMIT ?? 'unknown',
  };
}

import { token, signOut } from './session.js';

const TIMEOUT = 15_000;
const TRIES = 4;

/** What went wrong, in words to show: the problem document's detail where there is one. */
export class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const get = (path, options) => call('GET', path, undefined, options);
export const post = (path, body, options) => call('POST', path, body ?? {}, options);
export const put = (path, body, options) => call('PUT', path, body, options);
export const patch = (path, body, options) => call('PATCH', path, body, options);
export const remove = (path, options) => call('DELETE', path, undefined, options);

/** Reads are tried again when the network or a restart is in the way; writes are not, lest they be done twice. */
async function call(method, path, body, { signal, timeout = TIMEOUT } = {}) {
  for (let tried = 1; ; tried++) {
    try {
      return await once(method, path, body, signal, timeout);
    } catch (error) {
      const passing = error instanceof Problem && [0, 502, 503, 504].includes(error.status);
      if (method !== 'GET' || !passing || tried === TRIES || signal?.aborted) throw error;
      await pause(backoff(tried), signal);
    }
  }
}

async function once(method, path, body, signal, timeout) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: { ...authorization(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.any([AbortSignal.timeout(timeout), ...(signal ? [signal] : [])]),
      cache: 'no-store',
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, 'Boottify does not answer. Check the connection; this page tries again by itself.');
  }
  if (!response.ok) throw await problemOf(response);
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

export async function problemOf(response) {
  if (response.status === 401) signOut('The token is no longer accepted. Sign in again.');
  const document = await response.json().catch(() => null);
  return new Problem(response.status, document?.detail ?? document?.title ?? MEANING[response.status]
    ?? `Boottify answered ${response.status}. Try again; if it stays, its log tells more.`);
}

export const authorization = () => (token() ? { Authorization: `Bearer ${token()}` } : {});

/** Full jitter, so that a thousand open pages do not return in step after a restart. Milliseconds. */
export const backoff = tried => Math.random() * Math.min(15_000, 500 * 2 ** tried);

export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}

const MEANING = {
  401: 'The token is not accepted. Check that it was copied whole: it starts with bt_.',
  403: 'This token may not do that. Ask an owner of the team for one that may.',
  404: 'There is no such thing here, or it belongs to another team.',
  409: 'It changed meanwhile. Reload the page and try again.',
  429: 'Too many requests. Wait a moment and try again.',
};

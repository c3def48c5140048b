// The token lives as long as the tab. No cookie: another site's page cannot make the browser send it.
const KEY = 'boottify.token';
const listeners = new Set();

export const token = () => sessionStorage.getItem(KEY);

export function signIn(value) {
  sessionStorage.setItem(KEY, value);
  notify(null);
}

/** @param reason shown on the sign-in page; null when the user asked for it. */
export function signOut(reason = null) {
  if (!token()) return;
  sessionStorage.removeItem(KEY);
  notify(reason);
}

export function onSession(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function notify(reason) {
  for (const listener of listeners) listener(reason);
}

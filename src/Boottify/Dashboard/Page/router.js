import { useEffect, useState } from './ui.js';

const listeners = new Set();

/** Goes to a path of this page without loading it anew. */
export function go(path, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', path);
  changed();
}

export function useLocation() {
  const [place, setPlace] = useState(current);
  useEffect(() => {
    const listener = () => setPlace(current());
    listeners.add(listener);
    listener();
    return () => listeners.delete(listener);
  }, []);
  return place;
}

const current = () => ({ path: location.pathname, hash: location.hash.slice(1) });

function changed() {
  for (const listener of listeners) listener();
}

window.addEventListener('popstate', changed);
window.addEventListener('hashchange', changed);

document.addEventListener('click', event => {
  const link = event.target.closest?.('a[href^="/"]');
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!link || !plain || link.target || link.hasAttribute('download') || event.defaultPrevented) return;
  event.preventDefault();
  go(link.getAttribute('href'));
  window.scrollTo(0, 0);
});

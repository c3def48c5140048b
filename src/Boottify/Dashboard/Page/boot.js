// A module that does not arrive, because a network changed or Boottify restarts, leaves an empty page: browsers do not ask again.
const KEY = 'boottify.loads';
const TRIES = 4;

try {
  await import('./main.js');
  sessionStorage.removeItem(KEY);
} catch (error) {
  const tried = Number(sessionStorage.getItem(KEY) ?? 0) + 1;
  if (tried < TRIES) {
    sessionStorage.setItem(KEY, tried);
    setTimeout(() => location.reload(), 250 * 2 ** tried * (0.8 + 0.4 * Math.random()));
  } else {
    sessionStorage.removeItem(KEY);
    document.getElementById('root').textContent = 'The page could not be loaded whole. Check the connection, then reload it.';
    throw error;
  }
}

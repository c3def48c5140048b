const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'long' });
const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export const shortCommit = commit => (commit ? commit.slice(0, 7) : '–');

/** What a deployment is called: its commit's first line where it is known. */
export const titleOf = ({ message, toRelease, commit }) =>
  (toRelease ? `Roll back to release ${toRelease}` : message?.split('\n', 1)[0].trim() || `Deployment of ${shortCommit(commit)}`);

export const shortDigest = digest => (digest ? digest.replace(/^sha256:/, '').slice(0, 12) : '–');

export const instant = time => moment.format(new Date(time));

/** "3 minutes ago". */
export function ago(time, now = Date.now()) {
  const seconds = Math.round((new Date(time) - now) / 1000);
  for (const [unit, size] of [['day', 86_400], ['hour', 3_600], ['minute', 60]]) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return seconds > -5 ? 'just now' : `${-seconds} seconds ago`;
}

/** "0.4 s", "12 s", "3 min 4 s". */
export function duration(from, to = Date.now()) {
  if (!from) return '';
  const seconds = Math.max(0, (new Date(to) - new Date(from)) / 1000);
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export const megabytes = bytes => (bytes ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : '–');

export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** The clock's time with milliseconds, as log lines show it. */
export const clock = time => {
  const at = new Date(time);
  return Number.isNaN(+at) ? '' : `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
};

const two = number => String(number).padStart(2, '0');

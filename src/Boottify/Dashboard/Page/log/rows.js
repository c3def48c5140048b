import { runsOf } from './ansi.js';
import { clock } from '../format.js';

// What a row shows at most; the download has the whole line.
const LONGEST = 4_000;

/** Makes a line's row. Log text reaches the page as text nodes only. */
export function rowOf(n, line, { query, marked, dimmed }) {
  const row = element('div', 'row');
  row.dataset.n = n;
  const number = element('a', 'n', String(n));
  number.href = `#L${n}`;
  row.append(number);
  if (!line) {
    row.classList.add('missing');
    row.append(element('span', 'text', '·'));
    return row;
  }
  row.dataset.step = line.step ?? '';
  row.dataset.stream = line.stream ?? '';
  row.classList.toggle('marked', marked);
  row.classList.toggle('dimmed', dimmed);
  const time = element('time', 'at', clock(line.at));
  time.dateTime = line.at;
  const text = element('span', 'text');
  for (const run of highlighted(runsOf(line.text.slice(0, LONGEST)), query)) {
    text.append(run.look || run.found ? element(run.found ? 'mark' : 'span', run.look, run.text) : run.text);
  }
  if (line.text.length > LONGEST) text.append(element('span', 'cut', ` … ${line.text.length - LONGEST} more characters in the download`));
  row.append(time, text);
  return row;
}

/** Cuts the runs where the query is found, whatever the case. */
function highlighted(runs, query) {
  if (!query) return runs;
  const whole = runs.map(run => run.text).join('').toLowerCase();
  const wanted = query.toLowerCase();
  const hits = [];
  for (let at = whole.indexOf(wanted); at >= 0; at = whole.indexOf(wanted, at + wanted.length)) hits.push(at);
  if (hits.length === 0) return runs;
  const pieces = [];
  let start = 0;
  for (const run of runs) {
    const cuts = new Set([0, run.text.length]);
    for (const hit of hits) {
      for (const edge of [hit - start, hit + wanted.length - start]) if (edge > 0 && edge < run.text.length) cuts.add(edge);
    }
    const edges = [...cuts].sort((a, b) => a - b);
    for (let i = 0; i + 1 < edges.length; i++) {
      const at = start + edges[i];
      pieces.push({ text: run.text.slice(edges[i], edges[i + 1]), look: run.look, found: hits.some(hit => at >= hit && at < hit + wanted.length) });
    }
    start += run.text.length;
  }
  return pieces;
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

import { html, useEffect, useRef, useState } from '../ui.js';
import { Icon } from '../parts/icons.js';
import { Search } from './search.js';

/** Finds text in the whole log, on the server; Enter and Shift+Enter walk through what was found. */
export function SearchBox({ path, view }) {
  const field = useRef(null);
  const search = useRef(null);
  const leaving = useRef(null);
  const [result, setResult] = useState({ text: '', found: false });

  useEffect(() => {
    const key = event => {
      if (event.key !== '/' || event.target.matches('input, textarea, select')) return;
      event.preventDefault();
      field.current.focus();
    };
    document.addEventListener('keydown', key);
    return () => {
      document.removeEventListener('keydown', key);
      leaving.current?.abort();
    };
  }, []);

  async function run(step) {
    const query = field.current.value;
    try {
      let line;
      if (search.current?.query === query) {
        line = await step(search.current);
      } else {
        leaving.current?.abort();
        search.current = null;
        view.current.show({ query, from: 0, to: 0 });
        if (!query.trim()) return setResult({ text: '', found: false });
        leaving.current = new AbortController();
        setResult({ text: 'Searching…', found: false });
        const begun = new Search(path, query, leaving.current.signal);
        line = await begun.beginAt(view.current.firstSeen);
        search.current = begun;
      }
      if (line) view.current.reveal(line);
      const now = search.current;
      setResult(line ? { text: `${now.at + 1} of ${now.total}`, found: true } : { text: 'Not found', found: false });
    } catch (error) {
      if (error.name !== 'AbortError') setResult({ text: error.message, found: false });
    }
    return undefined;
  }

  const waiting = useRef(0);
  function typed() {
    clearTimeout(waiting.current);
    waiting.current = setTimeout(() => run(now => now.move(0)), 250);
  }

  function key(event) {
    if (event.key === 'Enter') {
      event.preventDefault();
      clearTimeout(waiting.current);
      run(now => now.move(event.shiftKey ? -1 : 1));
    } else if (event.key === 'Escape') {
      field.current.value = '';
      run(now => now.move(0));
      field.current.blur();
    }
  }

  return html`
    <div class="search" role="search">
      <${Icon} name="search" />
      <input ref=${field} type="text" placeholder="Search  /" aria-label="Search the log" spellcheck=${false} autocomplete="off" onInput=${typed} onKeyDown=${key} />
      <span class="result" role="status">${result.text}</span>
      <button type="button" class="small bare" aria-label="Previous match" disabled=${!result.found} onClick=${() => run(now => now.move(-1))}><${Icon} name="up" /></button>
      <button type="button" class="small bare" aria-label="Next match" disabled=${!result.found} onClick=${() => run(now => now.move(1))}><${Icon} name="next" /></button>
    </div>`;
}

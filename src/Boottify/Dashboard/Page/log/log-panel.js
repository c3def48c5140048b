import { html, useEffect, useRef, useState } from '../ui.js';
import { get, authorization, problemOf } from '../api.js';
import { plural } from '../format.js';
import { useAction } from '../resource.js';
import { useLocation } from '../router.js';
import { Icon } from '../parts/icons.js';
import { Failure } from '../parts/notice.js';
import { LogView } from './log-view.js';
import { SearchBox } from './search-box.js';

const ROW_HEIGHT = 20;

/**
 * A deployment's log with its tools.
 * @param view a ref that receives the LogView, for the page that feeds it live lines
 * @param live whether lines still come
 * @param atEnd whether to begin at the end: that is where a failure stands
 * @param step the step whose lines stand out, or null
 * @param onMeasured told the number of the last line that is stored: live lines are wanted from there on
 */
export function LogPanel({ id, view, live, state, atEnd, step, onStep, onMeasured }) {
  const element = useRef(null);
  const isLive = useRef(live);
  isLive.current = live;
  const [, redraw] = useState(0);
  const [times, setTimes] = useState(localStorage.getItem('boottify.log.times') === 'yes');
  const saving = useAction(() => download(id));
  const { hash } = useLocation();
  const path = `/api/deployments/${id}`;

  useEffect(() => {
    let announced = 0;
    const made = new LogView(element.current, {
      rowHeight: ROW_HEIGHT,
      load: (after, limit, signal) => get(`${path}/logs?after=${after}&limit=${limit}`, { signal }),
      on: {
        isLive: () => isLive.current,
        change: () => { announced ||= requestAnimationFrame(() => { announced = 0; redraw(count => count + 1); }); },
      },
    });
    view.current = made;
    const target = linesOf(location.hash.slice(1));
    if (isLive.current && !target) made.follow(true);
    made.store.measure()
      .then(count => {
        if (target) made.reveal(...target);
        else if (atEnd) made.scrollToEnd();
        onMeasured(count);
      })
      .catch(error => {
        made.store.error ??= error;
        redraw(count => count + 1);
        onMeasured(0);
      });
    return () => {
      cancelAnimationFrame(announced);
      made.close();
      view.current = null;
    };
  }, [id]);

  useEffect(() => {
    const target = linesOf(hash);
    if (target && view.current?.store.count) view.current.reveal(...target);
  }, [hash]);

  const log = view.current;
  const count = log?.store.count ?? 0;

  function toggleTimes() {
    localStorage.setItem('boottify.log.times', times ? 'no' : 'yes');
    setTimes(!times);
  }

  return html`
    <section class="log card" aria-label="Log">
      <div class="tools">
        <h2>Log</h2>
        <span class="hint count">${plural(count, 'line')}</span>
        ${live && html`<span class="pulse ${state}" role="status">${state === 'live' ? 'Live' : 'Reconnecting…'}</span>`}
        <span class="grow"></span>
        ${step && html`<button type="button" class="small chip" data-step=${step} onClick=${() => onStep(null)}
          aria-label=${`Show all steps, not ${step} alone`}>${step}<${Icon} name="cross" /></button>`}
        <${SearchBox} path=${path} view=${view} />
        <button type="button" class="small" aria-pressed=${times} onClick=${toggleTimes}><${Icon} name="clock" /><span class="word">Times</span></button>
        <button type="button" class="small" disabled=${saving.busy} onClick=${saving.run}><${Icon} name="down" /><span class="word">Download</span></button>
      </div>
      <${Failure} error=${saving.error ?? log?.store.error} />
      <div class="frame">
        <div class=${times ? 'lines times' : 'lines'} ref=${element} tabindex="0" role="region" aria-label="Log lines"
          onClick=${event => pick(event, view.current)}></div>
        ${count === 0 && html`<p class="hint nothing">${live ? 'Waiting for the first line…' : 'This deployment wrote no log.'}</p>`}
        ${live && log && !log.following && count > 0 && html`
          <button type="button" class="primary to-end" onClick=${() => log.follow(true)}><${Icon} name="follow" />Follow</button>`}
      </div>
    </section>`;
}

/** "L12" or "L12-L40". */
function linesOf(hash) {
  const match = /^L(\d+)(?:-L(\d+))?$/.exec(hash);
  if (!match) return null;
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  return [Math.min(from, to), Math.max(from, to)];
}

/** A click on a line's number names it in the address; with Shift, the lines from the one named before. */
function pick(event, view) {
  const number = event.target.closest('a.n');
  if (!number) return;
  event.preventDefault();
  const n = Number(number.textContent);
  const before = event.shiftKey && linesOf(location.hash.slice(1));
  const [from, to] = before ? [Math.min(before[0], n), Math.max(before[0], n)] : [n, n];
  history.replaceState(null, '', from === to ? `#L${n}` : `#L${from}-L${to}`);
  view.show({ from, to });
}

/** The download needs the token, which a plain link cannot send. */
async function download(id) {
  const response = await fetch(`/api/deployments/${id}/logs.txt`, { headers: authorization() });
  if (!response.ok) throw await problemOf(response);
  const address = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement('a'), { href: address, download: `${id}.log` });
  link.click();
  URL.revokeObjectURL(address);
}

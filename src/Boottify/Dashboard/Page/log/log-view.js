import { LogStore } from './log-store.js';
import { Scroller } from './scroller.js';
import { rowOf } from './rows.js';

const OVERSCAN = 12;

/**
 * The visible window of a log: only the rows on screen and a few around them are in the document, however long the log.
 * Follows the end until the reader scrolls up. Kept apart from the page's framework, since it draws at every frame.
 */
export class LogView {
  /** @param on.change called when line count, following or an error changed */
  constructor(element, { load, rowHeight, on }) {
    this.element = element;
    this.on = on;
    this.space = document.createElement('div');
    this.space.className = 'space';
    this.window = document.createElement('div');
    this.window.className = 'rows';
    this.space.append(this.window);
    element.append(this.space);
    this.drawn = new Map();
    this.look = { query: '', from: 0, to: 0, step: null };
    this.following = false;
    this.frame = 0;
    this.store = new LogStore(load, () => this.changed());
    this.scroller = new Scroller(element, this.space, rowHeight, step => this.scrolled(step));
    this.resizing = new ResizeObserver(() => this.redraw());
    this.resizing.observe(element);
  }

  close() {
    cancelAnimationFrame(this.frame);
    this.store.close();
    this.scroller.close();
    this.resizing.disconnect();
    this.space.remove();
  }

  /** The number of the first line on screen. */
  get firstSeen() {
    return Math.floor(this.scroller.top / this.scroller.rowHeight) + 1;
  }

  follow(following) {
    this.following = following;
    this.redraw();
    this.on.change();
  }

  /** Brings a line to the middle and marks the range that begins with it. */
  reveal(n, to = n) {
    this.following = false;
    this.show({ from: n, to });
    this.scroller.setRows(this.store.count);
    this.scroller.scrollTo((n - 0.5) * this.scroller.rowHeight - this.scroller.viewport / 2);
    this.redraw();
    this.on.change();
  }

  scrollToEnd() {
    this.scroller.setRows(this.store.count);
    this.scroller.scrollTo(Infinity);
    this.redraw();
  }

  /** Brings a line to the top. */
  jump(n) {
    this.following = false;
    this.scroller.scrollTo((n - 1.5) * this.scroller.rowHeight);
    this.redraw();
    this.on.change();
  }

  /** Changes what is highlighted: `query`, the marked lines `from`–`to`, the `step` whose lines stand out. */
  show(change) {
    this.look = { ...this.look, ...change };
    this.drawn.clear();
    this.redraw();
  }

  changed() {
    this.redraw();
    this.on.change();
  }

  scrolled(step) {
    const following = this.following ? step >= 0 || this.scroller.atEnd : step > 0 && this.scroller.atEnd && this.on.isLive();
    if (following !== this.following) {
      this.following = following;
      this.on.change();
    }
    this.draw();
  }

  redraw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const { scroller, store } = this;
    scroller.setRows(store.count);
    if (this.following) scroller.scrollTo(Infinity);
    const first = Math.max(0, Math.floor(scroller.top / scroller.rowHeight) - OVERSCAN);
    const last = Math.min(store.count, Math.ceil((scroller.top + scroller.viewport) / scroller.rowHeight) + OVERSCAN);
    store.want(first + 1, last);

    const kept = new Map();
    const rows = [];
    for (let n = first + 1; n <= last; n++) {
      const line = store.line(n);
      const known = this.drawn.get(n);
      const entry = known && known.line === line ? known : { line, row: this.row(n, line) };
      kept.set(n, entry);
      rows.push(entry.row);
    }
    this.drawn = kept;
    sync(this.window, rows);
    this.window.style.transform = `translateY(${scroller.place(first)}px)`;
  }

  row(n, line) {
    const { query, from, to, step } = this.look;
    return rowOf(n, line, { query, marked: n >= from && n <= to, dimmed: step !== null && line?.step !== step });
  }
}

/** Makes the parent's children these rows, moving none that is in place, so that a selection of text survives scrolling. */
function sync(parent, rows) {
  const wanted = new Set(rows);
  for (let child = parent.firstChild; child;) {
    const next = child.nextSibling;
    if (!wanted.has(child)) child.remove();
    child = next;
  }
  let child = parent.firstChild;
  for (const row of rows) {
    if (row === child) child = child.nextSibling;
    else parent.insertBefore(row, child);
  }
}

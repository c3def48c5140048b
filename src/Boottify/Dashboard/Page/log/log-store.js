const PAGE = 500;
const MOST_PAGES = 80;
const AT_ONCE = 3;

/**
 * The lines of one log that are in memory: pages of 500, of which the 80 last looked at are kept, so that a log of a
 * million lines costs no more than one of forty thousand. Lines are numbered 1, 2, 3 … without gaps.
 */
export class LogStore {
  /** @param load (after, limit, signal) => promise of { lines, next } */
  constructor(load, onChange) {
    this.load = load;
    this.onChange = onChange;
    this.count = 0;
    this.error = null;
    this.resting = false;
    this.pages = new Map();
    this.loading = new Map();
    this.closing = new AbortController();
  }

  close() {
    this.closing.abort();
  }

  /** The line, or undefined while it is not in memory. */
  line(n) {
    return this.pages.get(pageOf(n))?.[(n - 1) % PAGE];
  }

  /** Takes lines from anywhere: a page that was loaded, or the live stream. Known ones are ignored. */
  add(lines) {
    for (const line of lines) {
      const index = pageOf(line.n);
      let page = this.pages.get(index);
      if (!page) this.pages.set(index, page = []);
      page[(line.n - 1) % PAGE] = line;
      if (line.n > this.count) this.count = line.n;
    }
    this.evict();
    this.onChange();
  }

  /** Loads what is missing of these lines. What was asked for and is no longer wanted is given up, so that fast scrolling loads where it stops. */
  want(first, last) {
    const wanted = [];
    for (let index = pageOf(Math.max(1, first)); index <= pageOf(Math.min(last, this.count)); index++) {
      this.touch(index);
      if (!this.isWhole(index)) wanted.push(index);
    }
    for (const [index, request] of this.loading) {
      if (!wanted.includes(index)) request.abort();
    }
    for (const index of this.resting ? [] : wanted) {
      if (this.loading.size < AT_ONCE && !this.loading.has(index)) this.fetch(index);
    }
  }

  /** Finds the last line by halving: one request for most logs, under twenty for a million lines. Returns its number. */
  async measure() {
    const head = await this.page(0, PAGE);
    this.add(head.lines);
    if (head.lines.length < PAGE) return this.count;
    let known = 0;
    let beyond = 4;
    while (await this.has(beyond)) {
      known = beyond;
      beyond *= 4;
    }
    while (beyond - known > 1) {
      const middle = Math.floor((known + beyond) / 2);
      if (await this.has(middle)) known = middle;
      else beyond = middle;
    }
    this.add((await this.page(known * PAGE, PAGE)).lines);
    return this.count;
  }

  /** The first line for which `passed` holds; it holds for all lines behind that one, too. `count + 1` when there is none. */
  async firstWhere(passed) {
    let before = 0;
    let found = this.count + 1;
    while (found - before > 1) {
      const middle = Math.floor((before + found) / 2);
      const line = this.line(middle) ?? (await this.page(middle - 1, 1)).lines[0];
      if (line && passed(line)) found = middle;
      else before = middle;
    }
    return found;
  }

  async has(index) {
    return (await this.page(index * PAGE, 1)).lines.length > 0;
  }

  page(after, limit, signal = this.closing.signal) {
    return this.load(after, limit, signal);
  }

  isWhole(index) {
    const page = this.pages.get(index);
    const length = Math.min(PAGE, this.count - index * PAGE);
    if (!page || page.length < length) return false;
    for (let i = 0; i < length; i++) if (page[i] === undefined) return false;
    return true;
  }

  async fetch(index) {
    const request = new AbortController();
    this.loading.set(index, request);
    try {
      const { lines } = await this.page(index * PAGE, PAGE, AbortSignal.any([request.signal, this.closing.signal]));
      this.error = null;
      this.loading.delete(index);
      this.add(lines);
      if (!this.isWhole(index)) this.rest();
    } catch (error) {
      this.loading.delete(index);
      if (this.closing.signal.aborted) return;
      if (!request.signal.aborted) {
        this.error = error;
        this.rest();
      }
      this.onChange();
    }
  }

  /** Asks for nothing for two seconds, so that what cannot be had is not asked for at every frame. */
  rest() {
    this.resting = true;
    setTimeout(() => {
      this.resting = false;
      if (!this.closing.signal.aborted) this.onChange();
    }, 2000);
  }

  touch(index) {
    const page = this.pages.get(index);
    if (!page) return;
    this.pages.delete(index);
    this.pages.set(index, page);
  }

  evict() {
    for (const index of this.pages.keys()) {
      if (this.pages.size <= MOST_PAGES) return;
      this.pages.delete(index);
    }
  }
}

const pageOf = n => Math.floor((n - 1) / PAGE);

import { get } from '../api.js';

const PAGE = 500;

/** Matches of a search that the server runs over the whole log, found in pages as the reader walks through them. */
export class Search {
  constructor(path, query, signal) {
    Object.assign(this, { path, query, signal });
    this.matches = [];
    this.after = 0;
    this.whole = false;
    this.at = -1;
  }

  /** How many there are, as far as is known: "12" or "500+". */
  get total() {
    return `${this.matches.length.toLocaleString('en')}${this.whole ? '' : '+'}`;
  }

  /** The number of the match that is `by` further than the present one, around the ends; null when there is none. */
  async move(by) {
    if (this.at + by >= this.matches.length && !this.whole) await this.more();
    if (this.matches.length === 0) return null;
    this.at = (this.at + by + this.matches.length) % this.matches.length;
    return this.matches[this.at];
  }

  /** Begins at the first match behind the line, so that searching does not lose the reader's place. */
  async beginAt(n) {
    await this.more();
    const next = this.matches.findIndex(match => match >= n);
    this.at = next < 0 ? this.matches.length - 1 : next;
    return this.matches[this.at] ?? null;
  }

  async more() {
    const query = new URLSearchParams({ search: this.query, after: this.after, limit: PAGE });
    const { lines, next } = await get(`${this.path}/logs?${query}`, { signal: this.signal, timeout: 60_000 });
    this.matches.push(...lines.map(line => line.n));
    this.after = next ?? this.after;
    this.whole = next === null || next === undefined;
  }
}

// Browsers limit how tall an element may be: Firefox to 17.9 million device pixels, half of that on a dense screen.
const TALLEST = 8_000_000;

/**
 * Maps the scroll bar of an element that is at most eight million pixels tall to rows that would be taller. Up to 400,000
 * rows both are the same. Beyond, small moves are one to one, and jumps of the scroll bar's thumb go by proportion.
 */
export class Scroller {
  constructor(element, space, rowHeight, onMove) {
    Object.assign(this, { element, space, rowHeight, onMove });
    this.rows = 0;
    this.top = 0;
    this.lastReal = 0;
    this.settling = 0;
    this.onScroll = () => this.moved();
    this.onKey = event => this.pressed(event);
    element.addEventListener('scroll', this.onScroll, { passive: true });
    element.addEventListener('keydown', this.onKey);
  }

  close() {
    clearTimeout(this.settling);
    this.element.removeEventListener('scroll', this.onScroll);
    this.element.removeEventListener('keydown', this.onKey);
  }

  /** To either end at once: a smooth glide over a million rows would load pages all the way. */
  pressed(event) {
    if ((event.key !== 'Home' && event.key !== 'End') || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.scrollTo(event.key === 'Home' ? 0 : Infinity);
    this.onMove(event.key === 'Home' ? -1 : 1);
  }

  setRows(rows) {
    if (rows === this.rows) return;
    this.rows = rows;
    this.space.style.height = `${Math.min(this.height, TALLEST)}px`;
  }

  get height() {
    return this.rows * this.rowHeight;
  }

  get viewport() {
    return this.element.clientHeight;
  }

  /** The furthest that rows can be scrolled. */
  get end() {
    return Math.max(0, this.height - this.viewport);
  }

  get realEnd() {
    return Math.max(0, Math.min(this.height, TALLEST) - this.viewport);
  }

  get atEnd() {
    return this.top >= this.end - this.rowHeight * 1.5;
  }

  /** Where a row is drawn inside the space, in pixels. */
  place(row) {
    return Math.round(this.element.scrollTop + row * this.rowHeight - this.top);
  }

  scrollTo(top) {
    this.top = Math.max(0, Math.min(this.end, top));
    this.align();
  }

  align() {
    const real = this.height <= TALLEST ? this.top : Math.round(this.end && (this.top * this.realEnd) / this.end);
    if (Math.abs(this.element.scrollTop - real) >= 1) this.element.scrollTop = real;
    this.lastReal = this.element.scrollTop;
  }

  moved() {
    const real = this.element.scrollTop;
    const step = real - this.lastReal;
    // Our own move comes back as an event, too.
    if (Math.abs(step) < 0.5) return false;
    this.lastReal = real;
    if (this.height <= TALLEST) this.top = real;
    else if (real <= 0) this.top = 0;
    else if (real >= this.realEnd - 1) this.top = this.end;
    else if (Math.abs(step) < this.viewport * 2) this.top = Math.max(0, Math.min(this.end, this.top + step));
    else this.top = (real * this.end) / this.realEnd;
    this.onMove(step);
    clearTimeout(this.settling);
    if (this.height > TALLEST) this.settling = setTimeout(() => this.settle(), 150);
    return true;
  }

  /** Puts the thumb back in proportion once the reader rests; a move whose event is still on its way is counted first. */
  settle() {
    if (this.moved()) return;
    this.align();
    this.onMove(0);
  }
}

// Everything that pages take from the libraries comes from here.
import { h, render, Fragment } from './vendor/preact.js';
import htm from './vendor/htm.js';

export { render, Fragment };
export { useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback } from './vendor/hooks.js';

/** Tagged template that makes elements. Text is always text: nothing here parses HTML, and the page's policy forbids it. */
export const html = htm.bind(h);

/** Tells those who do not see the screen. Only what matters: a reader cannot skip it. */
export function announce(message) {
  document.getElementById('announcer').textContent = message;
}

import { useCallback, useEffect, useRef, useState } from './ui.js';

/**
 * Loads something and keeps it fresh while the tab is seen. What was loaded stays on screen when a later load fails.
 * @param load (signal) => promise; called anew when one of `inputs` changes
 * @param every milliseconds between loads, with jitter; 0 for never
 */
export function useResource(load, inputs, every = 0) {
  const [state, setState] = useState({ data: null, error: null });
  const reloading = useRef(() => {});

  useEffect(() => {
    const leaving = new AbortController();
    let timer = 0;
    let running = false;
    setState({ data: null, error: null });

    async function run() {
      if (running) return;
      running = true;
      clearTimeout(timer);
      try {
        const data = await load(leaving.signal);
        setState({ data, error: null });
      } catch (error) {
        if (leaving.signal.aborted) return;
        setState(previous => ({ ...previous, error }));
      }
      running = false;
      if (every && !leaving.signal.aborted && !document.hidden) timer = setTimeout(run, every * (0.8 + 0.4 * Math.random()));
    }

    const seen = () => { if (every && !document.hidden) run(); };
    document.addEventListener('visibilitychange', seen);
    reloading.current = run;
    run();
    return () => {
      leaving.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, inputs);

  return { ...state, reload: useCallback(() => reloading.current(), []) };
}

/** A write in progress: `run` never throws; its error is for showing. */
export function useAction(act) {
  const [state, setState] = useState({ busy: false, error: null });
  const latest = useRef(act);
  latest.current = act;
  const run = useCallback(async (...input) => {
    setState({ busy: true, error: null });
    try {
      const result = await latest.current(...input);
      setState({ busy: false, error: null });
      return result;
    } catch (error) {
      setState({ busy: false, error });
      return undefined;
    }
  }, []);
  return { ...state, run };
}

/** Renders again every second while `running`, for durations that grow. */
export function useTicking(running) {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => tick(count => count + 1), 1000);
    return () => clearInterval(timer);
  }, [running]);
}

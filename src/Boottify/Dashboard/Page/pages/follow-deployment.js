import { announce, useEffect, useState } from '../ui.js';
import { get } from '../api.js';
import { follow } from '../stream.js';
import { ENDS, statusName } from '../parts/status.js';

const REFRESH = 5_000;

/**
 * A deployment, kept true: loaded, then moved on by its stream's events, and loaded again now and then for what they do
 * not tell, such as the place in the queue.
 * @param view ref of the LogView that takes the live lines
 * @param from number of the last line that the view can load by itself; null while that is not known
 * @returns { deployment, error, state, reload } where state is 'live', 'waiting' or 'ended'
 */
export function useDeployment(id, view, from) {
  const [deployment, setDeployment] = useState(null);
  const [error, setError] = useState(null);
  const [state, setState] = useState('waiting');
  const [reload, setReload] = useState(() => () => {});
  const ended = deployment !== null && ENDS.has(deployment.status);
  const known = deployment !== null;

  useEffect(() => {
    const leaving = new AbortController();
    let timer = 0;
    async function load() {
      clearTimeout(timer);
      try {
        const loaded = await get(`/api/deployments/${id}`, { signal: leaving.signal });
        setError(null);
        setDeployment(loaded);
        if (ENDS.has(loaded.status)) return;
      } catch (failure) {
        if (leaving.signal.aborted) return;
        setError(failure);
        if (failure.status === 404) return;
      }
      timer = setTimeout(load, REFRESH);
    }
    load();
    setReload(() => load);
    return () => { leaving.abort(); clearTimeout(timer); };
  }, [id]);

  useEffect(() => {
    if (!known || from === null) return undefined;
    if (ended) return setState('ended');
    const leaving = new AbortController();
    follow(`/api/deployments/${id}/stream`, {
      signal: leaving.signal,
      // An id is "events seen.lines seen": all events, and the lines behind those that are stored already.
      lastEventId: `0.${from}`,
      on: {
        state: setState,
        event(type, data) {
          if (type === 'log') view.current?.store.add(data.lines);
          if (type === 'step') {
            setDeployment(before => moved(before, data));
            announce(`${data.step} ${data.status}`);
          }
          if (type === 'step' || type === 'end') reload();
        },
      },
    }).catch(failure => { if (!leaving.signal.aborted) setError(failure); });
    return () => leaving.abort();
  }, [id, known, ended, from, reload]);

  useEffect(() => {
    if (ended) announce(`${deployment.appName}: deployment ${statusName(deployment.status).toLowerCase()}`);
  }, [ended]);

  return { deployment, error, state, reload };
}

/** The deployment with what a `step` event tells. */
function moved(deployment, event) {
  const change = step => ({
    ...step,
    status: event.status,
    attempt: event.attempt,
    error: event.error ?? null,
    startedAt: event.status === 'running' ? event.at : step.startedAt,
    finishedAt: event.status === 'running' ? null : event.at,
  });
  const known = deployment.steps.some(step => step.name === event.step);
  const steps = known ? deployment.steps : [...deployment.steps, { name: event.step, startedAt: null }];
  return { ...deployment, steps: steps.map(step => (step.name === event.step ? change(step) : step)) };
}

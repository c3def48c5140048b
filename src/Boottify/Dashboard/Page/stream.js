import { authorization, backoff, pause, problemOf } from './api.js';

// The server sends a heartbeat every 15 s: three missed ones are a dead connection, whatever the socket says.
const SILENCE = 45_000;

/**
 * Follows a server-sent stream until `end`, through lost connections, with nothing twice and nothing missing.
 * EventSource cannot send the token, so this reads the body itself.
 * @param on.event called with (type, data) in order
 * @param on.state called with 'live' or 'waiting'
 * @param lastEventId resumes behind that event
 * @throws Problem when the server refuses
 */
export async function follow(path, { on, signal, lastEventId = null }) {
  for (let failures = 0; ;) {
    const connection = new AbortController();
    const abort = () => connection.abort();
    signal.addEventListener('abort', abort, { once: true });
    let silence = setTimeout(abort, SILENCE);
    try {
      const response = await fetch(path, {
        headers: { Accept: 'text/event-stream', ...authorization(), ...(lastEventId === null ? {} : { 'Last-Event-ID': lastEventId }) },
        signal: connection.signal,
        cache: 'no-store',
      });
      if (!response.ok) throw await refusalOf(response);
      on.state('live');
      for await (const event of events(response.body, () => { clearTimeout(silence); silence = setTimeout(abort, SILENCE); })) {
        failures = 0;
        if (event.id !== null) lastEventId = event.id;
        if (event.type !== 'ping' && event.data) on.event(event.type, JSON.parse(event.data));
        if (event.type === 'end') return;
      }
    } catch (error) {
      if (signal.aborted || error.final) throw error;
    } finally {
      clearTimeout(silence);
      signal.removeEventListener('abort', abort);
      connection.abort();
    }
    on.state('waiting');
    await pause(backoff(++failures), signal);
  }
}

async function refusalOf(response) {
  const problem = await problemOf(response);
  problem.final = response.status < 500 && response.status !== 429;
  return problem;
}

/** The stream's events, per the HTML standard's rules for lines, comments and empty data. */
async function* events(body, onBytes) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let event = { id: null, type: 'message', data: null };
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onBytes();
    const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === '') {
        yield event;
        event = { id: null, type: 'message', data: null };
        continue;
      }
      const colon = line.indexOf(':');
      const name = colon < 0 ? line : line.slice(0, colon);
      const text = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
      if (name === 'event') event.type = text;
      else if (name === 'id') event.id = text;
      else if (name === 'data') event.data = event.data === null ? text : `${event.data}\n${text}`;
    }
  }
}

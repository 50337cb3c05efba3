import type { IpcRequestName, SallyportBridge } from '../../../src/shared/protocol/ipc.ts';

/** What the page is told; all of it is plain data, so that it can be handed to a page. */
export interface Scenario {
  /** Answers by request: a `Result`, or the string "never" for an answer that does not come. */
  answers: Partial<Record<IpcRequestName, unknown>>;
  /** Text that each session's terminal gets, by session id. */
  terminals: Record<string, string>;
  /** The one replay. `survey` null: nothing is said of it yet. `fault`: its part is not shown, and why. */
  replay: {
    opened: unknown;
    survey: unknown;
    fault: string | null;
    events: { atMs: number; text: string }[];
    /** Its transcript; absent: it has none. */
    text?: { atMs: number; kind: 'line' | 'command' | 'gap'; text: string; alternate: boolean }[];
  } | null;
  /** What each session's terminal is told besides its text, by session id. */
  told?: Record<string, unknown[]>;
}

/**
 * Runs inside the page before anything else, and nowhere else: a stand-in for the preload and for the processes behind it.
 * Must not refer to anything outside itself.
 */
export function installFakeBridge(scenario: Scenario): void {
  const listeners = new Map<string, Set<(body: unknown) => void>>();
  const encoder = new TextEncoder();
  const calls: { name: string; body: unknown }[] = [];
  const resizes: string[] = [];
  /** The far end of each session's port, for whoever measures with bytes of its own. */
  const ports: Record<string, MessagePort> = {};

  const postPort = (kind: string, id: string, port: MessagePort) =>
    window.postMessage({ type: 'sallyport-port', kind, id }, window.location.origin, [port]);

  const attach = (id: string) => {
    const { port1, port2 } = new MessageChannel();
    const data = encoder.encode(scenario.terminals[id] ?? '');
    port1.onmessage = (event) => {
      if (event.data.type === 'resize') resizes.push(`${id} ${event.data.cols}x${event.data.rows}`);
    };
    ports[id] = port1;
    postPort('session', id, port2);
    port1.postMessage({ type: 'output', data, end: data.length });
    for (const message of scenario.told?.[id] ?? []) port1.postMessage(message);
  };

  const openReplay = () => {
    const { port1, port2 } = new MessageChannel();
    const replay = scenario.replay;
    postPort('replay', 'replay-1', port2);
    if (replay === null) return;
    port1.onmessage = (event) => {
      if (event.data.type === 'close') return;
      const text = replay.text ?? [];
      if (event.data.type === 'lines') {
        const { id, from, count } = event.data;
        port1.postMessage({ type: 'lines', id, from, total: text.length, lines: text.slice(from, from + count) });
        return;
      }
      if (event.data.type === 'find') {
        const wanted = event.data.text.toLowerCase();
        const hits = text.flatMap((line, index) => {
          const at = line.text.toLowerCase().indexOf(wanted);
          return at < 0
            ? []
            : [{ line: index, atMs: line.atMs, kind: line.kind, text: line.text, marks: [[at, at + wanted.length]] }];
        });
        port1.postMessage({ type: 'found', id: event.data.id, total: hits.length, finished: true, hits });
        return;
      }
      const { fault } = replay;
      const events =
        fault === null
          ? replay.events.map((item) => ({ atMs: item.atMs, code: 'o', data: encoder.encode(item.text) }))
          : [];
      port1.postMessage({ type: 'part', id: event.data.id, part: 0, done: true, start: null, fault, events });
    };
    port1.postMessage(replay.opened);
    if (replay.survey !== null) port1.postMessage(replay.survey);
  };

  const bridge: SallyportBridge = {
    request(name, body) {
      calls.push({ name, body });
      const answer = scenario.answers[name];
      if (answer === 'never') return new Promise(() => {});
      if (name === 'sessions.attach') attach((body as { id: string }).id);
      if (name === 'replay.open' && scenario.replay !== null) openReplay();
      if (name === 'settings.set') {
        const before = scenario.answers['settings.get'] as { value: object };
        return Promise.resolve({ ok: true, value: { ...before.value, ...(body as object) } });
      }
      return Promise.resolve(answer ?? { ok: true, value: {} });
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      set.add(listener);
      listeners.set(name, set);
      return () => set.delete(listener);
    },
  };

  const violations: string[] = [];
  document.addEventListener('securitypolicyviolation', (event) =>
    violations.push(`${event.violatedDirective} ${event.blockedURI}`),
  );
  Object.assign(window, {
    sallyport: bridge,
    __harness: {
      calls,
      violations,
      resizes,
      ports,
      emit: (name: string, body: unknown) => {
        for (const listener of listeners.get(name) ?? []) listener(body);
      },
    },
  });
}

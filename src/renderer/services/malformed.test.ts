import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { malformed } from '../../../test/harness/malformed.ts';
import { replayToScreenSchema } from '../../shared/protocol/replay.ts';
import { sessionToScreenSchema } from '../../shared/protocol/session-port.ts';
import { nothingYet, ReplaySource } from '../features/replay/replay-source.ts';
import { noFacts, SessionTerminal } from '../terminal/session-terminal.ts';
import type { TerminalScreen } from '../terminal/terminal-screen.ts';

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => undefined));
afterEach(() => void vi.restoreAllMocks());

function makePort() {
  const sent: unknown[] = [];
  const port = {
    onmessage: null,
    start: () => undefined,
    close: () => undefined,
    postMessage: (one: unknown) => sent.push(one),
  };
  const say = (data: unknown) => (port.onmessage as unknown as (event: { data: unknown }) => void)({ data });
  return { port: port as unknown as MessagePort, sent, say };
}

test('what a session process says and is no message is dropped: nothing shown, nothing acknowledged', () => {
  fc.assert(
    fc.property(malformed(sessionToScreenSchema), (message) => {
      const write = vi.fn();
      const screen = {
        setInputAllowed: () => undefined,
        onInput: () => undefined,
        onResize: () => undefined,
        size: () => ({ cols: 80, rows: 24 }),
        write,
      } as unknown as TerminalScreen;
      const terminal = new SessionTerminal(screen, { cols: 80, rows: 24 });
      const { port, sent, say } = makePort();
      terminal.connect(port);
      say(message);
      expect(write).not.toHaveBeenCalled();
      expect(sent).toEqual([]);
      expect(terminal.facts.get()).toEqual(noFacts);
    }),
  );
});

test('what a replay process says and is no message is dropped', () => {
  fc.assert(
    fc.property(malformed(replayToScreenSchema), (message) => {
      const { port, say } = makePort();
      const source = new ReplaySource('replay-1', port);
      say(message);
      expect(source.state.get()).toEqual(nothingYet);
    }),
  );
});

import { conflicts } from '../commands/keys.ts';
import type { Services } from '../services/services.tsx';

/** Read-only, and only when main started the window with `?test`. */
export interface TestHooks {
  /** All text of a session's terminal, scrollback included; `id` is the launcher's session id. Empty when there is none. */
  screenText(id: string): string;
  /** All text of the open replay's terminal. */
  replayText(): string;
  /** Commands that share keys where both could be meant, of all that were registered so far; empty when all is well. */
  keyConflicts(): string[];
}

export function makeTestHooks(services: Services): TestHooks {
  return {
    screenText: (id) => (services.sessions.sessions.get().has(id) ? services.sessions.terminal(id).screen.text() : ''),
    replayText: () => services.replayScreen.get()?.text() ?? '',
    keyConflicts: () => conflicts(services.commands.known.get()),
  };
}

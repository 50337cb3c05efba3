import type { AppState } from '../../shared/protocol/ipc.ts';

/** Main's copy of what the window shows about the app itself; every change goes to the listener as a whole. */
export class AppStateStore {
  private current: AppState;
  private readonly onChange: (state: AppState) => void;

  constructor(options: { version: string; electron: string; platform: string; onChange: (state: AppState) => void }) {
    this.onChange = options.onChange;
    this.current = {
      version: options.version,
      electron: options.electron,
      platform: options.platform,
      enrolment: { state: 'first-run', managed: null, problem: null },
      connection: { state: 'connecting' },
      backlog: { recordings: 0, bytes: 0, lastProblem: null },
      fixed: null,
      quitAsked: null,
    };
  }

  get(): AppState {
    return this.current;
  }

  /** Replaces the given parts; says so only when something is different. */
  update(change: Partial<Pick<AppState, 'enrolment' | 'connection' | 'backlog' | 'fixed' | 'quitAsked'>>): void {
    const next = { ...this.current, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.current)) return;
    this.current = next;
    this.onChange(next);
  }
}

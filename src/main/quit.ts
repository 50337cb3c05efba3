export interface QuitEffects {
  /** Sessions that quitting would end. */
  running(): number;
  /** Shows or hides the question. */
  ask(sessions: number | null): void;
  /** Ends sessions and lets their records be sealed and sent; bounded in time; never throws. */
  finish(): Promise<void>;
  quit(): void;
}

/** "Quit while sessions run?": the first try to quit asks, the answer decides, and nothing quits before the records are closed. */
export class QuitFlow {
  private state: 'running' | 'asking' | 'finishing' | 'done' = 'running';
  private readonly effects: QuitEffects;

  constructor(effects: QuitEffects) {
    this.effects = effects;
  }

  /** Call on every try to quit; returns whether the app may go now. */
  mayQuit(): boolean {
    if (this.state === 'done') return true;
    if (this.state === 'finishing') return false;
    const sessions = this.effects.running();
    if (sessions > 0) {
      this.state = 'asking';
      this.effects.ask(sessions);
    } else this.finish();
    return false;
  }

  /** The person's answer; `quit` also without having been asked (the system wants us gone). */
  answer(answer: 'quit' | 'stay'): void {
    if (this.state === 'finishing' || this.state === 'done') return;
    this.effects.ask(null);
    if (answer === 'stay') this.state = 'running';
    else this.finish();
  }

  private finish(): void {
    this.state = 'finishing';
    void this.effects.finish().finally(() => {
      this.state = 'done';
      this.effects.quit();
    });
  }
}

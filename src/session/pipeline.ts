import type { Recorder } from './recorder/recorder.ts';

/** The target's side: a shell's channel. */
export interface Target {
  /** Up to `max` bytes that have come, or null when there is nothing now. */
  read(max: number): Uint8Array | null;
  write(data: Uint8Array): void;
  resize(cols: number, rows: number): void;
}

/** The person's side. */
export interface Screen {
  /** `end`: offset in the output stream after these bytes. */
  output(data: Uint8Array, end: number): void;
  /** False while too much is on its way to the screen, or no screen is there. */
  hasRoom(): boolean;
}

export interface PipelineOptions {
  recorder: Pick<Recorder, 'output' | 'input' | 'resize' | 'drained'>;
  target: Target;
  screen: Screen;
  outputPasses(): boolean;
  inputPasses(): boolean;
  /** The record could not be written: the session must end. Called with what the recorder threw. */
  failed(error: unknown): void;
  /** More is typed than the record takes, and more than anybody pastes: the session must end. */
  overflow(): void;
  /** Runs a function in a later turn of the loop, after messages that wait (a disconnect, a kill) were handled. */
  later(run: () => void): void;
}

export interface Pipeline {
  /** Moves what has come from the target: call it when there is something to read, or room again. */
  pump(): void;
  input(data: Uint8Array): void;
  resize(cols: number, rows: number): void;
  /** From here on the screen's room is no reason to wait: the target is gone, and what is left of its output is little. */
  finish(): void;
  /** Nothing passes any more, in either direction, ever. */
  stop(): void;
}

/** One frame takes what one turn brought, up to this. */
export const maxFrame = 65_536;
/** Bytes typed that may wait for the record, as many as may wait for the target. */
export const maxTyped = 16_777_216;
/** Frames in one turn: about 1 ms of work, so that an order never waits long behind output. */
const framesPerTurn = 4;

/**
 * The one way of a byte: the recorder first, THEN the screen; the recorder first, THEN the target. What the recorder did not take is neither
 * shown nor sent. Bytes that may not move yet stay in the channel, and SSH's own window stops the target; nothing is dropped.
 */
export function makePipeline(options: PipelineOptions): Pipeline {
  const { recorder, target, screen } = options;
  let stopped = false;
  let finishing = false;
  let scheduled = false;
  const typed: Uint8Array[] = [];
  let typedBytes = 0;

  /** True when `record` returned; a record that failed is the end of the session. */
  function recorded(record: () => void): boolean {
    try {
      record();
      return true;
    } catch (error) {
      stopped = true;
      options.failed(error);
      return false;
    }
  }

  function pumpLater(): void {
    if (scheduled) return;
    scheduled = true;
    options.later(() => {
      scheduled = false;
      pump();
    });
  }

  function pump(): void {
    for (let frame = 0; frame < framesPerTurn; frame += 1) {
      if (stopped || !options.outputPasses() || !(finishing || screen.hasRoom())) return;
      const backlog = recorder.drained();
      if (backlog !== null) {
        void backlog.then(pump, options.failed);
        return;
      }
      const data = target.read(maxFrame);
      if (data === null) return;
      let end = 0;
      const taken = recorded(() => {
        end = recorder.output(data);
      });
      if (!taken) return;
      screen.output(data, end);
    }
    pumpLater();
  }

  /** Moves what was typed, as fast as it is recorded. */
  function send(): void {
    for (let part = typed[0]; part !== undefined && !stopped; part = typed[0]) {
      const passes = options.inputPasses();
      const backlog = passes ? recorder.drained() : null;
      if (backlog !== null) {
        void backlog.then(send, options.failed);
        return;
      }
      typed.shift();
      typedBytes -= part.length;
      const taken = part;
      if (passes && recorded(() => recorder.input(taken))) target.write(taken);
    }
  }

  return {
    pump,
    input(data) {
      if (stopped || !options.inputPasses()) return;
      const waits = typed.length > 0;
      for (let start = 0; start < data.length; start += maxFrame) typed.push(data.subarray(start, start + maxFrame));
      typedBytes += data.length;
      // What waits goes on by itself, once the record has caught up.
      if (!waits) send();
      if (typedBytes > maxTyped && !stopped) options.overflow();
    },
    resize(cols, rows) {
      if (stopped) return;
      if (recorded(() => recorder.resize(cols, rows))) target.resize(cols, rows);
    },
    finish() {
      finishing = true;
      pump();
    },
    stop() {
      stopped = true;
      typed.length = 0;
    },
  };
}

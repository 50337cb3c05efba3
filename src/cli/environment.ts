import type { Command } from 'commander';
import { SallyportError } from '../shared/errors/result.ts';
import { type Client, createClient } from './client.ts';

/** What a command line touches of the world; tests bring their own. */
export interface Environment {
  variables: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  err(text: string): void;
  /** Writes bytes as they are where `out` writes; resolves when more may come. Absent: they are written as text. */
  bytes?(data: Uint8Array): Promise<void>;
  /** Whether a terminal shows what is written: it would obey what a recording says. */
  terminal?: boolean;
}

export interface GlobalOptions {
  socket?: string;
  as?: string;
  json?: boolean;
}

/** What every command works with. */
export interface Session {
  readonly json: boolean;
  /** The API, as the named person. Throws SP-5001 when no socket or nobody is named. */
  client(): Client;
  /** Prints one JSON document with --json, the words otherwise. */
  print(value: unknown, words: () => string): void;
  out(text: string): void;
  /** To whoever sits there, beside the output: questions. */
  say(text: string): void;
  /** Bytes to the output, as they are; resolves when more may come. */
  bytes(data: Uint8Array): Promise<void>;
  /** Whether a terminal shows the output. */
  readonly terminal: boolean;
  /** The command did what was asked and found something that must end in this code. Of several codes 1 comes first. */
  fail(code?: FailureCode): void;
}

/** 1: refused, failed, does not hold. 3: holds as far as it goes, and is not whole. */
export type FailureCode = 1 | 3;

/** A command whose exit code is 2: it was typed wrong. */
export class UsageError extends SallyportError {
  constructor(message: string) {
    super('SP-5001', message);
  }
}

export function openSession(environment: Environment, command: Command, fail: (code: FailureCode) => void): Session {
  const options = command.optsWithGlobals<GlobalOptions>();
  const json = options.json === true;
  return {
    json,
    client() {
      const socket = options.socket ?? environment.variables.SALLYPORT_SOCKET;
      const actor = options.as ?? environment.variables.SALLYPORT_ACTOR;
      if (socket === undefined || socket === '') {
        throw new UsageError(
          'Which server is not said. Give --socket PATH (the file control.sock in its data folder) or set SALLYPORT_SOCKET.',
        );
      }
      if (actor === undefined || actor === '') {
        throw new UsageError(
          'Who acts is not said. Give --as PERSON (an id from the applied document) or set SALLYPORT_ACTOR.',
        );
      }
      return createClient({ socket, actor });
    },
    print: (value, words) => environment.out(json ? `${JSON.stringify(value)}\n` : words()),
    out: (text) => environment.out(text),
    say: (text) => environment.err(text),
    bytes: async (data) => {
      if (environment.bytes === undefined) environment.out(Buffer.from(data).toString('utf8'));
      else await environment.bytes(data);
    },
    terminal: environment.terminal === true,
    fail: (code = 1) => fail(code),
  };
}

/** Adds worked examples below a command's help. */
export function examples(command: Command, lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
}

export type Register = (program: Command, open: (command: Command) => Session) => void;

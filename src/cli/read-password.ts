import { readSync } from 'node:fs';
import type { ReadStream } from 'node:tty';
import { SallyportError } from '../shared/errors/result.ts';
import { UsageError } from './environment.ts';

/** In bytes; the server takes 1024 and says so. */
const atMost = 4096;

/**
 * A password from a file descriptor, to its end. One line break at the end is not part of it. The caller wipes what it gets. Throws SP-5001.
 */
export function readPasswordFrom(fd: number): Buffer {
  const bytes = Buffer.alloc(atMost + 2);
  let length = 0;
  try {
    for (;;) {
      const read = readSomething(fd, bytes, length);
      if (read === 0) break;
      length += read;
      if (length > atMost) throw new UsageError('What was given is too long for a password. Nothing was stored.');
    }
    const ending = length > 1 && bytes[length - 2] === 13 && bytes[length - 1] === 10 ? 2 : 1;
    const end = length > 0 && bytes[length - 1] === 10 ? length - ending : length;
    if (end === 0) throw empty();
    return Buffer.from(bytes.subarray(0, end));
  } catch (error) {
    if (error instanceof SallyportError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new UsageError(
      `File descriptor ${fd} cannot be read (${code}). Open it for the command, e.g. --fd 3 with 3<password.txt, or leave --fd out.`,
    );
  } finally {
    bytes.fill(0);
  }
}

function readSomething(fd: number, bytes: Buffer, at: number): number {
  for (;;) {
    try {
      return readSync(fd, bytes, at, bytes.length - at, null);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      // A pipe that others have set not to wait (O_NONBLOCK): what comes is worth waiting for.
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      else if (code === 'EOF') return 0;
      else throw error;
    }
  }
}

/** Asks twice on a terminal, without echo. Throws SP-5001 when the two differ, are empty, or it was interrupted or the terminal closed. */
export async function askPassword(terminal: ReadStream, say: (text: string) => void): Promise<Buffer> {
  // Before the first question and until after the last answer: what is typed ahead is not shown either.
  terminal.setRawMode(true);
  terminal.resume();
  try {
    const first = await askOnce(terminal, say, 'Password: ');
    if (first.length === 0) throw empty();
    try {
      const second = await askOnce(terminal, say, 'The same again: ');
      const same = first.equals(second);
      second.fill(0);
      if (!same) throw new UsageError('The two passwords differ. Nothing was stored. Type it again.');
      return first;
    } catch (error) {
      first.fill(0);
      throw error;
    }
  } finally {
    // One that has gone takes no mode.
    if (!terminal.destroyed) terminal.setRawMode(false);
    terminal.pause();
  }
}

function askOnce(terminal: ReadStream, say: (text: string) => void, question: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const typed = Buffer.alloc(atMost);
    let length = 0;
    const done = (act: () => void) => {
      terminal.off('data', take);
      terminal.off('end', leave);
      terminal.off('close', leave);
      say('\n');
      act();
      typed.fill(0);
    };
    const take = (bytes: Buffer) => {
      for (const [at, byte] of bytes.entries()) {
        if (byte === 13 || byte === 10 || byte === 4) {
          // What was typed ahead answers the next question.
          const rest = Buffer.from(bytes.subarray(at + 1));
          bytes.fill(0);
          if (rest.length > 0)
            setImmediate(() => {
              terminal.emit('data', rest);
              rest.fill(0);
            });
          const answer = Buffer.from(typed.subarray(0, length));
          return done(() => resolve(answer));
        }
        if (byte === 3) {
          bytes.fill(0);
          return done(() => reject(new UsageError('Interrupted. Nothing was stored.')));
        }
        if (byte === 127 || byte === 8) length = withoutLastCharacter(typed, length);
        else if (byte === 21) length = 0;
        else if (length < typed.length) {
          typed[length] = byte;
          length += 1;
        }
      }
      bytes.fill(0);
    };
    const leave = () => done(() => reject(new UsageError('The terminal closed. Nothing was stored.')));
    if (terminal.readableEnded || terminal.destroyed) return leave();
    terminal.on('data', take);
    terminal.once('end', leave);
    terminal.once('close', leave);
    say(question);
  });
}

/** The length without the last character: UTF-8 continues a character with bytes 10xxxxxx (RFC 3629 section 3). */
function withoutLastCharacter(typed: Buffer, length: number): number {
  let end = Math.max(0, length - 1);
  while (end > 0 && ((typed[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return end;
}

function empty(): UsageError {
  return new UsageError('The password is empty. Nothing was stored.');
}

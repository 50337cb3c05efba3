import type { z } from 'zod';
import { fromProblem, SallyportError } from '../shared/errors/result.ts';
import type { KeyedStream, PartKind } from '../shared/model/recording.ts';
import { controlApi } from '../shared/protocol/control-api.ts';
import { manifestAnswerSchema, type OwnerToReplay, type ReplayToOwner } from '../shared/protocol/replay.ts';
import type { WireDirection } from '../shared/record/wire.ts';

export type ManifestAnswer = z.infer<typeof manifestAnswerSchema>;
type Answer = Extract<OwnerToReplay, { type: 'answer' }>;
type Asked<T> = T extends { id: number } ? Omit<T, 'id'> : never;

function malformed(what: string): SallyportError {
  return new SallyportError(
    'SP-9002',
    `The answer to the request for ${what} had an unknown form, so the recording was not opened. Update the launcher, or the server.`,
  );
}

/** True for the answers that say that there is no such part of the recording, or none yet. */
export function isMissing(error: unknown): error is SallyportError {
  return error instanceof SallyportError && ['SP-3001', 'SP-3032', 'SP-5002'].includes(error.code);
}

/** Asks the owner for the documents of one recording. Every answer is checked for its form; every method throws the problem it was answered with. */
export class Fetcher {
  private readonly send: (message: ReplayToOwner) => void;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private nextId = 1;

  constructor(send: (message: ReplayToOwner) => void) {
    this.send = send;
  }

  /** Takes an answer; one that nobody waits for is dropped. */
  answer(answer: Answer): void {
    this.waiting.get(answer.id)?.(answer);
    this.waiting.delete(answer.id);
  }

  async manifest(): Promise<ManifestAnswer> {
    const parsed = manifestAnswerSchema.safeParse((await this.ask({ type: 'fetch-manifest' })).json);
    if (!parsed.success) throw malformed('the manifest');
    return parsed.data;
  }

  async segment(stream: PartKind, seq: number): Promise<Uint8Array> {
    return this.bytes({ type: 'fetch-segment', stream, seq }, `${stream} segment ${seq}`);
  }

  async journal(): Promise<Uint8Array> {
    return this.bytes({ type: 'fetch-journal' }, 'the journal');
  }

  /** What the server holds of a journal that is not stored whole; it may begin with a keys frame. */
  async tail(): Promise<Uint8Array> {
    return this.bytes({ type: 'fetch-tail' }, 'the tail of the journal');
  }

  /** One direction of the kept wire, piece by piece; null where there is none. Throws what reading it throws. */
  async wire(direction: WireDirection): Promise<AsyncIterable<Uint8Array> | null> {
    const next = (anew: boolean) => this.bytes({ type: 'fetch-wire', direction, anew }, 'the kept wire');
    let piece: Uint8Array;
    try {
      piece = await next(true);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
    return (async function* () {
      while (piece.length > 0) {
        yield piece;
        piece = await next(false);
      }
    })();
  }

  /** The stream's identity, sealed to `recipient`: an age file. */
  async unlock(stream: KeyedStream, recipient: string): Promise<Uint8Array> {
    const parsed = controlApi.unlock.response.safeParse((await this.ask({ type: 'unlock', stream, recipient })).json);
    if (!parsed.success) throw malformed('the key');
    return Buffer.from(parsed.data.sealedIdentity, 'base64');
  }

  private async bytes(asked: Asked<ReplayToOwner>, what: string): Promise<Uint8Array> {
    const { bytes } = await this.ask(asked);
    if (bytes === undefined) throw malformed(what);
    return bytes;
  }

  private async ask(asked: Asked<ReplayToOwner>): Promise<Answer> {
    const id = this.nextId;
    this.nextId += 1;
    const answer = await new Promise<Answer>((resolve) => {
      this.waiting.set(id, resolve);
      this.send({ ...asked, id });
    });
    if (answer.problem !== undefined) throw fromProblem(answer.problem);
    return answer;
  }
}

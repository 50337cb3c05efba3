import { createDecipheriv } from 'node:crypto';
import { must, sha256, Walk } from './bytes.ts';
import { type Event, unseal } from './events.ts';

export type Stream = 'output' | 'input';
export type Identities = Partial<Record<'output' | 'input' | 'text', string>>;

export interface Journal {
  header: Record<string, unknown>;
  /** SHA-256 of the header line, and the last link of the chain. */
  first: string;
  chain: string;
  frames: Record<Stream, number>;
  bytes: Record<Stream, number>;
  /** The events of each opened frame, and its number among those of its stream. */
  events: Record<Stream, { number: number; events: Event[] }[]>;
  /** Epochs of keys after the first. */
  epochs: number;
  /** Bytes at the end that are no whole frame. */
  torn: number;
}

type Sealed = Record<Stream, string>;
type OpenKeys = Partial<Record<Stream, Buffer>>;

function nonceOf(number: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(number), 4);
  return nonce;
}

async function openKeys(keys: Sealed, identities: Identities): Promise<OpenKeys> {
  const open = async (stream: Stream) =>
    identities[stream] === undefined ? undefined : unseal(Buffer.from(keys[stream], 'base64'), identities[stream]);
  return { output: await open('output'), input: await open('input') };
}

function openFrame(key: Buffer, header: Buffer, number: number, frame: Buffer): Event[] {
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number), { authTagLength: 16 });
  decipher.setAAD(Buffer.concat([header, frame.subarray(0, 9)]));
  decipher.setAuthTag(frame.subarray(-16));
  const walk = new Walk(Buffer.concat([decipher.update(frame.subarray(9, -16)), decipher.final()]));
  const events: Event[] = [];
  while (walk.left > 0) {
    const code = walk.take(1).toString('latin1');
    events.push({ code, atMs: walk.uint64(), data: walk.string() });
  }
  return events;
}

interface KeysFrame {
  epoch: number;
  frames: Record<Stream, number>;
  bytes: Record<Stream, number>;
  chain: string;
  keys: Sealed;
}

function readKeys(frame: Buffer): KeysFrame {
  return { ...JSON.parse(frame.toString('utf8', 9, frame.length - 32)), epoch: Number(frame.readBigUInt64BE(1)) };
}

/** A frame of keys follows the frames before it, and the ending keys stand behind it. */
function checkKeys(
  journal: Journal,
  next: KeysFrame,
  frame: Buffer,
  now: { chain: Buffer; first: Buffer; keys: OpenKeys; inEpoch: Record<Stream, number> },
): void {
  must(next.epoch === journal.epochs + 1 && next.chain === now.chain.toString('hex'), 'keys of another place');
  for (const [at, stream] of (['output', 'input'] as const).entries()) {
    must(
      next.frames[stream] === journal.frames[stream] && next.bytes[stream] === journal.bytes[stream],
      'keys that count otherwise',
    );
    const key = now.keys[stream];
    if (key === undefined) continue;
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(now.inEpoch[stream]), { authTagLength: 16 });
    decipher.setAAD(Buffer.concat([now.first, frame.subarray(0, -32)]));
    decipher.setAuthTag(frame.subarray(frame.length - 32).subarray(16 * at, 16 * at + 16));
    decipher.final();
  }
}

/** Reads a journal as far as it is whole. `beginsLater`: it is a tail, which may begin with a frame of keys. */
export async function readJournal(file: Uint8Array, identities: Identities, beginsLater = false): Promise<Journal> {
  const walk = new Walk(file);
  const line = walk.take(walk.bytes.indexOf(0x0a) + 1);
  const header = JSON.parse(line.toString('utf8')) as Record<string, unknown> & { keys: Sealed };
  must(header['sallyport-journal'] === 1, 'not a journal of version 1');
  const first = Buffer.from(sha256(line), 'hex');
  let keys = await openKeys(header.keys, identities);
  let chain = first;
  let inEpoch = { output: 0, input: 0 };
  const journal: Journal = {
    header,
    first: first.toString('hex'),
    chain: '',
    frames: { output: 0, input: 0 },
    bytes: { output: 0, input: 0 },
    events: { output: [], input: [] },
    epochs: 0,
    torn: 0,
  };
  while (walk.left > 0) {
    const length = walk.left < 4 ? 0 : walk.bytes.readUInt32BE(walk.at);
    if (length === 0 || walk.left < 4 + length) break;
    const whole = walk.take(4 + length);
    const frame = whole.subarray(4);
    if (frame[0] === 2) {
      const next = readKeys(frame);
      // A tail may begin with one.
      if (chain === first && beginsLater) {
        chain = Buffer.from(next.chain, 'hex');
        journal.frames = { ...next.frames };
        journal.bytes = { ...next.bytes };
      } else checkKeys(journal, next, frame, { chain, first, keys, inEpoch });
      keys = await openKeys(next.keys, identities);
      inEpoch = { output: 0, input: 0 };
      journal.epochs = next.epoch;
      chain = Buffer.from(sha256(chain, whole), 'hex');
      continue;
    }
    chain = Buffer.from(sha256(chain, whole), 'hex');
    const stream: Stream = frame[0] === 0 ? 'output' : 'input';
    const key = keys[stream];
    const end = Number(frame.readBigUInt64BE(1));
    if (key !== undefined) {
      const events = openFrame(key, first, inEpoch[stream], frame);
      const bytes = events
        .filter(({ code }) => code === 'o' || code === 'i')
        .reduce((sum, { data }) => sum + data.length, 0);
      must(journal.bytes[stream] + bytes === end, 'an end offset that does not fit the bytes of its frame');
      journal.events[stream].push({ number: journal.frames[stream], events });
    }
    inEpoch[stream] += 1;
    journal.frames[stream] += 1;
    journal.bytes[stream] = end;
  }
  journal.torn = walk.left;
  journal.chain = chain.toString('hex');
  return journal;
}

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Stream } from '../../shared/model/recording.ts';
import {
  frameHeadBytes,
  journalKeyBytes,
  type KeysFrame,
  keysFrameSchema,
  keysNumber,
  lengthBytes,
  tagBytes,
} from '../../shared/record/journal.ts';
import { ageSeal } from '../codecs/age.ts';
import { nonceOf } from './frame.ts';

/** Keys of one epoch, and the same sealed to those who may read each stream. */
export interface EpochKeys {
  keys: Record<Stream, Buffer>;
  sealed: Record<Stream, string>;
}

/** A key as the tag of a keys frame needs it. `frames`: frames of its stream that it has sealed. */
export interface EndingKey {
  key: Buffer;
  frames: number;
}

/** Makes the keys of an epoch. Throws SP-3011 when nobody is named who may read a stream. */
export async function makeEpochKeys(recipients: Record<Stream, string[]>): Promise<EpochKeys> {
  const keys = { output: randomBytes(journalKeyBytes), input: randomBytes(journalKeyBytes) };
  const seal = async (stream: Stream) =>
    Buffer.from(await ageSeal(keys[stream], recipients[stream])).toString('base64');
  const [output, input] = await Promise.all([seal('output'), seal('input')]);
  return { keys, sealed: { output, input } };
}

function additionalData(headerHash: Uint8Array, body: Uint8Array): Buffer {
  return Buffer.concat([headerHash, body]);
}

/** A whole keys frame. `epoch`: the number of the one that begins. */
export function formatKeysFrame(options: {
  headerHash: Uint8Array;
  epoch: number;
  facts: KeysFrame;
  ending: Record<Stream, EndingKey>;
}): Buffer {
  const { headerHash, epoch, facts, ending } = options;
  const head = Buffer.alloc(frameHeadBytes);
  head.writeUInt8(keysNumber);
  head.writeBigUInt64BE(BigInt(epoch), 1);
  const body = Buffer.concat([head, Buffer.from(JSON.stringify(keysFrameSchema.parse(facts)), 'utf8')]);
  const tagOf = ({ key, frames }: EndingKey) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(frames), { authTagLength: tagBytes });
    cipher.setAAD(additionalData(headerHash, body));
    cipher.final();
    return cipher.getAuthTag();
  };
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(body.length + 2 * tagBytes);
  return Buffer.concat([length, body, tagOf(ending.output), tagOf(ending.input)]);
}

/** Whether one stream's tag of a keys frame is by that stream's ending key. */
export function checkKeysFrame(headerHash: Uint8Array, body: Uint8Array, stream: Stream, ending: EndingKey): boolean {
  const at = body.length - (stream === 'output' ? 2 : 1) * tagBytes;
  const decipher = createDecipheriv('aes-256-gcm', ending.key, nonceOf(ending.frames), { authTagLength: tagBytes });
  decipher.setAAD(additionalData(headerHash, body.subarray(0, body.length - 2 * tagBytes)));
  decipher.setAuthTag(body.subarray(at, at + tagBytes));
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}

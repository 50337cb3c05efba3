import type { IncomingMessage } from 'node:http';

interface Taken {
  /** Resolves when the body has ended; rejects when its connection broke before. */
  read: Promise<Buffer>;
  /** Set once a handler has the bytes: then they are its to overwrite. */
  given: boolean;
  /** Set once nobody will ask for the bytes. */
  dropped: boolean;
  /** All that is kept of it. */
  bytes: Buffer;
  /** Resolves when the HTTP reader holds nothing any more of what has been read. */
  overwritten: Promise<void>;
}

const bodies = new WeakMap<IncomingMessage, Taken>();

/**
 * Reads a body that holds a secret, from the moment that its request is there, refused or not: into one buffer, each piece overwritten as soon as it is
 * copied. One byte more than `maxBytes` is kept, so that what is too long is seen; the rest is overwritten unseen. `overwrite` is called
 * after the last piece, for the copy that the HTTP reader has.
 */
export function takeSecretBody(request: IncomingMessage, maxBytes: number, overwrite: () => Promise<void>): void {
  const bytes = Buffer.alloc(maxBytes + 1);
  let length = 0;
  let ended = false;
  const read = new Promise<Buffer>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      if (!taken.dropped) length += chunk.copy(bytes, length);
      chunk.fill(0);
    });
    request.once('end', () => {
      ended = true;
      taken.overwritten = overwrite();
      resolve(bytes.subarray(0, length));
    });
    request.once('close', () => {
      if (ended) return;
      bytes.fill(0);
      taken.overwritten = overwrite();
      reject(new Error('the connection broke before the body ended'));
    });
  });
  // Nobody may be waiting for it.
  read.catch(() => undefined);
  const taken: Taken = { read, given: false, dropped: false, bytes, overwritten: Promise.resolve() };
  bodies.set(request, taken);
}

/** The bytes, the caller's to overwrite; more than `maxBytes` of them mean that there were more. Rejects when the connection broke. */
export async function secretBodyOf(request: IncomingMessage): Promise<Buffer> {
  const taken = bodies.get(request);
  if (taken === undefined) throw new Error('no secret body was taken');
  const bytes = await taken.read;
  taken.given = true;
  return bytes;
}

/** Before an answer is sent: resolves when nothing is left of what was read of the body, but what a handler has. */
export async function forgetSecretBody(request: IncomingMessage): Promise<void> {
  const taken = bodies.get(request);
  if (taken === undefined) return;
  taken.dropped = true;
  if (!taken.given) taken.bytes.fill(0);
  await taken.overwritten;
}

import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { SallyportError } from '../../shared/errors/result.ts';
import { isBoundedFrame } from './zstd-frame.ts';

/**
 * zstd (RFC 8878), off the event loop: from `node:zlib` where the runtime has it (Node 24, Electron 45), else from a native package. Each
 * file is one frame.
 */
export interface Zstd {
  compress(data: Uint8Array, level: number): Promise<Uint8Array>;
  decompress(data: Uint8Array, atMost: number): Promise<Uint8Array>;
}

export function fromRuntime(): Zstd | null {
  if (typeof zlib.zstdCompress !== 'function') return null;
  const compress = promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdCompress);
  const decompress = promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress);
  return {
    compress: (data, level) =>
      compress(data, { params: { [zlib.constants.ZSTD_c_compressionLevel]: level }, pledgedSrcSize: data.length }),
    decompress: (data, atMost) => decompress(data, { maxOutputLength: atMost }),
  };
}

export async function fromPackage(): Promise<Zstd> {
  const { Decoder, Encoder } = await import('@toondepauw/node-zstd');
  const buffer = (data: Uint8Array) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return {
    compress: (data, level) => new Encoder(level).encode(buffer(data)),
    decompress: (data) => new Decoder().decode(buffer(data)),
  };
}

let loading: Promise<Zstd> | null = null;

function load(): Promise<Zstd> {
  const runtime = fromRuntime();
  loading ??= runtime === null ? fromPackage() : Promise.resolve(runtime);
  return loading;
}

export async function zstdCompress(data: Uint8Array, level: number): Promise<Uint8Array> {
  return (await load()).compress(data, level);
}

/** Throws SP-3030 when the data is not one whole zstd frame of at most `atMost` bytes of text. */
export async function zstdDecompress(data: Uint8Array, atMost: number): Promise<Uint8Array> {
  const refused = (cause?: unknown) =>
    new SallyportError(
      'SP-3030',
      'A segment does not decompress to what a segment may be: it is damaged or was not made by this program.',
      { cause },
    );
  if (!isBoundedFrame(data, atMost)) throw refused();
  try {
    const text = await (await load()).decompress(data, atMost);
    if (text.length <= atMost) return text;
  } catch (error) {
    throw refused(error);
  }
  throw refused();
}

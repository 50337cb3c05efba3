import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { SallyportError } from '../../shared/errors/result.ts';
import { type PartKind, partKindSchema } from '../../shared/model/recording.ts';
import { partFile } from '../../shared/record/parts.ts';
import type { ApiClient } from './api-client.ts';

function partsIn(folder: string): { stream: PartKind; seq: number; file: string }[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const seq = Number.parseInt(name, 10);
      const stream = partKindSchema.options.find((kind) => name === partFile(kind, seq));
      return stream === undefined ? [] : [{ stream, seq, file: path.join(folder, name) }];
    });
}

/** Sends a finished recording: its parts in order, then the manifest; then its folder goes. Throws SP-3023 when the receipt does not say that it has ended. */
export async function uploadRecording(client: ApiClient, sessionId: string, folder: string): Promise<void> {
  for (const part of partsIn(folder)) {
    await client.call('putSegment', {
      params: { sessionId, stream: part.stream, seq: part.seq },
      binary: readFileSync(part.file),
    });
  }
  const manifest = readFileSync(path.join(folder, 'manifest'), 'utf8');
  const signature = readFileSync(path.join(folder, 'manifest.sig'), 'utf8');
  const { receipt } = await client.call('putManifest', { params: { sessionId }, body: { manifest, signature } });
  if (!/"ended":\s*true/.test(receipt.payload))
    throw new SallyportError('SP-3023', 'The server stored the recording but says that it has no end.');
  rmSync(folder, { recursive: true, force: true });
}

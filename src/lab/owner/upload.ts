import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Stream } from '../../shared/model/recording.ts';
import type { ApiClient } from './api-client.ts';

function segmentsIn(folder: string): { stream: Stream; seq: number; file: string }[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const parts = /^(\d{6})\.(input\.)?cast\.zst\.age$/.exec(name);
      if (parts === null) return [];
      return [
        {
          stream: parts[2] === undefined ? ('output' as const) : ('input' as const),
          seq: Number(parts[1]),
          file: path.join(folder, name),
        },
      ];
    });
}

/** Sends a finished recording: its segments in order, then the manifest; then its folder goes. Throws SP-3023 when the receipt does not say that it has ended. */
export async function uploadRecording(client: ApiClient, sessionId: string, folder: string): Promise<void> {
  for (const segment of segmentsIn(folder)) {
    await client.call('putSegment', {
      params: { sessionId, stream: segment.stream, seq: segment.seq },
      binary: readFileSync(segment.file),
    });
  }
  const manifest = readFileSync(path.join(folder, 'manifest'), 'utf8');
  const signature = readFileSync(path.join(folder, 'manifest.sig'), 'utf8');
  const { receipt } = await client.call('putManifest', { params: { sessionId }, body: { manifest, signature } });
  if (!/"ended":\s*true/.test(receipt.payload))
    throw new SallyportError('SP-3023', 'The server stored the recording but says that it has no end.');
  rmSync(folder, { recursive: true, force: true });
}

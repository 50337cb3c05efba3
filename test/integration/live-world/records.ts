import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Agent, request } from 'undici';
import { makeProof } from '../../../src/lab/owner/device.ts';
import { parseManifest } from '../../../src/recording/manifest/parse-manifest.ts';
import { signSsh } from '../../../src/recording/signatures/sshsig.ts';
import { openRecorder } from '../../../src/session/recorder/open-recorder.ts';
import type { PartKind } from '../../../src/shared/model/recording.ts';
import type { EndReason } from '../../../src/shared/model/session.ts';
import { segmentFile } from '../../../src/shared/record/segments.ts';
import type { Device, Session, World } from './world.ts';

/** A recording on the endpoint's disk, made by the real recorder. */
export interface LocalRecording {
  folder: string;
  manifest: string;
  signature: string;
  segments: { stream: PartKind; seq: number; bytes: Buffer }[];
  output: string;
}

/** `bytes`: how much random output; above 256 KiB there are several segments. `output`: comes before it. */
export async function record(
  world: World,
  session: Session,
  options: { bytes?: number; output?: string; input?: string; reason?: EndReason } = {},
): Promise<LocalRecording> {
  const folder = mkdtempSync(path.join(world.folder, 'spool-'));
  const recorder = await openRecorder({
    folder,
    grant: session.grant,
    grantSigned: session.grantSigned,
    sessionKey: session.key,
    sessionKeyCertificate: session.certificate,
    deviceKey: session.device.client.key.line,
    terminal: { cols: 80, rows: 24, term: 'xterm-256color' },
    software: 'sallyport test',
  });
  let output = options.output ?? '';
  if (output !== '') recorder.output(Buffer.from(output));
  while (output.length < (options.bytes ?? 100)) {
    const line = `${randomBytes(3000).toString('base64')}\r\n`;
    recorder.output(Buffer.from(line));
    output += line;
    await recorder.drained();
  }
  if (options.input !== undefined) recorder.input(Buffer.from(options.input));
  const { complete } = await recorder.close(options.reason ?? { kind: 'exit', status: 0, signal: null });
  if (!complete) throw new Error('the recorder did not finish');
  const manifest = readFileSync(path.join(folder, 'manifest'), 'utf8');
  return {
    folder,
    manifest,
    signature: readFileSync(path.join(folder, 'manifest.sig'), 'utf8'),
    segments: parseManifest(manifest).segments.map(({ stream, seq }) => ({
      stream,
      seq,
      bytes: readFileSync(path.join(folder, segmentFile(stream, seq))),
    })),
    output,
  };
}

export function signManifest(session: Session, text: string): string {
  return signSsh({ privateKey: session.key, namespace: 'recording@sallyport', message: text });
}

export function putSegment(
  device: Device,
  sessionId: string,
  segment: { stream: PartKind; seq: number; bytes: Uint8Array },
) {
  return device.client.call('putSegment', {
    params: { sessionId, stream: segment.stream, seq: segment.seq },
    binary: segment.bytes,
  });
}

export function putManifest(device: Device, sessionId: string, manifest: string, signature: string) {
  return device.client.call('putManifest', { params: { sessionId }, body: { manifest, signature } });
}

/** Everything, in order. */
export async function upload(session: Session, local: LocalRecording) {
  for (const segment of local.segments) await putSegment(session.device, session.id, segment);
  return putManifest(session.device, session.id, local.manifest, local.signature);
}

/** A request without the client's own manners. */
export async function raw(
  device: Device,
  method: 'GET' | 'PUT',
  where: string,
  options: { headers?: Record<string, string>; body?: Buffer } = {},
): Promise<{ status: number; type: string; body: Buffer }> {
  const url = `${device.client.address}${where}`;
  const agent = new Agent({ connect: { ca: device.client.trustRoot } });
  try {
    const answer = await request(url, {
      method,
      headers: {
        dpop: await makeProof(device.client.key, method, url.split('?')[0] ?? ''),
        'content-type': 'application/octet-stream',
        ...options.headers,
      },
      body: options.body ?? null,
      dispatcher: agent,
    });
    const body = Buffer.from(await answer.body.arrayBuffer());
    return { status: answer.statusCode, type: String(answer.headers['content-type']), body };
  } finally {
    await agent.close();
  }
}

export function digestHeader(bytes: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
}

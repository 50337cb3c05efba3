import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runProgram } from '../processes.ts';

/**
 * A checker that shares no code with the product: it reads the manifest's text itself (docs/recording-format.md), and opens the stored files with the
 * programs age, zstd and ssh-keygen alone.
 */
export interface CheckedRecording {
  /** Stored parts: segments of every stream, and anchors. */
  segments: number;
  /** Stored bytes of all of them. */
  bytes: number;
  /** What the streams say once decrypted: the data of their `o` and `i` events, joined. */
  output: string;
  input: string;
  /** Text of the end line's reason. */
  endReason: string;
}

export interface StoredFiles {
  manifest: string;
  signature: string;
  /** Path of a stored segment by the file name that the manifest gives it. */
  segment(name: string): string;
}

/** Where and what is wrong. */
export class RecordingCheckError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RecordingCheckError';
  }
}

const kinds = ['output', 'input', 'text', 'anchor'] as const;
type Kind = (typeof kinds)[number];
/** Which field of a line holds the digest of all before it. */
const previousField: Readonly<Record<string, number>> = { segment: 10, anchor: 8, receipt: 3, end: 1 };

interface PartLine {
  stream: Kind;
  seq: number;
  file: string;
  sha256: string;
  bytes: number;
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function headerValue(manifest: string, key: string): unknown {
  const line = manifest.split('\n').find((each) => each.startsWith(`${key} `));
  if (line === undefined) throw new RecordingCheckError(`the manifest has no line "${key}"`);
  return JSON.parse(line.slice(key.length + 1));
}

function headerText(manifest: string, key: string): string {
  const value = headerValue(manifest, key);
  if (typeof value !== 'string') throw new RecordingCheckError(`the manifest's line "${key}" is no text`);
  return value;
}

/** Walks the lines, checking that each names the digest of all before it. */
function readLines(manifest: string): { segments: PartLine[]; endReason: string } {
  const segments: PartLine[] = [];
  let before = '';
  for (const [index, line] of manifest.split('\n').slice(0, -1).entries()) {
    const fields = line.split(' ');
    const at = previousField[fields[0] ?? ''];
    const previous = at === undefined ? undefined : fields[at];
    if (previous !== undefined && previous !== sha256(before))
      throw new RecordingCheckError(`line ${index + 1} of the manifest does not follow from those before it`);
    if (fields[0] === 'segment' || fields[0] === 'anchor') {
      const [kind, seq, file, digest, bytes] = fields[0] === 'anchor' ? fields : fields.slice(1);
      const stream = kinds.find((each) => each === kind);
      const count = segments.filter((each) => each.stream === stream).length;
      if (stream === undefined || file === undefined || digest === undefined || Number(seq) !== count) {
        throw new RecordingCheckError(`line ${index + 1} of the manifest is no segment that could follow`);
      }
      segments.push({ stream, seq: count, file, sha256: digest, bytes: Number(bytes) });
    }
    if (fields[0] === 'end') {
      const reason: unknown = JSON.parse(fields.slice(12).join(' '));
      return { segments, endReason: String(reason) };
    }
    before += `${line}\n`;
  }
  throw new RecordingCheckError('the manifest has no end');
}

async function sshVerify(options: {
  folder: string;
  who: string;
  key: string;
  namespace: string;
  signature: string;
  message: string;
  what: string;
}): Promise<void> {
  const { folder, who, key, namespace } = options;
  const signers = path.join(folder, 'allowed_signers');
  const signature = path.join(folder, 'signature');
  writeFileSync(signers, `${who} namespaces="${namespace}" ${key}\n`);
  writeFileSync(signature, options.signature);
  const said = await runProgram(
    'ssh-keygen',
    ['-Y', 'verify', '-f', signers, '-I', who, '-n', namespace, '-s', signature],
    { input: options.message },
  );
  if (said.code !== 0)
    throw new RecordingCheckError(
      `ssh-keygen does not accept ${options.what}: ${said.stderr.trim() || said.stdout.toString().trim()}`,
    );
}

async function openSegment(file: string, identity: string, name: string): Promise<string> {
  const opened = await runProgram('age', ['--decrypt', '-i', identity, file]);
  if (opened.code !== 0) throw new RecordingCheckError(`age does not open ${name}: ${opened.stderr.trim()}`);
  const plain = await runProgram('zstd', ['-d', '-q', '-c'], { input: opened.stdout });
  if (plain.code !== 0) throw new RecordingCheckError(`zstd does not unpack ${name}: ${plain.stderr.trim()}`);
  return plain.stdout.toString('utf8');
}

/** The data of all events with `code`; every other line is a header, a comment or another event. */
function dataOf(cast: string, code: 'o' | 'i'): string {
  const parts: string[] = [];
  for (const line of cast.split('\n')) {
    if (!line.startsWith('[')) continue;
    const event: unknown = JSON.parse(line);
    if (Array.isArray(event) && event[1] === code && typeof event[2] === 'string') parts.push(event[2]);
  }
  return parts.join('');
}

/** Checks signatures, chain, digests and sizes and decrypts both streams. Throws `RecordingCheckError` at the first thing that is wrong. */
export async function checkRecording(options: {
  files: StoredFiles;
  sessionId: string;
  identity: string;
}): Promise<CheckedRecording> {
  const { files, sessionId, identity } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-check-'));
  try {
    const manifest = readFileSync(files.manifest, 'utf8');
    if (headerText(manifest, 'session') !== sessionId)
      throw new RecordingCheckError('the manifest is of another session');
    const sessionKey = headerText(manifest, 'session-key');
    const device = headerValue(manifest, 'device');
    const deviceId = typeof device === 'object' && device !== null && 'id' in device ? String(device.id) : '';
    await sshVerify({
      folder,
      who: sessionId,
      key: sessionKey,
      namespace: 'recording@sallyport',
      signature: readFileSync(files.signature, 'utf8'),
      message: manifest,
      what: 'the signature of the manifest',
    });
    await sshVerify({
      folder,
      who: 'device',
      key: headerText(manifest, 'device-key'),
      namespace: 'session-key@sallyport',
      signature: headerText(manifest, 'session-key-certificate'),
      message: `sallyport session key, version 1\ndevice ${deviceId}\nkey ${sessionKey}\n`,
      what: "the device's certificate of the session's key",
    });
    const { segments, endReason } = readLines(manifest);
    const casts = { output: '', input: '' };
    let bytes = 0;
    for (const segment of segments) {
      const file = files.segment(segment.file);
      const stored = readFileSync(file);
      if (stored.length !== segment.bytes || sha256(stored) !== segment.sha256)
        throw new RecordingCheckError(`${segment.file} is not what the manifest lists: its bytes were changed`);
      bytes += statSync(file).size;
      if (segment.stream === 'output' || segment.stream === 'input')
        casts[segment.stream] += await openSegment(file, identity, segment.file);
    }
    return {
      segments: segments.length,
      bytes,
      output: dataOf(casts.output, 'o'),
      input: dataOf(casts.input, 'i'),
      endReason,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

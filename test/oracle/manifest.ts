import { must, sha256 } from './bytes.ts';

export const headerKeys =
  'session server-nonce user device device-key session-key session-key-certificate grant target login command route reason ticket host-keys started monotonic-ms terminal engine software codec evidence mode recipients journal'.split(
    ' ',
  );

export interface SegmentLine {
  stream: string;
  seq: number;
  file: string;
  sha256: string;
  bytes: number;
  t0: number;
  t1: number;
  events: string;
  frames: number;
  why: string;
}

export interface AnchorLine {
  seq: number;
  file: string;
  sha256: string;
  bytes: number;
  at: number;
  subject: string;
  lines: number;
}

export interface End {
  outputBytes: number;
  inputBytes: number;
  frames: number;
  chain: string;
  kind: string;
  reason: string;
}

export interface Manifest {
  header: Record<string, unknown>;
  segments: SegmentLine[];
  anchors: AnchorLine[];
  receipts: { lines: number; sha256: string }[];
  end: End | null;
  /** The digest of the first n lines, from 0. */
  heads: string[];
}

const forms = {
  segment:
    /^segment (output|input|text) (\d+) (\S+) ([0-9a-f]{64}) (\d+) (\d+) (\d+) (-|(?:[oirmx]:[1-9]\d*,?)+) (\d+) ([0-9a-f]{64}) (size|time|forced|keys|end)$/,
  anchor: /^anchor (\d+) (\d{6}\.anchor) ([0-9a-f]{64}) (\d+) (\d+) (grant|head) (\d+) ([0-9a-f]{64})$/,
  receipt: /^receipt (\d+) ([0-9a-f]{64}) ([0-9a-f]{64})$/,
  end: /^end ([0-9a-f]{64}) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) ([0-9a-f]{64}) (\S+) ([a-z-]+) (".*")$/,
};
const endings: Record<string, string> = { output: 'cast.zst.age', input: 'input.cast.zst.age', text: 'text.zst.age' };

/** Reads a manifest's text and checks its chain, its numbers and its counts. */
export function readManifest(text: string): Manifest {
  must(text.endsWith('\n'), 'the manifest is cut short');
  const lines = text.slice(0, -1).split('\n');
  must(lines[0] === 'sallyport-recording 1', `a manifest that begins with ${lines[0]}`);
  const header: Record<string, unknown> = {};
  for (const [at, key] of headerKeys.entries()) {
    const line = lines[at + 1] ?? '';
    must(line.startsWith(`${key} `), `line ${at + 2} is not ${key}`);
    header[key] = JSON.parse(line.slice(key.length + 1));
    must(`${key} ${JSON.stringify(header[key])}` === line, `line ${at + 2} has another form`);
  }
  const heads = [sha256('')];
  const manifest: Manifest = { header, segments: [], anchors: [], receipts: [], end: null, heads };
  let before = '';
  for (const [at, line] of lines.entries()) {
    if (at > headerKeys.length) readLine(manifest, line, at);
    before += `${line}\n`;
    heads.push(sha256(before));
  }
  return manifest;
}

function readLine(manifest: Manifest, line: string, at: number): void {
  const { segments, anchors, receipts, heads } = manifest;
  must(manifest.end === null, `line ${at + 1} comes after the end`);
  const kind = line.slice(0, line.indexOf(' '));
  const [, ...fields] = forms[kind as keyof typeof forms]?.exec(line) ?? [];
  must(fields.length > 0, `line ${at + 1} has no known form`);
  const text = (index: number) => fields[index] ?? '';
  const number = (index: number) => Number(text(index));
  const previous = { segment: 9, anchor: 7, receipt: 2, end: 0 }[kind] ?? 0;
  must(text(previous) === heads[at], `line ${at + 1} does not follow from the lines before it`);
  if (kind === 'segment') {
    const [stream, seq, file] = [text(0), number(1), text(2)];
    must(segments.filter((each) => each.stream === stream).length === seq, `line ${at + 1}: a gap`);
    must(file === `${String(seq).padStart(6, '0')}.${endings[stream]}`, `line ${at + 1}: a file of another name`);
    const [t0, t1, frames] = [number(5), number(6), number(8)];
    segments.push({
      stream,
      seq,
      file,
      sha256: text(3),
      bytes: number(4),
      t0,
      t1,
      events: text(7),
      frames,
      why: text(10),
    });
  } else if (kind === 'anchor') {
    const [seq, subject, covers] = [number(0), text(5), number(6)];
    must(seq === anchors.length && text(1) === `${String(seq).padStart(6, '0')}.anchor`, `line ${at + 1}: a gap`);
    must(
      subject === 'grant' ? covers === 0 : covers > headerKeys.length && covers <= at,
      `line ${at + 1} covers ${covers}`,
    );
    anchors.push({ seq, file: text(1), sha256: text(2), bytes: number(3), at: number(4), subject, lines: covers });
  } else if (kind === 'receipt') {
    must(number(0) <= at, `line ${at + 1} is a receipt for what was not there`);
    receipts.push({ lines: number(0), sha256: text(1) });
  } else {
    const of = (stream: string) => segments.filter((each) => each.stream === stream).length;
    const counts = [of('output'), of('input'), of('text'), anchors.length];
    must(counts.join() === [2, 4, 5, 6].map(number).join(), 'the end counts otherwise');
    const [outputBytes, inputBytes, frames] = [number(1), number(3), number(7)];
    manifest.end = { outputBytes, inputBytes, frames, chain: text(8), kind: text(10), reason: JSON.parse(text(11)) };
  }
}

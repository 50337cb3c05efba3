import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, sha256 } from './bytes.ts';
import { type Documents, type Grant, readDocuments } from './documents.ts';
import { type Event, raw, readSegment, readText, segmentText } from './events.ts';
import { type Evidence, readEvidence } from './evidence.ts';
import { type Identities, readJournal, type Stream } from './journal.ts';
import type { Manifest, SegmentLine } from './manifest.ts';

const streams = ['output', 'input'] as const;

export interface Streams {
  events: Record<Stream, Event[]>;
  /** Raw bytes of each stream, journal and tail included. */
  output: Buffer;
  input: Buffer;
  /** Texts of the opened segments: what `cat` of them gives. */
  cast: Record<Stream, string>;
  /** Lines and commands of the text segments. */
  text: string[];
  keyframes: number;
  /** Changes of the journal's keys, where there is a journal. */
  epochs: number;
  /** Bytes of each stream that came from the journal or the tail alone, beyond the segments. */
  beyond: Record<Stream, number>;
}

export interface Opened extends Streams {
  manifest: Manifest;
  grant: Grant;
  evidence: Evidence;
}

export interface Files {
  has(name: string): boolean;
  bytes(name: string): Buffer;
  text(name: string): string;
}

function filesOf(folder: string): Files {
  const bytes = (name: string) => readFileSync(join(folder, name));
  return { has: (name) => existsSync(join(folder, name)), bytes, text: (name) => bytes(name).toString('utf8') };
}

/** A file as the manifest's line says it was stored. */
export function stored(files: Files, line: { file: string; bytes: number; sha256: string }): Buffer {
  const bytes = files.bytes(line.file);
  must(bytes.length === line.bytes && sha256(bytes) === line.sha256, `${line.file} is not what was stored`);
  return bytes;
}

const codeOf = { output: 'o', input: 'i' } as const;

/** Adds a segment of a stream, after checking that it goes on where the one before it stopped. */
function addSegment(into: Streams, line: SegmentLine, stream: Stream, text: string, session: string): void {
  const { header, head, keyframe, events } = readSegment(text);
  must((line.seq === 0) === (header !== null), `${line.file} begins in another way`);
  if (head !== null) {
    const is = [head.segment, head.stream, head.session].join();
    must(is === [line.seq, stream, session].join(), `${line.file} says it is another`);
    const before = raw(into.events[stream], codeOf[stream]).length;
    must(
      head.offset === before && head.atMs === (into.events[stream].at(-1)?.atMs ?? 0),
      `${line.file} begins elsewhere`,
    );
  }
  if (keyframe !== null) into.keyframes += 1;
  const counts = [...'oirmx'].map((code) => `${code}:${events.filter((event) => event.code === code).length}`);
  const said = counts.filter((count) => !count.endsWith(':0')).join();
  must((said || '-') === line.events, `${line.file} has other events than its line says`);
  const times = [events[0]?.atMs ?? 0, events.at(-1)?.atMs ?? 0];
  must(times.join() === [line.t0, line.t1].join(), `${line.file} has other times than its line says`);
  into.events[stream].push(...events);
  into.cast[stream] += text;
}

/** A text segment has the times and the reason of its output segment, which stands before it. */
function isTextOf(segments: SegmentLine[], text: SegmentLine): void {
  const output = segments.find(({ stream, seq }) => stream === 'output' && seq === text.seq);
  const facts = ({ t0, t1, why }: SegmentLine) => `${t0} ${t1} ${why}`;
  must(output !== undefined && facts(output) === facts(text), `${text.file} is of no output segment`);
  must(text.events === '-' && text.frames === 0, `${text.file} counts events or frames`);
}

/** What a journal, or a tail, holds beyond the segments. */
async function addJournal(
  into: Streams,
  name: string,
  documents: Documents,
  files: Files,
  identities: Identities,
): Promise<void> {
  const { header, segments, end } = documents.manifest;
  const journal = await readJournal(files.bytes(name), identities, name === 'tail');
  must(
    journal.first === header.journal && journal.header.session === header.session,
    `${name} is of another recording`,
  );
  into.epochs = journal.epochs;
  if (end !== null) {
    const frames = journal.frames.output + journal.frames.input;
    must(journal.chain === end.chain && frames === end.frames, `${name} is not what the end says`);
    return;
  }
  for (const stream of streams) {
    const covered = segments.filter((line) => line.stream === stream).at(-1)?.frames ?? 0;
    const more = journal.events[stream].filter(({ number }) => number >= covered).flatMap(({ events }) => events);
    into.events[stream].push(...more);
    into.beyond[stream] += raw(more, codeOf[stream]).length;
  }
}

/** Checks and opens a recording's folder: all of it that the identities open. Throws `Wrong` at the first thing that does not hold. */
export async function openFolder(folder: string, identities: Identities, serverKey: string): Promise<Opened> {
  const files = filesOf(folder);
  const documents = readDocuments(files, serverKey);
  const { manifest, grant } = documents;
  const into: Streams = {
    events: { output: [], input: [] },
    output: Buffer.alloc(0),
    input: Buffer.alloc(0),
    cast: { output: '', input: '' },
    text: [],
    keyframes: 0,
    epochs: 0,
    beyond: { output: 0, input: 0 },
  };
  for (const line of manifest.segments) {
    const bytes = stored(files, line);
    const stream = line.stream as Stream | 'text';
    if (stream === 'text') isTextOf(manifest.segments, line);
    const identity = identities[stream];
    if (identity === undefined) continue;
    const text = await segmentText(bytes, identity);
    if (stream === 'text') into.text.push(...readText(text, grant.sessionId, line.seq));
    else addSegment(into, line, stream, text, grant.sessionId);
  }
  const rest = ['journal', 'tail'].find(files.has);
  if (rest !== undefined) await addJournal(into, rest, documents, files, identities);
  for (const stream of streams) into[stream] = raw(into.events[stream], codeOf[stream]);
  const { end } = manifest;
  for (const stream of streams)
    if (end !== null && identities[stream] !== undefined)
      must(into[stream].length === end[`${stream}Bytes`], `the end counts other bytes of ${stream}`);
  return { ...into, manifest, grant, evidence: await readEvidence(files, documents, into, identities) };
}

import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { openRecorder } from '../../src/session/recorder/open-recorder.ts';
import { makeRecordingWorld } from '../integration/recording-fixture.ts';
import type { Bench, Measure } from './measure.ts';
import { peerSizes } from './peer-formats.ts';
import { buildLog, promptHour, type TypedEvent } from './workloads.ts';

/** Bytes that the store holds of one session, by kind: what is uploaded, the manifest with it. */
async function recorded(events: readonly TypedEvent[]): Promise<{ all: number; text: number }> {
  const world = await makeRecordingWorld();
  // An hour passes in the recorder's clock while the bench runs: it asks performance.now() alone.
  const real = performance.now.bind(performance);
  let now = real();
  performance.now = () => now;
  const began = now;
  try {
    const recorder = await openRecorder(world.options);
    for (const [ms, code, text] of events) {
      now = began + ms;
      if (code === 'i') recorder.input(Buffer.from(text));
      else recorder.output(Buffer.from(text));
      await recorder.drained();
    }
    await recorder.close({ kind: 'exit', status: 0, signal: null });
  } finally {
    performance.now = real;
  }
  const kept = readdirSync(world.folder).filter((name) => /\.(age|anchor)$|^manifest/.test(name));
  const bytesOf = (names: readonly string[]) =>
    names.reduce((sum, name) => sum + statSync(path.join(world.folder, name)).size, 0);
  const sizes = { all: bytesOf(kept), text: bytesOf(kept.filter((name) => name.includes('.text.'))) };
  rmSync(world.folder, { recursive: true, force: true });
  return sizes;
}

function corpusHour(): TypedEvent[] | null {
  const file = path.join(process.env.SALLYPORT_CORPUS ?? '', 'idle-hour.json');
  if (process.env.SALLYPORT_CORPUS === undefined || !existsSync(file)) return null;
  const { ev } = JSON.parse(readFileSync(file, 'utf8')) as { ev: [number, 'o' | 'i', string][] };
  return ev.map(([seconds, code, text]) => [Math.round(seconds * 1000), code, text]);
}

async function measure(
  name: string,
  events: readonly TypedEvent[],
  goal: { words: string; bytes: number },
): Promise<Measure> {
  const { all, text } = await recorded(events);
  const raw = events.reduce((sum, [, , data]) => sum + Buffer.byteLength(data), 0);
  return {
    name,
    unit: 'bytes',
    ours: [all],
    peers: peerSizes(events).map((peer) => ({ name: peer.name, values: [peer.bytes] })),
    goal: goal.words,
    met: all <= goal.bytes,
    note: `raw ${raw} bytes; of ours ${text} are the text sidecar, and each of three streams is sealed`,
  };
}

export const size: Bench = {
  name: 'size',
  what: 'bytes stored of a session, sealed, with its manifest; the same events always give the same sizes',
  async run() {
    const log = buildLog(3, 8_000_000);
    const eventText = log.reduce((sum, [, , text]) => sum + JSON.stringify(text).length + 14, 0);
    const hour = corpusHour();
    return [
      await measure('idle hour', promptHour(1, 40_000, 6), { words: '75 KB (Boundary says 1.2 MB/h)', bytes: 75_000 }),
      ...(hour === null ? [] : [await measure('idle hour of the corpus', hour, { words: '75 KB', bytes: 75_000 })]),
      await measure('busy hour', promptHour(2, 4_000, 12), { words: '250 KB', bytes: 250_000 }),
      await measure('build log', log, { words: `22% of its event text (${eventText} bytes)`, bytes: eventText * 0.22 }),
    ];
  },
};

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { highWater } from '../../src/shared/protocol/session-port.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession, type World } from '../harness/session/session-world.ts';
import { type Sshd, startSshd, until } from '../harness/session/sshd.ts';

const mebibyte = 1_048_576;
const size = Number(process.env.SALLYPORT_FLOOD_MB ?? 40) * mebibyte;
const part = 8 * mebibyte;

let sshd: Sshd;
let file: string;
let digest: string;
let world: World | undefined;

/** Half a page of log lines, half bytes of every kind: neither too easy nor impossible to compress, and not UTF-8. */
function writeFlood(path: string): string {
  const hash = createHash('sha256');
  const out = openSync(path, 'w');
  const lines = Array.from(
    { length: 6000 },
    (_, n) => `2026-11-24T10:00:${n % 60} web-1 GET /path/${n * 7919} 200 ${n * 31}\u00e9\r\n`,
  ).join('');
  const text = Buffer.from(lines.repeat(2)).subarray(0, mebibyte / 2);
  for (let block = 0; block < size / mebibyte; block += 1) {
    const data = Buffer.concat([text, randomBytes(mebibyte / 2)]);
    hash.update(data);
    writeSync(out, data);
  }
  closeSync(out);
  return hash.digest('hex');
}

/** Peak resident memory in bytes since the last reset (proc(5): VmHWM, clear_refs). */
function peakMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

beforeAll(async () => {
  buildSession();
  sshd = await startSshd();
  file = join(mkdtempSync(join(tmpdir(), 'sallyport-flood-')), 'flood');
  digest = writeFlood(file);
});
afterEach(async () => world?.stop());
afterAll(async () => {
  await sshd?.stop();
});

describe('a flood', () => {
  it('security 6 and 41: of many MB (SALLYPORT_FLOOD_MB, else 40) is shown and recorded to the last byte, in bounded memory', async () => {
    const begin = `begin-${randomUUID()}`;
    const end = `end-${randomUUID()}`;
    const shown = takeBetween(begin, end);
    world = await startSession({ sshd, output: shown.take });
    const pid = world.child.pid ?? 0;
    await world.owner('state', (message) => message.state.state === 'open');
    // Twice: the first part warms up what a session needs anyway (codecs, buffers).
    world.type(`PS1=; stty raw -echo; head -c 3000000 ${file}; printf warm-%s up\r`);
    await world.sees(/warm-up/);
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    const before = peakMemory(pid);
    const at = performance.now();
    world.type(`printf %s ${begin}; cat ${file}; printf %s ${end}\r`.replace(/(begin|end)-/g, "$1''-"));
    await shown.done;
    const seconds = (performance.now() - at) / 1000;
    const grown = (peakMemory(pid) - before) / mebibyte;
    expect(shown.digest()).toBe(digest);
    world.type('exit\r');
    expect(await world.ended()).toMatchObject({ reason: { kind: 'exit' }, complete: true });
    const recorded = takeBetween(begin, end);
    for (const event of await recordedEvents(world.folder, 'output', world.identities.output)) {
      if (event.code === 'o') recorded.take(event.data);
    }
    expect(recorded.digest()).toBe(digest);
    console.log(
      `flood of ${size / mebibyte} MB: ${seconds.toFixed(1)} s, session process grew by ${grown.toFixed(0)} MB (from ${(before / mebibyte).toFixed(0)})`,
    );
    expect(grown).toBeLessThan(150);
  }, 180_000);

  it('survives key exchanges in its middle', async () => {
    const rekeying = await startSshd(['RekeyLimit 1M', 'LogLevel DEBUG1']);
    try {
      const begin = `begin-${randomUUID()}`;
      const end = `end-${randomUUID()}`;
      const shown = takeBetween(begin, end);
      world = await startSession({ sshd: rekeying, output: shown.take });
      await world.owner('state', (message) => message.state.state === 'open');
      world.type(`PS1=; stty raw -echo; printf ready-%s now\r`);
      await world.sees(/ready-now/);
      world.type(`printf %s ${begin}; head -c ${part} ${file}; printf %s ${end}\r`.replace(/(begin|end)-/g, "$1''-"));
      await shown.done;
      expect(shown.digest()).toBe(createHash('sha256').update(readFileSync(file).subarray(0, part)).digest('hex'));
      world.type('exit\r');
      expect(await world.ended()).toMatchObject({ reason: { kind: 'exit' }, complete: true });
      expect(rekeying.log().match(/rekeying in progress|SSH2_MSG_NEWKEYS received/g)?.length).toBeGreaterThan(4);
    } finally {
      await rekeying.stop();
    }
  });

  it('waits for a screen that does not draw, and goes on where it was', async () => {
    let end = 0;
    world = await startSession({
      sshd,
      draws: false,
      output: (_data, offset) => {
        end = offset;
      },
    });
    await world.owner('state', (message) => message.state.state === 'open');
    world.type(`PS1=; stty raw -echo; head -c ${part} ${file}; printf all-%s done\r`);
    await until(() => end >= highWater, 'the high mark');
    const held = end;
    // A round trip through the session process: had it gone on reading, more would have come before the answer.
    world.screen({ type: 'resize', cols: 100, rows: 30 });
    await world.owner('head', (message) => message.outputBytes >= held);
    expect(end).toBeLessThan(highWater + 65_536);
    const drawing = setInterval(() => world?.screen({ type: 'drawn', end }), 5);
    await world.sees(/all-done/).finally(() => clearInterval(drawing));
    expect(end).toBeGreaterThan(part);
  });
});

/** Hashes what lies between two words of a byte stream. */
function takeBetween(begin: string, end: string) {
  const hash = createHash('sha256');
  const found = Promise.withResolvers<void>();
  let started = false;
  let ended = false;
  let kept = Buffer.alloc(0);
  return {
    done: found.promise,
    digest: () => hash.digest('hex'),
    take(data: Uint8Array) {
      if (ended) return;
      kept = Buffer.concat([kept, data]);
      if (!started) {
        const at = kept.indexOf(begin);
        if (at < 0) {
          kept = kept.subarray(Math.max(0, kept.length - begin.length));
          return;
        }
        started = true;
        kept = kept.subarray(at + begin.length);
      }
      const at = kept.indexOf(end);
      const certain = at >= 0 ? at : Math.max(0, kept.length - end.length);
      hash.update(kept.subarray(0, certain));
      kept = kept.subarray(certain);
      if (at >= 0) {
        ended = true;
        found.resolve();
      }
    },
  };
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { build } from 'vite';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ageSeal } from '../../src/recording/codecs/age.ts';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { sealSegment } from '../../src/recording/segments/seal.ts';
import { signDocument } from '../../src/recording/signatures/signed.ts';
import { formatSegmentComment } from '../../src/recording/text/cast.ts';
import { keyframeMsPerCell } from '../../src/session/recorder/segment-screen.ts';
import { type Problem, SallyportError, toProblem } from '../../src/shared/errors/result.ts';
import type { KeyedStream, RecordingView } from '../../src/shared/model/recording.ts';
import { type ReplayToScreen, replayToOwnerSchema, replayToScreenSchema } from '../../src/shared/protocol/replay.ts';
import { namespaces } from '../../src/shared/protocol/signed.ts';
import { partFile } from '../../src/shared/record/parts.ts';
import { cleanExit, makeRecordingWorld, type RecordingWorld, startRecorder } from './recording-fixture.ts';

type Opened = Extract<ReplayToScreen, { type: 'opened' }>;
type Survey = Extract<ReplayToScreen, { type: 'survey' }>;
type Lines = Extract<ReplayToScreen, { type: 'lines' }>;
type Found = Extract<ReplayToScreen, { type: 'found' }>;
type PartMessage = Extract<ReplayToScreen, { type: 'part' }>;
const outFolder = join(import.meta.dirname, '../../out/test-replay');
const entry = join(outFolder, 'replay.cjs');

/** Answers what main would, from the folder of one recording, and keeps what the screen gets. */
class Owner {
  readonly child: ChildProcess;
  readonly screen: ReplayToScreen[] = [];
  private readonly waiting: (() => void)[] = [];
  private asked = 0;

  constructor(
    world: RecordingWorld,
    options: {
      mayUnlock?: KeyedStream[];
      journal?: boolean;
      tamper?: (name: string, bytes: Buffer) => Buffer;
      refuse?: KeyedStream[];
      /** What the server holds of the journal of a running session. */
      tail?: Buffer;
      /** Nothing of it is sealed yet. */
      unsealed?: boolean;
    } = {},
  ) {
    this.child = fork(entry, [], { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const read = (name: string) => {
      const bytes = readFileSync(join(world.folder, name));
      return options.tamper?.(name, bytes) ?? bytes;
    };
    const answer = async (message: unknown): Promise<object> => {
      const asked = replayToOwnerSchema.parse(message);
      if (asked.type === 'fetch-manifest') {
        if (options.unsealed === true) return { problem: toProblem(new SallyportError('SP-3032', 'Not yet.')) };
        const manifest = read('manifest').toString();
        const receipt = {
          version: 1,
          sessionId: world.grant.sessionId,
          lines: 1,
          head: parseManifest(readFileSync(join(world.folder, 'manifest'), 'utf8')).heads[1],
          segments: 0,
          bytes: 0,
          ended: false,
          wire: null,
          at: 'now',
        };
        const receipts = [signDocument({ privateKey: world.serverKey, namespace: namespaces.receipt, value: receipt })];
        return {
          json: {
            manifest,
            signature: read('manifest.sig').toString(),
            receipts,
            grant: world.grantSigned,
            ...world.keys,
          },
        };
      }
      if (asked.type === 'fetch-segment') return { bytes: new Uint8Array(read(partFile(asked.stream, asked.seq))) };
      if (asked.type === 'fetch-tail')
        return options.tail === undefined
          ? { problem: toProblem(new SallyportError('SP-3032', 'None.')) }
          : { bytes: new Uint8Array(options.tail) };
      if (asked.type === 'fetch-wire') return { problem: toProblem(new SallyportError('SP-3032', 'None.')) };
      if (asked.type === 'fetch-journal') return { bytes: new Uint8Array(read('journal')) };
      if (asked.type !== 'unlock') return {};
      if (options.refuse?.some((stream) => stream === asked.stream) === true)
        return { problem: toProblem(new SallyportError('SP-3031', 'No.')) };
      const sealed = await ageSeal(
        Buffer.from(`${world.identities[asked.stream === 'text' ? 'output' : asked.stream]}\n`),
        [asked.recipient],
      );
      return { json: { sealedIdentity: Buffer.from(sealed).toString('base64') } };
    };
    this.child.on('message', (message: { type: string; id?: number; message?: unknown }) => {
      if (message.type === 'screen') {
        this.screen.push(replayToScreenSchema.parse(message.message));
        for (const wake of this.waiting.splice(0)) wake();
      } else if (message.id !== undefined) {
        void answer(message).then((body) => this.child.send({ type: 'answer', id: message.id, ...body }));
      }
    });
    const recording = makeView(world, options);
    this.child.send({ type: 'open', recording, serverKey: world.keys.serverKey, purpose: 'test', local: false });
  }

  async next<T extends ReplayToScreen>(wanted: (message: ReplayToScreen) => message is T): Promise<T> {
    for (;;) {
      const found = this.screen.find(wanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  async problem(): Promise<Problem> {
    type Told = Extract<ReplayToScreen, { type: 'problem' }>;
    return (await this.next((one): one is Told => one.type === 'problem')).problem;
  }

  async opened(): Promise<Opened> {
    const message = await this.next(
      (one): one is Exclude<ReplayToScreen, { type: 'progress' }> => one.type === 'opened' || one.type === 'problem',
    );
    if (message.type !== 'opened') throw new Error(JSON.stringify(message));
    return message;
  }

  /** What is known once all of it was read. */
  async surveyed(): Promise<Survey> {
    return this.next((one): one is Survey => one.type === 'survey' && one.finished);
  }

  /** The answer to a seek or a read: its part, where it starts, all bytes and the resizes. */
  async part(asked: { seek: number } | { read: number }) {
    this.asked += 1;
    const id = this.asked;
    const message = 'seek' in asked ? { type: 'seek', id, toMs: asked.seek } : { type: 'read', id, part: asked.read };
    this.child.send({ type: 'screen', message });
    const last = await this.next((one): one is PartMessage => one.type === 'part' && one.id === id && one.done);
    const messages = this.screen.filter((one): one is PartMessage => one.type === 'part' && one.id === id);
    const events = messages.flatMap((one) => one.events);
    return {
      part: last.part,
      start: messages[0]?.start ?? null,
      fault: last.fault,
      bytes: Buffer.concat(events.flatMap((event) => (event.code === 'o' ? [event.data] : []))),
      sizes: events.flatMap((event) => (event.code === 'r' ? [`${event.cols}x${event.rows}`] : [])),
    };
  }

  /** At most 500 lines of the transcript. */
  async lines(from: number): Promise<Lines> {
    this.asked += 1;
    const id = this.asked;
    this.child.send({ type: 'screen', message: { type: 'lines', id, from, count: 500 } });
    return this.next((one): one is Lines => one.type === 'lines' && one.id === id);
  }

  /** The answer to a search, once all of the text was gathered. */
  async find(text: string): Promise<Found> {
    await this.surveyed();
    this.asked += 1;
    const id = this.asked;
    this.child.send({ type: 'screen', message: { type: 'find', id, text } });
    return this.next((one): one is Found => one.type === 'found' && one.id === id && one.more !== true);
  }

  /** Every part in order. */
  async all(): Promise<{ bytes: Buffer; sizes: string[]; faults: string[] }> {
    const found = [];
    for (const part of (await this.opened()).parts.keys()) found.push(await this.part({ read: part }));
    return {
      bytes: Buffer.concat(found.map((part) => part.bytes)),
      sizes: found.flatMap((part) => part.sizes),
      faults: found.flatMap((part) => part.fault ?? []),
    };
  }
}

function makeView(
  world: RecordingWorld,
  options: { mayUnlock?: KeyedStream[]; journal?: boolean; tail?: Buffer },
): RecordingView {
  const { grant } = world;
  const journal = options.journal === true ? { bytes: 1, storedAt: 'now' } : null;
  return {
    sessionId: grant.sessionId,
    user: grant.user,
    device: grant.device,
    target: { id: 't', name: 'web-1', address: '127.0.0.1:22', production: true },
    login: 'deploy',
    credential: 'certificate',
    route: 'relay',
    reason: null,
    startedAt: 'now',
    endedAt: null,
    durationMs: null,
    state: options.tail !== undefined ? 'receiving' : options.journal === true ? 'incomplete' : 'complete',
    because: options.journal === true ? 'the session process crashed' : null,
    endReason: null,
    killedBy: null,
    evidence: 'recorder-only',
    wire: null,
    segments: [],
    bytes: 0,
    journal,
    mayUnlock: options.mayUnlock ?? ['output', 'input'],
    review: {
      reviewed: null,
      hold: null,
      bookmarks: 0,
      findings: { open: 0, closed: 0, worst: null },
      may: { review: false, hold: false },
    },
  };
}

/** One bit of the ninth byte from the end. */
function flipped(bytes: Buffer): Buffer {
  const out = Buffer.from(bytes);
  const at = out.length - 9;
  out[at] = (out[at] ?? 0) ^ 1;
  return out;
}

/** A journal whose last frame was being written: a whole frame's beginning, and no more. */
function torn(journal: Buffer): Buffer {
  const first = journal.indexOf('\n') + 1;
  return Buffer.concat([journal, journal.subarray(first, first + 20)]);
}

function line(index: number): string {
  return `line ${index} ${((index * 2654435761) >>> 0).toString(36).repeat(8)}\r\n`;
}

describe('the replay process', () => {
  const owners: Owner[] = [];
  let world: RecordingWorld;
  let output: Buffer;

  beforeAll(async () => {
    const { launcherProcess } = await import('../../vite.shared.ts');
    const config = launcherProcess('replay', 'src/replay/replay-main.ts');
    await build({ ...config, configFile: false, logLevel: 'error', build: { ...config.build, outDir: outFolder } });
    world = await makeRecordingWorld();
    const recorder = await startRecorder(world);
    const chunks = Array.from({ length: 9000 }, (_, index) => Buffer.from(line(index)));
    const echo = Buffer.from('\x1b[1mupt\x1b[0mime 3000\r\n');
    output = Buffer.concat([...chunks.slice(0, 3001), echo, ...chunks.slice(3001), Buffer.from([0xff, 0x41])]);
    for (const [index, chunk] of chunks.entries()) {
      recorder.output(chunk);
      if (index % 3000 === 0) recorder.input(Buffer.from(`uptime ${index}\r`));
      if (index === 3000) recorder.output(echo);
      if (index === 5) recorder.resize(132, 43);
      // Between two cuts: a screen of this size is kept again only when as much of the recording's time has passed as it is worth.
      if (index === 4500) await setTimeout(132 * 43 * keyframeMsPerCell + 50);
    }
    recorder.output(Buffer.from([0xff, 0x41]));
    recorder.exit('0');
    expect(await recorder.close(cleanExit)).toEqual({ complete: true });
  });

  afterEach(async () => {
    for (const { child } of owners.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
  });

  function start(options: ConstructorParameters<typeof Owner>[1] = {}, of = world): Owner {
    const owner = new Owner(of, options);
    owners.push(owner);
    return owner;
  }

  it('plays at once, and says afterwards what all of it is worth', async () => {
    const owner = start();
    const opened = await owner.opened();
    expect(opened).toMatchObject({
      incomplete: null,
      cols: 80,
      rows: 24,
      unlocked: ['output', 'input'],
      endReason: 'exit 0',
    });
    expect(owner.screen.some((one) => one.type === 'survey' && one.finished)).toBe(false);
    const all = await owner.all();
    expect(all.bytes.equals(output)).toBe(true);
    expect(all).toMatchObject({ sizes: ['132x43'], faults: [] });
    const survey = await owner.surveyed();
    // The receipt of this recording covers its first line alone: no check fails, and it is not whole.
    const incomplete = 'the server received 1 of 34 lines in this form';
    expect(survey).toMatchObject({ verified: true, evidence: 'recorder-only', incomplete, faults: [], problem: null });
    expect(survey.checks.filter((check) => check.lacking).map((check) => check.name)).toEqual(['receipts']);
    expect(survey.done).toBe(survey.total);
    const names = survey.checks.map((check) => check.name);
    for (const name of ['manifest chain', 'manifest signature', 'grant', 'segments', 'receipts', 'end', 'contents'])
      expect(names).toContain(name);
    expect(survey.marks.map((mark) => `${mark.kind} ${mark.text}`).sort()).toEqual([
      'exit 0',
      'input (typed, not shown)',
      'input (typed, not shown)',
      'input uptime 3000',
      'resize 132x43',
    ]);
    expect(survey.activity).toHaveLength(240);
    expect(survey.activity.reduce((sum, slice) => sum + slice.output, 0)).toBe(output.length);
  });

  it('seeks to the part that holds a time', async () => {
    const owner = start();
    const { parts, durationMs } = await owner.opened();
    expect(parts.length).toBeGreaterThan(1);
    const first = await owner.part({ seek: 0 });
    expect(first.part).toBe(0);
    // The last part begins with its own screen, so nothing before it is read.
    const found = await owner.part({ seek: durationMs });
    expect(found).toMatchObject({ part: parts.length - 1, start: { cols: 132, rows: 43 }, fault: null });
  });

  it('gives lines and commands, and finds text, the same whoever computed it', async () => {
    const found = [];
    // From the sidecars; and drawn here, for whom their key stays shut.
    for (const mayUnlock of [
      ['output', 'input', 'text'],
      ['output', 'text'],
      ['output', 'input'],
    ] as KeyedStream[][]) {
      const owner = start({ mayUnlock });
      await owner.opened();
      const hits = await owner.find('LINE 8123 ');
      const survey = await owner.surveyed();
      expect(hits).toMatchObject({ total: 1, finished: true, hits: [{ kind: 'line', marks: [[0, 10]] }] });
      const [hit] = hits.hits;
      const { lines, total } = await owner.lines(hit?.line ?? -1);
      expect(lines[0]).toMatchObject({ kind: 'line', text: line(8123).trimEnd(), alternate: false, atMs: hit?.atMs });
      expect(total).toBe(survey.lines);
      expect((await owner.find('no such words')).hits).toEqual([]);
      found.push({ total, commands: survey.commands, first: (await owner.lines(0)).lines });
      owners.pop()?.child.kill('SIGKILL');
    }
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
    expect(found[0]?.total).toBeGreaterThanOrEqual(9001);
  });

  it('names a text that was changed, and gives the others', async () => {
    const owner = start({
      mayUnlock: ['output', 'text'],
      tamper: (name, bytes) => (name === '000001.text.zst.age' ? flipped(bytes) : bytes),
    });
    await owner.surveyed();
    const { lines } = await owner.lines(0);
    expect(lines.length).toBeGreaterThan(400);
    const gaps = [];
    for (let from = 0, total = 1; from < total; from += 500) {
      const answer = await owner.lines(from);
      total = answer.total;
      gaps.push(...answer.lines.flatMap(({ kind, text }) => (kind === 'gap' ? [text] : [])));
    }
    expect(gaps).toEqual(['text segment 1 is not shown: it was changed: its digest is not the one in the manifest']);
    expect((await owner.find('line 8999 ')).total).toBe(1);
  });

  it('opens output when input stays locked', async () => {
    const owner = start({ refuse: ['input'] });
    expect(await owner.opened()).toMatchObject({ unlocked: ['output'] });
    const survey = await owner.surveyed();
    expect(survey).toMatchObject({ verified: true });
    expect(survey.marks.some((mark) => mark.kind === 'input')).toBe(false);
  });

  it('says why when output stays locked', async () => {
    const owner = start({ refuse: ['output'] });
    expect(await owner.problem()).toMatchObject({ code: 'SP-3031' });
  });

  it('names the segment that was changed, and shows the others', async () => {
    const owner = start({
      tamper: (name, bytes) => (name === '000001.cast.zst.age' ? flipped(bytes) : bytes),
    });
    const all = await owner.all();
    expect(all.bytes.length).toBeGreaterThan(100_000);
    expect(all.bytes.length).toBeLessThan(output.length);
    const fault = 'output segment 1 is not shown: it was changed: its digest is not the one in the manifest';
    expect(all.faults).toEqual([fault]);
    const survey = await owner.surveyed();
    expect(survey).toMatchObject({ verified: false, faults: [fault], incomplete: expect.stringContaining(fault) });
    expect(survey.checks.find((check) => check.name === 'segments')).toEqual({
      name: 'segments',
      ok: false,
      detail: 'output segment 1 (000001.cast.zst.age): was changed: its digest is not the one in the manifest',
    });
  });

  it('does not show a segment that somebody else sealed to the same readers', async () => {
    const { sessionId: session, recipients } = world.grant;
    const comment = formatSegmentComment({ segment: 1, stream: 'output', session, atMs: 1, offset: 262_144 });
    const other = await sealSegment(Buffer.from(`${comment}[0.001,"o","rm -rf /\\r\\n"]\n`), {
      level: 3,
      recipients: recipients.output,
    });
    const owner = start({ tamper: (name, bytes) => (name === '000001.cast.zst.age' ? Buffer.from(other) : bytes) });
    const all = await owner.all();
    expect(all.bytes.includes('rm -rf')).toBe(false);
    expect(all.faults).toHaveLength(1);
  });

  it('says in words that a recording is of version 0', async () => {
    const owner = start({
      tamper: (name, bytes) =>
        name === 'manifest'
          ? Buffer.from(bytes.toString().replace('sallyport-recording 1', 'sallyport-recording 0'))
          : bytes,
    });
    expect(await owner.problem()).toMatchObject({
      code: 'SP-3030',
      message: expect.stringContaining('of version 0 of the format'),
    });
  });

  it('goes on in the journal where the segments of a crashed session stop', async () => {
    const crashed = await makeRecordingWorld();
    const recorder = await startRecorder(crashed);
    const sealed = new Promise<void>((resolve) => recorder.onSealed(() => resolve()));
    for (let index = 0; index < 4000; index += 1) recorder.output(Buffer.from(line(index)));
    await sealed;
    recorder.output(Buffer.from('the last words'));
    recorder.input(Buffer.from('reboot\r'));
    // Nothing is closed: what is on disk now is what a killed process leaves, and its last frame is torn.
    const owner = start(
      {
        journal: true,
        tamper: (name, bytes) => (name === 'journal' ? torn(bytes) : bytes),
      },
      crashed,
    );
    expect(await owner.opened()).toMatchObject({ endReason: null });
    const lines = Array.from({ length: 4000 }, (_, index) => line(index)).join('');
    expect((await owner.all()).bytes.toString()).toBe(`${lines}the last words`);
    const survey = await owner.surveyed();
    expect(survey).toMatchObject({
      verified: true,
      incomplete: 'the session process crashed; its last moment was being written when it stopped',
      marks: [{ atMs: expect.any(Number), kind: 'input', text: '(typed, not shown)' }],
    });
    await recorder.close(cleanExit);
    await rm(crashed.folder, { recursive: true });
  });

  it('shows of a running session what is sealed and what the server heard since', async () => {
    const live = await makeRecordingWorld();
    const recorder = await startRecorder(live);
    const sealed = new Promise<void>((resolve) => recorder.onSealed(() => resolve()));
    for (let index = 0; index < 4000; index += 1) recorder.output(Buffer.from(line(index)));
    await sealed;
    recorder.output(Buffer.from('just now'));
    const tail = readFileSync(join(live.folder, 'journal'));
    const lines = Array.from({ length: 4000 }, (_, index) => line(index)).join('');
    for (const unsealed of [false, true]) {
      const owner = start({ tail, unsealed }, live);
      expect(await owner.opened()).toMatchObject({ incomplete: 'it is not finished yet' });
      expect((await owner.all()).bytes.toString()).toBe(`${lines}just now`);
      const survey = await owner.surveyed();
      expect(survey).toMatchObject({ verified: true, incomplete: 'it is not finished yet' });
      expect(survey.checks.find((check) => check.name === 'tail')?.detail).toMatch(/^[1-9]\d* frames came while/);
      expect((await owner.find('just now')).hits).toMatchObject([{ text: 'just now' }]);
      expect(await owner.find('line 3999 ')).toMatchObject({ total: 1 });
    }
    await recorder.close(cleanExit);
    await rm(live.folder, { recursive: true });
  });

  it('answers a request of an unknown form with a problem, and ends when it is closed', async () => {
    const owner = start();
    await owner.opened();
    owner.child.send({ type: 'screen', message: { type: 'read', id: 'x' } });
    expect(await owner.problem()).toMatchObject({ code: 'SP-9002' });
    const gone = once(owner.child, 'exit');
    owner.child.send({ type: 'screen', message: { type: 'close' } });
    expect(await gone).toEqual([0, null]);
  });
});

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ageSeal } from '../../src/recording/codecs/age.ts';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { signDocument } from '../../src/recording/signatures/signed.ts';
import { SallyportError, toProblem } from '../../src/shared/errors/result.ts';
import type { RecordingView, Stream } from '../../src/shared/model/recording.ts';
import { type ReplayToScreen, replayToOwnerSchema, replayToScreenSchema } from '../../src/shared/protocol/replay.ts';
import { namespaces } from '../../src/shared/protocol/signed.ts';
import { partFile } from '../../src/shared/record/parts.ts';
import { cleanExit, makeRecordingWorld, type RecordingWorld, startRecorder } from './recording-fixture.ts';

type Opened = Extract<ReplayToScreen, { type: 'opened' }>;
const outFolder = join(import.meta.dirname, '../../out/test-replay');
const entry = join(outFolder, 'replay.cjs');

/** Answers what main would, from the folder of one recording, and keeps what the screen gets. */
class Owner {
  readonly child: ChildProcess;
  readonly screen: ReplayToScreen[] = [];
  private readonly waiting: (() => void)[] = [];

  constructor(
    world: RecordingWorld,
    options: {
      mayUnlock?: Stream[];
      journal?: boolean;
      tamper?: (name: string, bytes: Buffer) => Buffer;
      refuse?: Stream[];
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
        const manifest = read('manifest').toString();
        const receipt = {
          version: 1,
          sessionId: world.grant.sessionId,
          lines: 1,
          head: parseManifest(readFileSync(join(world.folder, 'manifest'), 'utf8')).heads[1],
          segments: 0,
          bytes: 0,
          ended: false,
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
    this.child.send({ type: 'open', recording, serverKey: world.keys.serverKey, purpose: 'test' });
  }

  async next<T extends ReplayToScreen>(wanted: (message: ReplayToScreen) => message is T): Promise<T> {
    for (;;) {
      const found = this.screen.find(wanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  async opened(): Promise<Opened> {
    const message = await this.next((one) => one.type === 'opened' || one.type === 'problem');
    if (message.type !== 'opened') throw new Error(JSON.stringify(message));
    return message;
  }

  /** All output bytes in [fromMs, toMs), and the resizes. */
  async read(id: number, fromMs: number, toMs: number): Promise<{ bytes: Buffer; sizes: string[] }> {
    this.child.send({ type: 'screen', message: { type: 'read', id, fromMs, toMs } });
    await this.next((one): one is ReplayToScreen => one.type === 'events' && one.id === id && one.done);
    const events = this.screen.flatMap((one) => (one.type === 'events' && one.id === id ? one.events : []));
    return {
      bytes: Buffer.concat(events.flatMap((event) => (event.code === 'o' ? [event.data] : []))),
      sizes: events.flatMap((event) => (event.code === 'r' ? [`${event.cols}x${event.rows}`] : [])),
    };
  }
}

function makeView(world: RecordingWorld, options: { mayUnlock?: Stream[]; journal?: boolean }): RecordingView {
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
    state: options.journal === true ? 'incomplete' : 'complete',
    because: options.journal === true ? 'the session process crashed' : null,
    endReason: null,
    killedBy: null,
    evidence: 'recorder-only',
    wire: null,
    segments: [],
    bytes: 0,
    journal,
    mayUnlock: options.mayUnlock ?? ['output', 'input'],
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

  it('verifies, unlocks, decrypts and serves what the terminal got', async () => {
    const owner = start();
    const opened = await owner.opened();
    expect(opened).toMatchObject({
      verified: true,
      incomplete: null,
      cols: 80,
      rows: 24,
      unlocked: ['output', 'input'],
      endReason: 'exit 0',
    });
    expect(opened.checks.map((check) => check.name)).toEqual([
      'server key',
      'manifest chain',
      'manifest signature',
      'session key',
      'grant',
      'segments',
      'receipts',
      'end',
      'contents',
    ]);
    expect(opened.marks.map((mark) => `${mark.kind} ${mark.text}`).sort()).toEqual([
      'exit 0',
      'input (typed, not shown)',
      'input (typed, not shown)',
      'input uptime 3000',
      'resize 132x43',
    ]);
    expect(opened.activity).toHaveLength(240);
    expect(opened.activity.reduce((sum, slice) => sum + slice.output, 0)).toBe(output.length);
    const all = await owner.read(1, 0, opened.durationMs + 1);
    expect(all.bytes.equals(output)).toBe(true);
    expect(all.sizes).toEqual(['132x43']);
    const middle = Math.floor(opened.durationMs / 2);
    const [first, second] = [await owner.read(2, 0, middle), await owner.read(3, middle, opened.durationMs + 1)];
    expect(Buffer.concat([first.bytes, second.bytes]).equals(output)).toBe(true);
  });

  it('opens output when input stays locked', async () => {
    const opened = await start({ refuse: ['input'] }).opened();
    expect(opened).toMatchObject({ verified: true, unlocked: ['output'] });
    expect(opened.marks.some((mark) => mark.kind === 'input')).toBe(false);
  });

  it('says why when output stays locked', async () => {
    const owner = start({ refuse: ['output'] });
    expect(await owner.next((one): one is ReplayToScreen => one.type === 'problem')).toMatchObject({
      problem: { code: 'SP-3031' },
    });
  });

  it('names the segment that was changed, and shows the others', async () => {
    const owner = start({
      tamper: (name, bytes) => (name === '000001.cast.zst.age' ? flipped(bytes) : bytes),
    });
    const opened = await owner.opened();
    expect(opened.verified).toBe(false);
    expect(opened.checks.filter((check) => !check.ok)).toEqual([
      {
        name: 'segments',
        ok: false,
        detail: 'output segment 1 (000001.cast.zst.age): was changed: its digest is not the one in the manifest',
      },
    ]);
    expect(opened.incomplete).toContain('output segment 1 is not shown');
    const all = await owner.read(1, 0, opened.durationMs + 1);
    expect(all.bytes.length).toBeGreaterThan(100_000);
    expect(all.bytes.length).toBeLessThan(output.length);
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
    const opened = await owner.opened();
    expect(opened).toMatchObject({ verified: true, endReason: null });
    expect(opened.incomplete).toBe('the session process crashed; its last moment was being written when it stopped');
    const all = await owner.read(1, 0, opened.durationMs + 1);
    const lines = Array.from({ length: 4000 }, (_, index) => line(index)).join('');
    expect(all.bytes.toString()).toBe(`${lines}the last words`);
    expect(opened.marks).toEqual([{ atMs: expect.any(Number), kind: 'input', text: '(typed, not shown)' }]);
    await recorder.close(cleanExit);
    await rm(crashed.folder, { recursive: true });
  });

  it('answers a request of an unknown form with a problem, and ends when it is closed', async () => {
    const owner = start();
    await owner.opened();
    owner.child.send({ type: 'screen', message: { type: 'read', id: 'x' } });
    expect(await owner.next((one): one is ReplayToScreen => one.type === 'problem')).toMatchObject({
      problem: { code: 'SP-9002' },
    });
    const gone = once(owner.child, 'exit');
    owner.child.send({ type: 'screen', message: { type: 'close' } });
    expect(await gone).toEqual([0, null]);
  });
});

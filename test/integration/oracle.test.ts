import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GrantPayload } from '../../src/shared/protocol/signed.ts';
import { type ByteTarget, type Played, type Stage, startByteTarget } from '../harness/session/byte-target.ts';
import { buildSession, startSession, type World } from '../harness/session/session-world.ts';
import { type Opened, openFolder } from '../oracle/folder.ts';

/**
 * A target that logs every byte of both directions, a real session process, and a decoder that was written from docs/recording-format.md and imports nothing
 * of the product: what the decoder reads is what the target sent and got.
 */
let target: ByteTarget;
let world: World | undefined;
beforeAll(async () => {
  buildSession();
  target = await startByteTarget();
});
afterEach(async () => world?.stop());
afterAll(() => target?.stop());

interface Scene {
  /** What the target does. `shown(n)` resolves when the screen has had n bytes of it. */
  act(stage: Stage, shown: (bytes: number) => Promise<void>): Promise<void>;
  /** What the person does once the shell is open. */
  person?(world: World): void;
  grant?: Partial<GrantPayload>;
}

/** Plays a scene through a session process and opens what it recorded. */
async function play(scene: Scene): Promise<{ played: Played; opened: Opened; folder: string }> {
  let end = 0;
  let waiting: { until: number; go: () => void }[] = [];
  const shown = (until: number) => new Promise<void>((go) => (end >= until ? go() : waiting.push({ until, go })));
  const log = target.play((stage) => scene.act(stage, shown));
  const running = await startSession({
    sshd: target.sshd,
    ...(scene.grant === undefined ? {} : { grant: scene.grant }),
    output: (_data, now) => {
      end = now;
      const ready = waiting.filter(({ until }) => until <= now);
      waiting = waiting.filter(({ until }) => until > now);
      for (const { go } of ready) go();
    },
  });
  world = running;
  await running.onScreen((message) => message.type === 'state' && message.state.state === 'open');
  scene.person?.(running);
  expect(await running.ended()).toMatchObject({ reason: { kind: 'exit', status: 0 }, complete: true });
  const { folder, identities, serverKey, startMessage } = running;
  if (startMessage.type === 'start') writeFileSync(join(folder, 'grant.json'), JSON.stringify(startMessage.grant));
  const opened = await openFolder(folder, { ...identities, text: identities.output }, serverKey);
  return { played: await log, opened, folder };
}

/** The place of the first difference says more than two buffers. */
function mustEqual(found: Buffer, expected: Buffer): void {
  if (found.equals(expected)) return;
  const at = expected.findIndex((byte, index) => found[index] !== byte);
  const near = (bytes: Buffer) => bytes.subarray(Math.max(0, at - 8), at + 16).toString('hex');
  expect.fail(
    `${found.length} of ${expected.length} bytes, first difference at ${at}: ${near(found)}, not ${near(expected)}`,
  );
}

async function mustBeRecorded(scene: Scene): Promise<Opened> {
  const { played, opened } = await play(scene);
  mustEqual(opened.output, Buffer.concat(played.sent));
  mustEqual(opened.input, Buffer.concat(played.received));
  const { cols, rows } = opened.manifest.header.terminal as { cols: number; rows: number };
  const sizes = opened.events.output.filter(({ code }) => code === 'r').map(({ data }) => data.toString());
  expect([`${cols}x${rows}`, ...sizes]).toEqual(played.sizes);
  expect(played.ran).toBe(opened.manifest.header.command ?? 'shell');
  return opened;
}

/** Everything in messages of their own, each after the one before it was shown. */
async function oneByOne(stage: Stage, shown: (bytes: number) => Promise<void>, parts: Uint8Array[]): Promise<void> {
  let sent = 0;
  for (const part of parts) {
    await stage.write(part);
    sent += part.length;
    await shown(sent);
  }
}

const characters = ['\u00e9', '\u20ac', '\u{1f600}', 'e\u0301', '\u{10fe41}', '\u{10ffff}', '\ufffd'].map((text) =>
  Buffer.from(text),
);
const invalid = [
  'ff',
  'fe',
  'c080',
  'e28241',
  'eda080',
  'edbfbf',
  'f0808080',
  'f4908080',
  'f8888080',
  '80',
  'bf80',
  'e2',
  'f09f98',
  'c3',
].map((hex) => Buffer.from(hex, 'hex'));

/** Recordings of other programs: event texts of casts, bytes of the rest. */
function corpus(): [string, Buffer][] {
  const folder = resolve(process.env.SALLYPORT_CORPUS ?? 'test/fixtures/corpus');
  return readdirSync(folder)
    .filter((name) => /\.(cast|recording)$/.test(name))
    .sort()
    .map((name) => {
      const file = readFileSync(join(folder, name));
      if (name.endsWith('.recording') || file[0] !== 0x7b) return [name, file];
      const lines = file
        .toString('utf8')
        .split('\n')
        .filter((line) => line.startsWith('['));
      const events = lines.map((line) => JSON.parse(line) as [number, string, string]);
      return [
        name,
        Buffer.from(
          events
            .filter(([, code]) => code === 'o')
            .map(([, , data]) => data)
            .join(''),
        ),
      ];
    });
}

describe('the second decoder', () => {
  it("imports nothing but itself, Node's own modules and age", () => {
    const folder = resolve(import.meta.dirname, '../oracle');
    const imports = readdirSync(folder).flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/from '([^']+)'|import\('([^']+)'\)/g)].map(
        (match) => match[1] ?? match[2] ?? '',
      ),
    );
    expect(imports.filter((from) => !/^(node:[a-z]+|age-encryption|\.\/[a-z]+\.ts)$/.test(from))).toEqual([]);
    expect(imports.length).toBeGreaterThan(20);
  });
});

describe('the decoded recording is what the target sent and got', () => {
  it('with random bytes in both directions', async () => {
    const [sent, typed] = [randomBytes(400_000), randomBytes(60_000)];
    await mustBeRecorded({
      async act(stage) {
        for (let at = 0; at < sent.length; at += 7_919) await stage.write(sent.subarray(at, at + 7_919));
        await stage.typed(typed.length);
      },
      person({ screen }) {
        for (let at = 0; at < typed.length; at += 997) screen({ type: 'input', data: typed.subarray(at, at + 997) });
      },
    });
  });

  it('with each character cut at every place, each byte alone, and bytes that are no UTF-8, both ways', async () => {
    const cuts = characters.flatMap((bytes) =>
      Array.from({ length: bytes.length - 1 }, (_, at) => [bytes.subarray(0, at + 1), bytes.subarray(at + 1)]).flat(),
    );
    const all = Buffer.concat([...characters, ...invalid]);
    const parts = [...cuts, ...invalid, ...all.subarray().map((byte) => byte)].map((part) =>
      typeof part === 'number' ? Buffer.from([part]) : part,
    );
    const opened = await mustBeRecorded({
      async act(stage, shown) {
        await oneByOne(stage, shown, parts);
        await stage.typed(parts.reduce((sum, part) => sum + part.length, 0));
      },
      person({ screen }) {
        for (const data of parts) screen({ type: 'input', data });
      },
    });
    // They did come cut: a character that is whole in the text was told in the event of its last byte.
    expect(opened.cast.output).toContain('\u{1f600}');
  });

  it('with a storm of sizes while output runs', async () => {
    const sizes = Array.from({ length: 150 }, (_, at) => [20 + ((at * 37) % 200), 5 + ((at * 13) % 60)] as const);
    const opened = await mustBeRecorded({
      async act(stage) {
        const line = Buffer.from(`\x1b[1;3${3}m${'wide \u4e2d\u6587 '.repeat(30)}\x1b[0m\r\n`);
        for (let at = 0; at < 150; at += 1) {
          await stage.write(line);
          await stage.resized(at + 1);
        }
        await stage.resized(sizes.length + 1);
      },
      person({ screen }) {
        for (const [cols, rows] of sizes) screen({ type: 'resize', cols, rows });
      },
    });
    expect(opened.events.output.filter(({ code }) => code === 'r').length).toBe(sizes.length);
  });

  it('with the alternate screen, and sequences that are cut anywhere', async () => {
    const draw = Buffer.from(
      `\x1b[?1049h\x1b[2J\x1b[?25l\x1b[3;20r${'\x1b[5;5H\x1b[48;2;1;2;3mbox\x1b[K\x1b[0m'.repeat(40)}\x1b]0;title\x07\x1b[?2004h\x1b[r\x1b[?25h\x1b[?1049l`,
    );
    const parts = Array.from({ length: Math.ceil(draw.length / 11) }, (_, at) => draw.subarray(at * 11, at * 11 + 11));
    await mustBeRecorded({ act: (stage, shown) => oneByOne(stage, shown, parts) });
  });

  it('with a flood', async () => {
    const megabytes = Number(process.env.SALLYPORT_FLOOD_MB ?? 8);
    const lines = Buffer.from(
      Array.from({ length: 6000 }, (_, n) => `GET /path/${n * 7919} 200 ${n * 31}\u00e9\r\n`).join(''),
    );
    const opened = await mustBeRecorded({
      async act(stage) {
        for (let at = 0; at < megabytes; at += 1) {
          await stage.write(lines.subarray(0, 131_072));
          await stage.write(randomBytes(131_072));
          await stage.write(Buffer.concat(Array.from({ length: 6 }, () => lines.subarray(0, 131_072))));
        }
      },
    });
    expect(opened.output.length).toBe(megabytes * 1_048_576);
    expect(opened.manifest.segments.filter(({ stream }) => stream === 'output').length).toBeGreaterThan(megabytes * 3);
  }, 600_000);

  it('with a command instead of a shell', async () => {
    const command = 'backup --to "disk 2"';
    const opened = await mustBeRecorded({
      grant: { command },
      async act(stage) {
        await stage.write(Buffer.from('copying \xff\r\n', 'latin1'));
        await stage.typed(2);
      },
      person: ({ type }) => type('y\r'),
    });
    expect(opened.manifest.header.command).toBe(command);
  });

  it('with what other programs recorded', async () => {
    const files = corpus();
    expect(files.length).toBeGreaterThan(0);
    await mustBeRecorded({
      async act(stage) {
        for (const [, bytes] of files)
          for (let at = 0; at < bytes.length; at += 4_001) await stage.write(bytes.subarray(at, at + 4_001));
      },
    });
  });
});

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { signSsh } from '../../src/recording/signatures/sshsig.ts';
import { cleanExit, makeRecordingWorld, type RecordingWorld, startRecorder } from './recording-fixture.ts';

const shown = Buffer.concat([
  Buffer.from('\x1b[31mgrüße €\x1b[0m\r\n'),
  Buffer.from([0xff, 0x00, 0xfe, 0x0d, 0x0a]),
  Buffer.from('\u{10fe41}\r\n'),
  ...Array.from({ length: 9000 }, (_, index) => Buffer.from(`line ${index} ${'#'.repeat(index % 80)}\r\n`)),
  Buffer.from([0xe2, 0x82]),
]);

describe('recordings on the command line', () => {
  let world: RecordingWorld;
  let folder: string;
  let keys: Record<'output' | 'input' | 'all', string>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'export-'));
    world = await makeRecordingWorld();
    const recorder = await startRecorder(world);
    recorder.marker('{"kind":"login","text":"\\u001b[2Jhostile"}');
    for (let at = 0; at < shown.length; at += 4099) recorder.output(shown.subarray(at, at + 4099));
    recorder.resize(120, 40);
    recorder.input(Buffer.from([0x03, 0xff]));
    recorder.input(Buffer.from('secret\r'));
    recorder.exit('3');
    expect(await recorder.close(cleanExit)).toEqual({ complete: true });
    const keyFile = (name: string, text: string) => {
      const file = join(folder, name);
      writeFileSync(file, text);
      return file;
    };
    keys = {
      output: keyFile('output.txt', `# created by a test\n${world.identities.output}\n\n`),
      input: keyFile('input.txt', `${world.identities.input}\n`),
      all: keyFile('all.txt', `${world.identities.breakGlass}\n`),
    };
  });
  afterAll(() => {
    for (const made of [folder, world.folder]) rmSync(made, { recursive: true });
  });

  async function recordings(args: string[], options: { terminal?: boolean; serverKey?: string } = {}) {
    const bytes: Uint8Array[] = [];
    let [out, err] = ['', ''];
    const { terminal = false, serverKey = world.keys.serverKey } = options;
    const code = await run(['recordings', ...args, '--server-key', serverKey], {
      variables: {},
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      bytes: async (data) => {
        bytes.push(Buffer.from(data));
      },
      terminal,
    });
    return { code, out, err, bytes: Buffer.concat(bytes) };
  }

  function copyOf(made: RecordingWorld): string {
    const copy = mkdtempSync(join(folder, 'copy-'));
    cpSync(made.folder, copy, { recursive: true });
    return copy;
  }

  it('cat gives back the bytes of either stream, and only to what is no terminal', async () => {
    const output = await recordings(['cat', world.folder, '--identity', keys.output]);
    expect([output.code, output.err]).toEqual([0, '']);
    expect(output.bytes.equals(shown)).toBe(true);
    const input = await recordings(['cat', world.folder, '--input', '--identity', keys.input]);
    expect(input.bytes).toEqual(Buffer.from('\x03\xffsecret\r', 'latin1'));
    const both = await recordings(['cat', world.folder, '--identity', keys.output, '--identity', keys.input]);
    expect(both.bytes.equals(shown)).toBe(true);
    expect(await recordings(['cat', world.folder, '--identity', keys.all], { terminal: true })).toMatchObject({
      code: 2,
      bytes: Buffer.alloc(0),
      err: expect.stringContaining('--raw'),
    });
    expect(
      (await recordings(['cat', world.folder, '--raw', '--identity', keys.all], { terminal: true })).bytes.equals(
        shown,
      ),
    ).toBe(true);
  });

  it('says which key is missing, and takes no file that holds something else', async () => {
    expect(await recordings(['cat', world.folder, '--identity', keys.input])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/No key opens the output[\s\S]*SP-3031/),
    });
    const other = join(world.folder, 'manifest');
    expect((await recordings(['cat', world.folder, '--identity', other])).err).toContain('no file of age identities');
    expect(await recordings(['cat', world.folder, '--identity', join(folder, 'none')])).toMatchObject({ code: 2 });
    expect(await recordings(['cat', world.folder, '--purpose', 'x'])).toMatchObject({ code: 2 });
  });

  it('gives out nothing behind the first part that does not hold', async () => {
    const copy = copyOf(world);
    const second = join(copy, '000001.cast.zst.age');
    const stored = readFileSync(second);
    writeFileSync(second, stored.subarray(0, -1));
    const cat = await recordings(['cat', copy, '--identity', keys.output]);
    expect(cat).toMatchObject({ code: 1, err: expect.stringMatching(/output segment 1 .*the manifest says/) });
    expect(shown.subarray(0, cat.bytes.length).equals(cat.bytes)).toBe(true);
    const file = join(folder, 'damaged.cast');
    const asked = ['export', copy, '--identity', keys.output, '--format', 'asciicast-v3', '--output', file];
    expect((await recordings(asked)).code).toBe(1);
    expect(existsSync(file)).toBe(false);
    writeFileSync(second, stored);
    // A manifest that reads well, and that nobody signed.
    const foreign = signSsh({ privateKey: world.serverKey, namespace: 'recording@sallyport', message: 'another text' });
    writeFileSync(join(copy, 'manifest.sig'), foreign);
    expect(await recordings(['cat', copy, '--identity', keys.output])).toMatchObject({
      code: 1,
      bytes: Buffer.alloc(0),
      err: expect.stringContaining('nothing of it is given out'),
    });
  });

  it('exports what asciinema plays, once, for its owner alone', async () => {
    const cast = async (format: string) => {
      const file = join(folder, `${format}.cast`);
      const asked = ['export', world.folder, '--identity', keys.output, '--format', format, '--output', file];
      expect(await recordings(asked)).toMatchObject({ code: 0, err: '' });
      expect(await recordings(asked)).toMatchObject({ code: 2, err: expect.stringContaining('already') });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      return file;
    };
    const [v2, v3] = [await cast('asciicast-v2'), await cast('asciicast-v3')];
    const lines = readFileSync(v2, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as [number, string, string]);
    expect(lines[0]).toMatchObject({ version: 2, width: 80, height: 24, env: { TERM: 'xterm-256color' } });
    const text = lines
      .slice(1)
      .filter(([, code]) => code === 'o')
      .map(([, , data]) => data)
      .join('');
    expect(text).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(shown));
    expect(lines.slice(1).map(([, code]) => code)).toEqual(expect.arrayContaining(['m', 'o', 'r']));
    expect(lines).toContainEqual([expect.any(Number), 'm', 'exit 3']);
    expect(readFileSync(v3, 'utf8')).toContain('\u{10feff}\\u0000\u{10fefe}');
    const version = spawnSync('asciinema', ['--version']).stdout?.toString() ?? '';
    if (!version.includes('asciinema 2')) return;
    // It asks for a terminal, which script gives it; without post-processing that one changes nothing.
    const played = spawnSync('script', ['-qec', `stty -opost; asciinema cat ${v2}`, '/dev/null'], {
      maxBuffer: 1 << 28,
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(played.status).toBe(0);
    expect(played.stdout.toString() === text).toBe(true);
  });

  it('exports the lines of the screen with their times, and the commands', async () => {
    const made = await makeRecordingWorld();
    const recorder = await startRecorder(made);
    for (const [command, answer] of [
      ['uptime', 'up 3 days\r\n'],
      ['vim', '\x1b[?1049hdrawn\x1b[?1049l'],
    ]) {
      // Events of one millisecond have no order between the streams.
      const later = () => setTimeout(2);
      recorder.output(Buffer.from('\x1b[32m$ \x1b[0m'));
      await later();
      recorder.input(Buffer.from(`${command}\r`));
      await later();
      recorder.output(Buffer.from(`${command}\r\n${answer}`));
      await later();
    }
    await recorder.close(cleanExit);
    const { serverKey } = made.keys;
    const exported = async (format: string) => {
      const file = join(folder, `${format}.txt`);
      const asked = ['export', made.folder, '--format', format, '--output', file, '--identity'];
      // Its text has readers of its own, who are those of the output here.
      writeFileSync(join(folder, 'key-of-text.txt'), made.identities.output);
      expect(await recordings([...asked, join(folder, 'key-of-text.txt')], { serverKey })).toMatchObject({
        code: 0,
        err: '',
      });
      return readFileSync(file, 'utf8');
    };
    expect((await exported('text')).split('\n').map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} {2}/, ''))).toEqual(
      expect.arrayContaining(['$ uptime', 'up 3 days', 'drawn', '$ vim']),
    );
    const commands = (await exported('commands'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(commands).toEqual([
      { at: expect.stringMatching(/^\d{4}-.*Z$/), t: expect.any(Number), command: 'uptime', status: null },
      { at: expect.any(String), t: expect.any(Number), command: 'vim', status: null },
    ]);
    rmSync(made.folder, { recursive: true });
  });

  it('info says what it is without a key, and no word of it moves a terminal', async () => {
    const info = await recordings(['info', world.folder]);
    expect(info).toMatchObject({ code: 0, err: '' });
    expect(info.out).toMatch(/person +Mira Okafor \(mira\), on laptop/);
    expect(info.out).toMatch(/bytes +\d+ shown, 9 typed/);
    expect(info.out).toMatch(/output opens by +age1\w+ or age1\w+/);
    expect(info.out).toMatch(/manifest +holds\n/);
    expect(JSON.parse((await recordings(['info', world.folder, '--json'])).out)).toMatchObject({
      user: { id: 'mira' },
      outputBytes: shown.length,
      evidence: 'recorder-only',
      manifestHolds: true,
    });
  });

  it('ends with 3 where all holds and it is not whole', async () => {
    // What a crash leaves: the manifest as it was after the first segments. The journal holds the rest.
    const crashed = await makeRecordingWorld();
    const recorder = await startRecorder(crashed);
    const sealed = new Promise<void>((resolve) => recorder.onSealed(() => resolve()));
    for (let at = 0; at < shown.length; at += 4099) recorder.output(shown.subarray(at, at + 4099));
    await sealed;
    const copy = copyOf(crashed);
    await recorder.close(cleanExit);
    const identity = join(folder, 'crashed.txt');
    writeFileSync(identity, crashed.identities.output);
    const { serverKey } = crashed.keys;
    const cat = await recordings(['cat', copy, '--identity', identity], { serverKey });
    expect(cat).toMatchObject({ code: 3, err: expect.stringContaining('has no end') });
    expect(cat.bytes.equals(shown)).toBe(true);
    expect(await recordings(['verify', copy, '--identity', identity], { serverKey })).toMatchObject({
      code: 3,
      out: expect.stringMatching(/holds as far as it goes[\s\S]*ok +journal +\d+ frames go on/),
    });
    // A journal that was damaged gives what is before the damage, and does not end as if that were all.
    const journal = readFileSync(join(copy, 'journal'));
    const at = journal.length - 2000;
    writeFileSync(join(copy, 'journal'), journal.with(at, (journal[at] ?? 0) ^ 1));
    const cut = await recordings(['cat', copy, '--identity', identity], { serverKey });
    expect(cut).toMatchObject({ code: expect.any(Number), err: expect.stringContaining('journal, byte') });
    expect(cut.code).not.toBe(0);
    expect(shown.subarray(0, cut.bytes.length).equals(cut.bytes)).toBe(true);
    expect(cut.bytes.length).toBeLessThan(shown.length);
    rmSync(crashed.folder, { recursive: true });
  });
});

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { run } from '../../src/cli/program.ts';
import type { OrderView } from '../../src/shared/model/order.ts';
import { makeDocument, startWorld, type World } from './control-world/world.ts';
import { cleanExit, makeRecordingWorld, startRecorder } from './recording-fixture.ts';

let world: World;
let folder: string;
beforeAll(async () => {
  world = await startWorld();
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-cli-'));
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

async function plain(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await run(args, {
    variables: {},
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

describe('the command line', () => {
  test('every command explains itself', async () => {
    const commands = [
      [],
      ['serve'],
      ['apply'],
      ['invite'],
      ['targets'],
      ['targets', 'list'],
      ['targets', 'scan-host-key'],
      ['sessions'],
      ['sessions', 'list'],
      ['sessions', 'kill'],
      ['locks'],
      ['locks', 'list'],
      ['locks', 'lift'],
      ['recordings'],
      ['recordings', 'list'],
      ['recordings', 'verify'],
      ['recordings', 'info'],
      ['recordings', 'cat'],
      ['recordings', 'export'],
      ['secrets'],
      ['secrets', 'set'],
      ['secrets', 'list'],
      ['secrets', 'remove'],
      ['audit'],
    ];
    for (const command of commands) {
      const { code, out } = await plain(...command, '--help');
      expect([command, code]).toEqual([command, 0]);
      expect(out).toContain('Usage: sallyport');
      expect(out).toContain('--json');
    }
  });

  test('typed wrong is 2, refused is 1, each with what to do', async () => {
    expect(await plain('targets', 'list')).toMatchObject({ code: 2, err: expect.stringContaining('--socket') });
    expect(await plain('--socket', '/nowhere', 'targets', 'list')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--as'),
    });
    expect(await plain('fly')).toMatchObject({ code: 2 });
    expect(await plain('--socket', '/nowhere', '--as', 'x', 'targets', 'list')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/sallyport serve[\s\S]*SP-1003/),
    });
    const json = await world.cli('--as', 'nobody', '--json', 'targets', 'list');
    expect(json).toMatchObject({ code: 1, out: '' });
    expect(JSON.parse(json.err)).toMatchObject({ error: { code: 'SP-5011' } });
  });

  test('apply reads YAML, says what it did and that a second time does nothing', async () => {
    const file = path.join(folder, 'world.yaml');
    writeFileSync(file, stringify(await makeDocument()));
    const first = await world.cli('--as', 'sanna', 'apply', file);
    expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/people {4}3 {6}0 {8}0\n/) });
    expect((await world.cli('--as', 'sanna', 'apply', file)).out).toContain('Nothing changed');
    writeFileSync(file, 'organisation:\n  name: x\n people: [\n');
    expect(await world.cli('--as', 'sanna', 'apply', file)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/line \d[\s\S]*SP-5007/),
    });
    writeFileSync(file, stringify({ ...(await makeDocument()), people: [{ id: 'UPPER', name: '', roles: [] }] }));
    expect(await world.cli('--as', 'sanna', 'apply', file)).toMatchObject({
      code: 1,
      err: expect.stringContaining('people.0.id'),
    });
    expect((await world.cli('--as', 'sanna', 'apply', path.join(folder, 'none.yaml'))).code).toBe(2);
  });

  test('lists are aligned for people and whole for programs', async () => {
    const list = await world.cli('--as', 'mira', 'targets', 'list');
    expect(list.out.split('\n').slice(0, 2)).toEqual([
      'TARGET  ADDRESS                ROUTE  LOGINS  NEEDS   LABELS            STATE',
      'db-01   db-01.example.com:22   relay  -       reason  env=prod          ready',
    ]);
    expect((await world.cli('--as', 'jonas', '--json', 'targets', 'list')).json).toMatchObject({
      targets: [{ name: 'web-01' }],
    });
    expect((await world.cli('--as', 'mira', 'sessions', 'list')).out).toBe('No sessions run.\n');
    expect((await world.cli('--as', 'mira', 'locks', 'list')).out).toBe('No locks.\n');
    expect((await world.cli('--as', 'mira', 'recordings', 'list')).out).toBe('No recordings.\n');
    expect((await world.cli('--as', 'sanna', 'audit', '--limit', '1')).out).toMatch(
      /^TIME \(UTC\) +EVENT +WHO +WHAT +DETAIL\n\d{4}-/,
    );
    expect((await world.cli('--as', 'jonas', 'audit')).err).toContain('SP-5003');
    expect((await world.cli('--as', 'sanna', 'audit', '--limit', '0')).code).toBe(2);
  });

  test('an invite is one pasteable word and a code', async () => {
    expect((await world.cli('--as', 'sanna', 'invite', 'jonas')).out).toMatch(
      /^invite +sallyport-[\w-]+\ncode +[0-9A-Z]{4}-[0-9A-Z]{4}\ngood until +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n$/,
    );
    expect((await world.cli('--as', 'sanna', 'invite', 'nobody')).err).toContain('SP-5002');
  });
});

describe('scan-host-key', () => {
  let sshd: ChildProcess;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    const kinds = ['ed25519', 'ecdsa'];
    for (const kind of kinds) execFileSync('ssh-keygen', ['-q', '-t', kind, '-N', '', '-f', path.join(folder, kind)]);
    const keys = kinds.map((kind) => `HostKey ${path.join(folder, kind)}`);
    writeFileSync(
      path.join(folder, 'sshd_config'),
      [`Port ${port}`, 'ListenAddress 127.0.0.1', 'PidFile none', 'StrictModes no', ...keys].join('\n'),
    );
    mkdirSync('/run/sshd', { recursive: true });
    sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', path.join(folder, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await new Promise<void>((resolve, reject) => {
      let said = '';
      sshd.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('Server listening')) resolve();
      });
      sshd.once('exit', () => reject(new Error(said)));
    });
  });
  afterAll(() => {
    sshd.kill();
  });

  test('prints what ssh-keygen says of the same keys', async () => {
    const scanned = await plain('targets', 'scan-host-key', `127.0.0.1:${port}`, '--json');
    expect(scanned.code).toBe(0);
    const { keys } = JSON.parse(scanned.out) as { keys: { line: string; fingerprint: string }[] };
    expect(keys.map((key) => key.line.split(' ')[0])).toEqual(['ssh-ed25519', 'ecdsa-sha2-nistp256']);
    for (const [index, kind] of ['ed25519', 'ecdsa'].entries()) {
      const said = execFileSync('ssh-keygen', ['-l', '-f', path.join(folder, `${kind}.pub`)], { encoding: 'utf8' });
      expect(said).toContain(keys[index]!.fingerprint);
    }
    expect((await plain('targets', 'scan-host-key', `127.0.0.1:${port}`)).out).toMatch(
      /^ssh-ed25519 \S+\n# SHA256:\S+\necdsa/,
    );
  });

  test('says so when nothing answers, or something that is no SSH server', async () => {
    expect(await plain('targets', 'scan-host-key', `127.0.0.1:${await freePort()}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('SP-2104'),
    });
    expect((await plain('targets', 'scan-host-key', 'a:b:c')).code).toBe(2);
    const other = createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port: otherPort } = other.address() as AddressInfo;
    expect(await plain('targets', 'scan-host-key', `127.0.0.1:${otherPort}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('SP-2104'),
    });
    other.close();
  });
});

describe('recordings verify', () => {
  test('a folder that holds ends with 3 before it has a receipt, a changed byte is named and ends with 1', async () => {
    const made = await makeRecordingWorld();
    const recorder = await startRecorder(made);
    recorder.output(Buffer.from('hello\r\n'));
    await recorder.close(cleanExit);
    const key = ['--server-key', made.keys.serverKey];
    const whole = await plain('recordings', 'verify', made.folder, ...key);
    // Nobody but its own session vouches for it yet: it holds and is not whole.
    expect(whole).toMatchObject({ code: 3, out: expect.stringMatching(/ holds, [\s\S]* ok +manifest chain/) });
    const json = JSON.parse((await plain('recordings', 'verify', made.folder, ...key, '--json')).out) as unknown;
    expect(json).toMatchObject({ recordings: [{ ok: true, ended: true, firstBad: null }] });
    const segment = path.join(made.folder, '000000.cast.zst.age');
    const bytes = readFileSync(segment);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(segment, bytes);
    const changed = await plain('recordings', 'verify', made.folder, ...key);
    expect(changed).toMatchObject({
      code: 1,
      out: expect.stringMatching(/DOES NOT HOLD[\s\S]*BAD +segments +output segment 0/),
    });
    const foreign = (await makeRecordingWorld()).keys.serverKey;
    expect((await plain('recordings', 'verify', made.folder, '--server-key', foreign)).out).toContain('DOES NOT HOLD');
    expect(await plain('recordings', 'verify', folder)).toMatchObject({
      code: 1,
      err: expect.stringContaining('SP-3001'),
    });
  });
});

describe('sessions kill', () => {
  const order: OrderView = {
    id: 'o1',
    sessionId: 's1',
    kind: 'kill',
    reason: 'wrong host',
    by: { id: 'mira', name: 'Mira Okafor', role: 'analyst' },
    state: 'sent',
    requestedAt: '2026-01-01T00:00:00.000Z',
    sentAt: '2026-01-01T00:00:00.010Z',
    receivedAt: null,
    socketClosedAtClient: null,
    confirmedAt: null,
    relayClosedAt: null,
    relayClosedMs: null,
    launcherClosedMs: null,
    survivors: 'unknown',
    lockId: 'l1',
  };
  const cut: Partial<OrderView> = { relayClosedAt: '2026-01-01T00:00:00.005Z', relayClosedMs: 4.6 };
  const confirmed: Partial<OrderView> = {
    ...cut,
    state: 'confirmed',
    receivedAt: '2026-01-01T00:00:00.020Z',
    socketClosedAtClient: '2026-01-01T00:00:00.030Z',
    launcherClosedMs: 8,
    confirmedAt: '2026-01-01T00:00:00.040Z',
  };

  /** A server that answers with these states, one per question; the last one for ever, after the time that is waited for. */
  async function answering(states: Partial<OrderView>[]): Promise<{ server: Server; socket: string }> {
    const left = [...states];
    const server = createServer((request, response) => {
      const repeated = left.length === 0;
      const state = repeated ? states.at(-1) : left.shift();
      const waitMs = Number(new URL(request.url ?? '', 'http://x').searchParams.get('waitMs') ?? 0);
      setTimeout(() => response.end(JSON.stringify({ ...order, ...state })), repeated ? waitMs : 0);
    });
    const socket = path.join(folder, `fake-${states.length}-${Math.random()}.sock`);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    return { server, socket };
  }

  test.each([
    [
      'waits for the confirmation and prints the times',
      [{}, { state: 'received' as const }, confirmed],
      0,
      /^Killed: [\s\S]*4\.6 ms after the order[\s\S]*8 ms after it heard/,
    ],
    ['says when the wire is cut and the launcher silent', [{}, cut], 0, /^Wire cut, launcher silent/],
    ['ends with 1 when neither is known', [{}, {}], 1, /^Not confirmed/],
  ])('%s', async (_name, states, code, words) => {
    const { server, socket } = await answering(states);
    const result = await plain(
      '--socket',
      socket,
      '--as',
      'mira',
      'sessions',
      'kill',
      's1',
      '--reason',
      'wrong host',
      '--wait',
      '0.3',
    );
    server.close();
    expect(result).toMatchObject({ code, out: expect.stringMatching(words) });
  });
});

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, createClient } from '../../src/cli/client.ts';
import { type Running, startProcess } from '../../src/lab/processes.ts';
import { searchMemory } from '../harness/memory-search.ts';
import { formsOf } from '../harness/secret-search.ts';
import { makeDocument, makeTarget } from './control-world/world.ts';

// Only root may read the memory of another process under every setting of the kernel.
const readsMemory = process.getuid?.() === 0;
const place = { target: 'switch-01', login: 'admin' };
const route = '/v1/secrets/switch-01/admin';

let folder: string;
let socket: string;
let server: Running;
let sanna: Client;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'secret-memory-'));
  const data = path.join(folder, 'data');
  socket = path.join(data, 'control.sock');
  let heard = (_line: string): void => undefined;
  const listening = new Promise<string>((resolve) => {
    heard = resolve;
  });
  server = startProcess({
    name: 'control server',
    command: process.execPath,
    args: ['src/cli/cli-main.ts', 'serve', '--data', data, '--listen', '127.0.0.1:0', '--json'],
    onLine: (line) => line.includes('"listening"') && heard(line),
    onErrorLine: () => undefined,
  });
  await listening;
  sanna = createClient({ socket, actor: 'sanna' });
  const logins = [{ name: place.login, credential: 'password' as const }];
  const body = { ...(await makeDocument()), targets: [makeTarget(place.target, { logins })] };
  await sanna.call('apply', { body });
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const makeCanary = () => `Canary/${randomBytes(24).toString('base64url')}`;

/** The forms of it that the server's memory holds, each as often as it is found. */
function found(secret: string): string[] {
  const needles = new Map([...formsOf(secret)].filter(([name]) => /^(UTF-8|UTF-16LE|base64 at \d|hex)$/.test(name)));
  return searchMemory(server.pid, { needles, publicKeys: new Map() }).findings.map(({ what }) => what);
}

/** Writes each piece so long after the one before it that the server reads them one by one, and resolves to the status line of the answer. */
async function send(...pieces: (string | Buffer)[]): Promise<string> {
  const connection = connect(socket);
  await once(connection, 'connect');
  const answer = once(connection, 'data');
  for (const piece of pieces) {
    await new Promise((resolve) => connection.write(piece, resolve));
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const [bytes] = (await answer) as [Buffer];
  connection.destroy();
  return bytes.toString('latin1').split('\r\n')[0] ?? '';
}

function head(length: number, to = route): string {
  return `PUT ${to} HTTP/1.1\r\nhost: localhost\r\nsallyport-actor: sanna\r\ncontent-type: application/octet-stream\r\ncontent-length: ${length}\r\n\r\n`;
}

describe.skipIf(!readsMemory)('a password that was given to the server', () => {
  test('is not in its memory once it is stored', async () => {
    const canary = makeCanary();
    await sanna.call('setSecret', { params: place, content: Buffer.from(canary) });
    expect(found(canary)).toEqual([]);
  });

  test('nor when it came together with the headers, or in pieces', async () => {
    const canary = makeCanary();
    expect(await send(`${head(canary.length)}${canary}`)).toContain('200');
    expect(found(canary)).toEqual([]);
    const other = makeCanary();
    expect(await send(head(other.length + 900), 'x'.repeat(400), other, 'y'.repeat(500))).toContain('200');
    expect(found(other)).toEqual([]);
  });

  test('nor when it was refused: too long, or for a target that is not there', async () => {
    const canary = makeCanary();
    const long = `${'x'.repeat(1500)}${canary}`;
    expect(await send(head(long.length), long)).toMatch(/4\d\d/);
    expect(found(canary)).toEqual([]);
    const other = makeCanary();
    expect(await send(head(other.length, '/v1/secrets/nothing/admin'), other)).toContain('404');
    expect(found(other)).toEqual([]);
  });

  test('a control that is in its memory is found', () => {
    expect(found(folder)).toContain('the bytes of UTF-8');
  });
});

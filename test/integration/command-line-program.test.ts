import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { shippedPolicies } from '../../src/lab/seed/policies.ts';

const root = path.resolve(import.meta.dirname, '../..');
const wrapper = path.join(root, 'bin/sallyport.mjs');
const built = path.join(root, '.vite/build/cli.mjs');
const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEkzwJHUf0HnSx1H0nEp8e8L0T2PjzRSBkQ1w8ymU0Q';

let folder: string;
let server: ChildProcess;
let socket: string;
/** The server itself, which the program that was started runs. */
let pid: number;

/** Runs a program of the command line to its end; `given`: what is to be read from descriptor 3. */
async function run(program: string, args: string[], given: string | null = null) {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', ...(given === null ? [] : (['pipe'] as const))],
  });
  if (given !== null) (child.stdio[3] as Writable).end(given);
  const ends = Promise.all([text(child.stdout as Readable), text(child.stderr as Readable), once(child, 'close')]);
  // What waits for ever is ended, with another code than is expected.
  const timer = setTimeout(() => child.kill('SIGTERM'), 10_000);
  const [out, err, [code]] = await ends;
  clearTimeout(timer);
  return { code: code as number | null, out, err };
}

function sanna(...args: string[]): string[] {
  return ['--socket', socket, '--as', 'sanna', ...args];
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-program-'));
  const args = ['serve', '--data', path.join(folder, 'data'), '--listen', '127.0.0.1:0', '--json'];
  server = spawn(process.execPath, [wrapper, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: server.stdout as Readable });
  const [line] = (await Promise.race([once(lines, 'line'), once(server, 'exit')])) as [string];
  socket = (JSON.parse(line) as { socket: string }).socket;
  pid = Number(readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim());
  const breakGlassRecipient = await identityToRecipient(await generateX25519Identity());
  const document = {
    organisation: { name: 'Lakeside Hotels', breakGlassRecipient },
    people: [{ id: 'sanna', name: 'Sanna Virtanen', roles: ['engineer'] }],
    targets: [
      {
        name: 'switch-01',
        host: 'switch-01.example.com',
        hostKeys: [hostKey],
        logins: [{ name: 'admin', credential: 'password' }],
      },
    ],
    policies: shippedPolicies().map(({ id, cedar }) => ({ id, cedar })),
  };
  const file = path.join(folder, 'world.yaml');
  writeFileSync(file, stringify(document));
  expect(await run(wrapper, sanna('apply', file))).toMatchObject({ code: 0 });
});
afterAll(() => {
  for (const id of [server?.pid, pid]) if (id !== undefined && isRunning(id)) process.kill(id, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

it('what is behind --fd reaches the command', async () => {
  const set = sanna('secrets', 'set', 'switch-01', 'admin', '--fd', '3');
  // Two lines are no password: only who has read them can say so.
  expect(await run(wrapper, set, 'two\nlines')).toMatchObject({ code: 1, err: expect.stringContaining('line break') });
  expect(await run(wrapper, set, 'Hunter two\n')).toMatchObject({ code: 0 });
  expect((await run(wrapper, sanna('secrets', 'list'))).out).toMatch(/switch-01 +admin .* sanna +yes/);
});

it('a descriptor that nobody gave is refused at once, whatever the runtime has under its number', async () => {
  const program = async (file: string, fd: number) => {
    const answer = await run(file, sanna('secrets', 'set', 'switch-01', 'admin', '--fd', String(fd)));
    return { file, fd, ...answer };
  };
  const answers = [];
  for (let fd = 3; fd < 15; fd += 3) {
    const three = [fd, fd + 1, fd + 2];
    answers.push(...(await Promise.all([...three.map((fd) => program(built, fd)), program(wrapper, fd + 1)])));
  }
  for (const { file, fd, code, out, err } of answers)
    expect({ file, fd, code, out, err }).toEqual({
      file,
      fd,
      code: 2,
      out: '',
      err: expect.stringContaining('SP-5001'),
    });
  expect(answers.filter(({ err }) => err.includes('was given to read')).length).toBeGreaterThan(0);
});

it('ends with the exit code of the command', async () => {
  expect(await run(wrapper, ['--help'])).toMatchObject({ code: 0 });
  expect(await run(wrapper, ['fly'])).toMatchObject({ code: 2 });
  expect(await run(wrapper, ['--socket', '/nowhere', '--as', 'x', 'targets', 'list'])).toMatchObject({ code: 1 });
});

it('SIGTERM stops the server in order, which ends before the program that started it', async () => {
  expect(isRunning(pid)).toBe(true);
  const gone = once(server, 'exit');
  server.kill('SIGTERM');
  expect(await gone).toEqual([0, null]);
  expect(isRunning(pid)).toBe(false);
  const left = createConnection(socket);
  const [error] = await once(left, 'error');
  expect((error as NodeJS.ErrnoException).code).toMatch(/ENOENT|ECONNREFUSED/);
});

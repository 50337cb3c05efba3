import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession, type World } from '../harness/session/session-world.ts';

/** A target that does what no honest one does. `onShell` gets the connection and the shell's channel. */
interface HostileTarget {
  sshd: { port: number; login: string; hostKey: string; authority: string };
  authentications: string[];
  onShell: (connection: Connection, channel: ServerChannel) => void;
  onRequest: string[];
  stop(): void;
}

let target: HostileTarget;
let world: World | undefined;

async function startHostileTarget(): Promise<HostileTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-hostile-'));
  for (const name of ['host', 'ca'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, name)]);
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [readFileSync(join(folder, 'host'))] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => {
      hostile.authentications.push(context.method);
      context.accept();
    });
    connection.on('session', (accept) => {
      const session = accept();
      session.on('pty', (acceptPty) => acceptPty());
      session.on('window-change', () => undefined);
      for (const name of ['x11', 'auth-agent', 'env'] as const) session.on(name, () => hostile.onRequest.push(name));
      session.on('shell', (acceptShell) => hostile.onShell(connection, acceptShell()));
    });
  });
  const hostile: HostileTarget = {
    sshd: {
      port: 0,
      login: 'someone',
      hostKey: readFileSync(join(folder, 'host.pub'), 'utf8').trim(),
      authority: join(folder, 'ca'),
    },
    authentications: [],
    onShell: () => undefined,
    onRequest: [],
    stop() {
      for (const connection of connections) connection.end();
      server.close();
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  hostile.sshd.port = address.port;
  return hostile;
}

beforeAll(async () => {
  buildSession();
  target = await startHostileTarget();
});
afterEach(async () => world?.stop());
afterAll(() => target?.stop());

describe('a hostile target', () => {
  it('security 10: cannot open a channel to the launcher: refused each time, and the record says so', async () => {
    const refusals: string[] = [];
    const tried = Promise.withResolvers<void>();
    target.onShell = (connection, channel) => {
      connection.x11('127.0.0.1', 6000, (error) => {
        refusals.push(`x11 ${error?.message}`);
        connection.forwardOut('127.0.0.1', 80, '127.0.0.1', 5555, (refused) => {
          refusals.push(`forwarded ${refused?.message}`);
          channel.write('tried\r\n');
          tried.resolve();
        });
      });
      channel.on('data', () => channel.exit(0) ?? channel.end());
    };
    world = await startSession({ sshd: target.sshd });
    await tried.promise;
    await world.sees(/tried/);
    world.type('x');
    await world.ended();
    expect(refusals).toEqual([
      expect.stringMatching(/^x11 .*Channel open failure/),
      expect.stringMatching(/^forwarded .*Channel open failure/),
    ]);
    const events = await recordedEvents(world.folder, 'output', world.identities.output);
    const markers = events.filter((event) => event.code === 'm').map((event) => Buffer.from(event.data).toString());
    expect(markers.filter((text) => text.includes('channel-refused'))).toEqual([
      expect.stringContaining('(x11)'),
      expect.stringContaining('(forwarded-tcpip)'),
    ]);
    expect(target.onRequest).toEqual([]);
    expect(target.authentications).toEqual(['publickey']);
  });

  it('security 41: that floods the launcher with channels is cut off, in bounded memory, with a record that says so', async () => {
    target.onShell = (connection) => {
      for (let number = 0; number < 20_000; number += 1)
        connection.forwardOut('127.0.0.1', 80, '127.0.0.1', 5555, () => undefined);
    };
    world = await startSession({ sshd: target.sshd });
    const ended = await world.ended();
    expect(ended).toMatchObject({
      reason: {
        kind: 'connect-failed',
        problem: { code: 'SP-2050', message: expect.stringMatching(/thousand channels/) },
      },
      complete: true,
    });
    const events = await recordedEvents(world.folder, 'output', world.identities.output);
    const markers = events.filter((event) => event.code === 'm').map((event) => Buffer.from(event.data).toString());
    expect(markers.filter((text) => text.includes('"channel-refused"'))).toHaveLength(21);
    expect(markers.at(-1)).toMatch(/SP-2050/);
  });

  it('that writes to the error stream is recorded and shown like any other, in the order of its words', async () => {
    target.onShell = (_connection, channel) => {
      channel.write('one ');
      channel.stderr.write('from stderr ');
      channel.write('three\r\n');
      channel.on('data', () => channel.exit(1) ?? channel.end());
    };
    world = await startSession({ sshd: target.sshd });
    await world.sees(/three/);
    world.type('x');
    expect(await world.ended()).toMatchObject({ reason: { kind: 'exit', status: 1 } });
    const events = await recordedEvents(world.folder, 'output', world.identities.output);
    expect(
      Buffer.concat(events.filter((event) => event.code === 'o').map((event) => Buffer.from(event.data))).toString(),
    ).toBe('one from stderr three\r\n');
  });

  it('that speaks on a channel that is not open is cut off, and screen and record say why', async () => {
    target.onShell = (connection, channel) => {
      const { outgoing } = channel as unknown as { outgoing: { id: number } };
      const raw = connection as unknown as { _protocol: { channelData(number: number, data: Buffer): void } };
      channel.on('data', () => raw._protocol.channelData(outgoing.id + 1, Buffer.from('unheard')));
      channel.write('ready');
    };
    world = await startSession({ sshd: target.sshd });
    await world.sees(/ready/);
    world.type('x');
    expect(await world.ended()).toMatchObject({
      reason: { kind: 'connect-failed', problem: { code: 'SP-2050', message: expect.stringMatching(/not open/) } },
      complete: true,
    });
    const events = await recordedEvents(world.folder, 'output', world.identities.output);
    expect(Buffer.from(events.at(-1)?.data ?? '').toString()).toMatch(/a channel that is not open/);
    expect(world.text()).toBe('ready');
  });

  it('that closes the shell without a word ends the session as closed by the target', async () => {
    target.onShell = (_connection, channel) => {
      channel.write('bye\r\n');
      channel.close();
    };
    world = await startSession({ sshd: target.sshd });
    expect(await world.ended()).toMatchObject({ reason: { kind: 'disconnected', by: 'target' }, complete: true });
    expect(world.text()).toBe('bye\r\n');
  });
});

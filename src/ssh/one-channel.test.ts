import { generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import ssh2, { type ClientChannel, type ServerChannel } from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import { holdToOneChannel, type Stray } from './one-channel.ts';

/** What the test's target says beneath ssh2's own bookkeeping. */
interface Raw {
  channelData(number: number, data: Buffer): void;
  channelExtData(number: number, data: Buffer, type: number): void;
  channelEOF(number: number): void;
  exitStatus(number: number, status: number): void;
  exitSignal(number: number, name: string, coreDumped: boolean, message: string): void;
  channelWindowAdjust(number: number, bytes: number): void;
  channelOpenConfirm(number: number, own: number, window: number, packet: number): void;
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const hostKey = privateKey.export({ type: 'pkcs1', format: 'pem' });
const window = 2_097_152;
const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** Has a target with an open shell do something; resolves with the client's channel and what it was found to do. */
async function withTarget(
  act: (raw: Raw, number: number) => void,
): Promise<{ channel: ClientChannel; first: Promise<Stray>; all: Stray[] }> {
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => context.accept());
    connection.on('session', (accept) =>
      accept().on('shell', (acceptShell) => {
        const shell: ServerChannel = acceptShell();
        const { outgoing } = shell as unknown as { outgoing: { id: number } };
        setImmediate(() => act((connection as unknown as { _protocol: Raw })._protocol, outgoing.id));
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new ssh2.Client();
  open.push(() => {
    client.destroy();
    server.close();
  });
  const all: Stray[] = [];
  const first = Promise.withResolvers<Stray>();
  const ready = new Promise<void>((resolve, reject) => client.once('ready', resolve).once('error', reject));
  client.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, username: 'someone' });
  holdToOneChannel(client, (what) => {
    all.push(what);
    first.resolve(what);
  });
  await ready;
  const channel = await new Promise<ClientChannel>((resolve, reject) =>
    client.shell(false, (error, opened) => (error === undefined ? resolve(opened) : reject(error))),
  );
  return { channel, first: first.promise, all };
}

describe('a target is held to the one channel', () => {
  it('whose order is kept, data beside the output included', async () => {
    const words = ['one ', 'two ', 'three ', 'four'];
    const { channel, all } = await withTarget((raw, number) => {
      for (const [at, word] of words.entries())
        if (at % 2 === 0) raw.channelData(number, Buffer.from(word));
        else raw.channelExtData(number, Buffer.from(word), at);
      raw.exitStatus(number, 0);
      raw.channelEOF(number);
    });
    let text = '';
    for await (const piece of channel) text += String(piece);
    expect(text).toBe(words.join(''));
    expect(all).toEqual([]);
  });

  it('and ended when it sends more than it may, so that what nobody reads takes no more than two windows', async () => {
    const piece = Buffer.alloc(32_768);
    const { channel, first } = await withTarget((raw, number) => {
      for (let sent = 0; sent < 4 * window; sent += piece.length) raw.channelData(number, piece);
    });
    expect(await first).toBe('sent more than it had been allowed to');
    expect(channel.readableLength).toBeGreaterThanOrEqual(window);
    expect(channel.readableLength).toBeLessThanOrEqual(2 * window);
  });

  it.each<[string, Stray, (raw: Raw, number: number) => void]>([
    ['data on another', 'sent on a channel that is not open', (raw, own) => raw.channelData(own + 1, Buffer.from('x'))],
    [
      'data on a number that no channel has',
      'sent on a channel that is not open',
      (raw) => raw.channelData(0xffff_ffff, Buffer.from('x')),
    ],
    [
      'data after its end',
      'sent on a channel that is not open',
      (raw, own) => {
        raw.channelEOF(own);
        raw.channelData(own, Buffer.from('x'));
      },
    ],
    ['an exit of another', 'sent on a channel that is not open', (raw, own) => raw.exitStatus(own + 1, 0)],
    ['a window of another', 'sent on a channel that is not open', (raw, own) => raw.channelWindowAdjust(own + 1, 1)],
    [
      'a second confirmation',
      'sent on a channel that is not open',
      (raw, own) => raw.channelOpenConfirm(own, 9, 1000, 1000),
    ],
    [
      'a second exit',
      'said twice how the program ended',
      (raw, own) => {
        raw.exitStatus(own, 0);
        raw.exitSignal(own, 'KILL', false, '');
      },
    ],
  ])('%s ends it', async (_what, expected, act) => {
    const { channel, first } = await withTarget(act);
    channel.resume();
    expect(await first).toBe(expected);
  });
});

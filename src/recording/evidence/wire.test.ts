import { createCipheriv, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../shared/record/events.ts';
import type { EndLine } from '../../shared/record/manifest.ts';
import { concat, sshString, sshUint32 } from '../signatures/wire.ts';
import type { DirectionKeys } from './anchor-exchange.ts';
import { type CompareOptions, compareWire, type WireComparison } from './wire.ts';

/** One direction as an SSH side makes it (RFC 4253, RFC 5647), under keys that the test chooses. */
class Direction {
  readonly parts: Buffer[] = [];
  private keys: DirectionKeys | null = null;
  private counter = 0n;

  raw(bytes: Buffer): void {
    this.parts.push(bytes);
  }

  send(...payload: Uint8Array[]): void {
    const bytes = concat(...payload);
    const size = this.keys === null ? 8 : 16;
    const short = size - ((bytes.length + (this.keys === null ? 5 : 1)) % size);
    const padding = short < 4 ? short + size : short;
    const plain = concat(Buffer.from([padding]), bytes, Buffer.alloc(padding));
    const length = sshUint32(plain.length);
    if (this.keys === null) {
      this.raw(concat(length, plain));
      return;
    }
    const iv = Buffer.from(this.keys.iv);
    iv.writeBigUInt64BE(iv.readBigUInt64BE(4) + this.counter, 4);
    this.counter += 1n;
    const cipher = createCipheriv('aes-256-gcm', this.keys.key, iv, { authTagLength: 16 });
    cipher.setAAD(length);
    this.raw(concat(length, cipher.update(plain), cipher.final(), cipher.getAuthTag()));
  }

  newKeys(keys: DirectionKeys): void {
    this.send(Buffer.from([21]));
    this.keys = keys;
    this.counter = 0n;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
}

const makeKeys = (): DirectionKeys => ({ key: randomBytes(32), iv: concat(randomBytes(4), Buffer.alloc(8)) });
const event = (code: RecordedEvent['code'], data: string | Buffer): RecordedEvent => ({
  atMs: 0,
  code,
  data: Buffer.from(data),
});
const ended = (kind: EndLine['kind']) => ({ kind }) as EndLine;
/** What the test's target has room for. */
const targetWindow = 25_000;
const byte = (value: number) => Buffer.from([value]);

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function* list<T>(items: T[]): AsyncGenerator<T> {
  yield* items;
}

let up: Direction;
let down: Direction;
let exchanges: { toTarget: DirectionKeys; fromTarget: DirectionKeys }[];
let output: RecordedEvent[];
let input: RecordedEvent[];

const ours = sshUint32(4711);
const theirs = sshUint32(3);
const say = (text: string) => down.send(byte(94), ours, sshString(text));
const type = (text: string) => up.send(byte(94), theirs, sshString(text));
const ask = (name: string, ...rest: Buffer[]) => up.send(byte(98), theirs, sshString(name), byte(1), ...rest);
const size = (cols: number, rows: number) => concat(sshUint32(cols), sshUint32(rows), sshUint32(0), sshUint32(0));

const otherKeys = () => ({ toTarget: makeKeys(), fromTarget: makeKeys() });
const adjust = (bytes: number) => up.send(byte(93), theirs, sshUint32(bytes));
const marker = (bytes: number, kind = 'banner') => event('m', JSON.stringify({ kind, text: '', bytes }));
/** With a status, or a signal by its name (RFC 4254 section 6.10). */
function exits(how: number | string): void {
  if (typeof how === 'number') down.send(byte(98), ours, sshString('exit-status'), byte(0), sshUint32(how));
  else
    down.send(byte(98), ours, sshString('exit-signal'), byte(0), sshString(how), byte(0), sshString(''), sshString(''));
}

function exchange(kept = true): void {
  const keys = { toTarget: makeKeys(), fromTarget: makeKeys() };
  for (const side of [up, down]) side.send(byte(20), randomBytes(100));
  up.newKeys(keys.toTarget);
  down.newKeys(keys.fromTarget);
  if (kept) exchanges.push(keys);
}

function openShell(window = 1000): void {
  up.send(byte(90), sshString('session'), ours, sshUint32(window), sshUint32(32_768));
  down.send(byte(91), ours, theirs, sshUint32(targetWindow), sshUint32(32_768));
  ask('pty-req', sshString('xterm-256color'), size(80, 24), sshString(''));
  ask('shell');
}

/** As the session of every test, but with nothing done in it yet. */
function freshShell(window?: number): void {
  [up, down, exchanges, output, input] = [new Direction(), new Direction(), [], [], []];
  for (const side of [up, down]) side.raw(Buffer.from('SSH-2.0-side\r\n'));
  exchange(false);
  exchange();
  openShell(window);
}

beforeEach(() => {
  [up, down, exchanges, output, input] = [new Direction(), new Direction(), [], [], []];
  for (const side of [up, down]) side.raw(Buffer.from('SSH-2.0-side\r\n'));
  exchange(false);
  up.send(byte(50), sshString('the login, under keys that nobody keeps'));
  down.send(byte(52));
  exchange();
  openShell();
  say('motd\r\n$ ');
  type('ls\r');
  ask('window-change', size(100, 30));
  exchange();
  say('a b\r\n$ ');
  type('exit\r');
  output = [
    event('m', '{"kind":"banner","text":"its banner","bytes":6}'),
    event('o', 'hello!motd\r\n'),
    event('o', '$ a b'),
    event('r', '100x30'),
    event('o', '\r\n$ '),
  ];
  input = [event('i', 'l'), event('i', 's\rexit\r')];
});

function compare(changes: Partial<CompareOptions> = {}, pieceSize = 4096): Promise<WireComparison> {
  return compareWire({
    toTarget: pieces(up.bytes, pieceSize),
    fromTarget: pieces(down.bytes, pieceSize),
    exchanges,
    output: list(output),
    input: list(input),
    end: ended('exit'),
    terminal: { cols: 80, rows: 24, term: 'xterm-256color' },
    command: null,
    ...changes,
  });
}

describe('a wire and a record that are of the same session', () => {
  it.each([1, 7, 100, 1_000_000])('are equal, read in pieces of %i bytes', async (pieceSize) => {
    expect(await compare({}, pieceSize)).toMatchObject({
      equal: true,
      difference: null,
      outputBytes: 15,
      inputBytes: 8,
      resizes: 1,
      announcedBytes: 6,
      notRecorded: { output: 0, input: 0 },
      notSent: { input: 0, sizes: 0 },
      closed: { toTarget: { before: { packets: 3 }, after: { packets: 0 }, cut: 0 } },
    });
  });

  it('are equal after a handover, where neither identification nor first exchange is in clear', async () => {
    const afterHandover = (side: Direction) => pieces(Buffer.concat(side.parts.slice(3)), 50);
    expect(await compare({ toTarget: afterHandover(up), fromTarget: afterHandover(down) })).toMatchObject({
      equal: true,
    });
  });

  it('may have input that did not cross any more, and, when it was cut, output that was on its way', async () => {
    input.push(event('i', 'too late'));
    say('x'.repeat(1000));
    expect(await compare({ end: ended('killed') })).toMatchObject({
      equal: true,
      notRecorded: { output: 1000, input: 0 },
      notSent: { input: 8, sizes: 0 },
    });
    expect((await compare({ end: null })).equal).toBe(true);
    expect(await compare()).toMatchObject({ equal: false, difference: { stream: 'output', offset: 21 } });
    say('x'.repeat(1000));
    expect((await compare({ end: ended('killed') })).equal).toBe(true);
    // Twice the window has crossed by now.
    say('x');
    expect((await compare({ end: ended('killed') })).difference).toMatchObject({ stream: 'output', offset: 21 });
  });

  it('may have all that crossed after a record that failed, where the session was to go on: and only there', async () => {
    say('x'.repeat(5000));
    type('unseen\n');
    ask('window-change', size(120, 40));
    const failed = ended('recorder-failed');
    expect(await compare({ end: failed, mode: 'best-effort' })).toMatchObject({
      equal: true,
      notRecorded: { output: 5000, input: 7 },
    });
    expect((await compare({ end: failed, mode: 'strict' })).difference).toMatchObject({ stream: 'output' });
    expect((await compare({ end: ended('killed'), mode: 'best-effort' })).equal).toBe(false);
    output[2] = event('o', '$ a c');
    expect((await compare({ end: failed, mode: 'best-effort' })).difference).toMatchObject({ stream: 'output' });
  });

  it('may end in the middle of a packet, or under an exchange that was cut before it was kept', async () => {
    exchange(false);
    say('nobody saw this');
    const cut = down.bytes.subarray(0, -20);
    const result = await compare({ fromTarget: pieces(cut, 64), end: ended('disconnected') });
    expect(result).toMatchObject({ equal: true, closed: { fromTarget: { cut: expect.any(Number) } } });
    expect((await compare()).difference).toMatchObject({ stream: 'wire.from-target' });
  });

  it('may end under an exchange that was not kept only with what the exchange needs and what was recorded as typed', async () => {
    exchange(false);
    type('x'.repeat(8_000));
    const killed = { end: ended('killed') };
    expect(await compare(killed)).toMatchObject({
      equal: true,
      closed: { toTarget: { after: { packets: 1, bytes: 8_036 } } },
    });
    type('x'.repeat(2_000));
    expect((await compare(killed)).difference).toMatchObject({ stream: 'wire.to-target' });
    input.push(event('i', 'x'.repeat(10_000)));
    expect(await compare(killed)).toMatchObject({ equal: true, notSent: { input: 10_000 } });
    // The record of a process that was killed may have what it showed under that exchange.
    say('shown');
    output.push(event('o', 'shown'));
    expect((await compare({ end: null })).equal).toBe(true);
  });

  it('may name one last exchange under which nothing crossed, which is said', async () => {
    const last = otherKeys();
    for (const side of [up, down]) side.send(byte(20), randomBytes(100));
    down.newKeys(last.fromTarget);
    exchanges.push(last);
    expect(await compare({ end: ended('killed') })).toMatchObject({ equal: true, lastUnused: true });
    expect((await compare()).difference).toMatchObject({ stream: 'wire.to-target' });
    up.newKeys(last.toTarget);
    expect(await compare()).toMatchObject({ equal: true, lastUnused: true });
    up.send(byte(1));
    expect(await compare()).toMatchObject({ equal: true, lastUnused: false });
    exchanges.push(otherKeys());
    expect((await compare({ end: ended('killed') })).difference?.what).toContain('did not cross here');
  });

  it('end with what was typed and not sent only where the launcher had not closed the channel, or the target had no room', async () => {
    input.push(event('i', 'never sent'));
    expect(await compare()).toMatchObject({ equal: true, notSent: { input: 10 } });
    up.send(byte(97), theirs);
    expect((await compare()).difference).toMatchObject({ stream: 'input', offset: 8 });
    type('x'.repeat(targetWindow - 8));
    input.splice(2, 0, event('i', 'x'.repeat(targetWindow - 8)));
    expect(await compare()).toMatchObject({ equal: true, notSent: { input: 10 } });
    const endless = [...input, event('i', Buffer.alloc(17_000_000))];
    expect((await compare({ input: list(endless) })).difference).toMatchObject({ stream: 'input' });
  });

  it('may have sizes that were not sent any more, but not without end, and none after the channel was closed', async () => {
    output.push(event('r', '90x20'));
    expect(await compare()).toMatchObject({ equal: true, notSent: { sizes: 1 } });
    const many = [...output, ...Array.from({ length: 64 }, () => event('r', '91x21'))];
    expect((await compare({ output: list(many) })).difference).toMatchObject({ stream: 'terminal', offset: 2 });
    up.send(byte(97), theirs);
    expect((await compare()).difference).toMatchObject({ stream: 'terminal', offset: 2 });
  });

  it('may have asked for the terminal of the first size that is recorded', async () => {
    expect((await compare({ terminal: { cols: 100, rows: 30, term: 'xterm-256color' } })).difference).toMatchObject({
      stream: 'terminal',
      offset: 0,
    });
    freshShell();
    ask('window-change', size(80, 24));
    output = [event('r', '80x24')];
    expect((await compare({ terminal: { cols: 81, rows: 24, term: 'xterm-256color' } })).equal).toBe(true);
  });

  it.each([
    [0, '0'],
    ['KILL', 'SIGKILL'],
  ])('end as the target says: %s', async (how, recorded) => {
    exits(how);
    expect((await compare({ end: ended('killed') })).equal).toBe(true);
    output.push(event('x', recorded));
    expect((await compare()).equal).toBe(true);
  });

  it('are neither equal nor different while no secret was kept', async () => {
    expect(await compare({ exchanges: [] })).toMatchObject({ equal: false, difference: null });
  });
});

describe('the first difference is named', () => {
  const cases: [string, () => void, Partial<WireComparison['difference']>][] = [
    ['output that was not what crossed', () => (output[2] = event('o', '$ a c')), { stream: 'output', offset: 16 }],
    ['output that never crossed', () => output.push(event('o', 'more')), { stream: 'output', offset: 21 }],
    ['output that was left out', () => output.splice(1, 1), { stream: 'output' }],
    ['input that was not what was sent', () => (input[0] = event('i', 'k')), { stream: 'input', offset: 0 }],
    ['input that was left out', () => input.pop(), { stream: 'input', offset: 1 }],
    ['another size', () => (output[3] = event('r', '101x30')), { stream: 'terminal', offset: 1 }],
    ['a size that was left out', () => output.splice(3, 1), { stream: 'terminal', offset: 1 }],
    [
      'a password under a kept secret',
      () => up.send(byte(61), sshUint32(1), sshString('it')),
      { stream: 'wire.to-target' },
    ],
    ['a second program', () => ask('exec', sshString('id')), { stream: 'wire.to-target' }],
    ['a subsystem', () => ask('subsystem', sshString('sftp')), { stream: 'wire.to-target' }],
    ['variables', () => ask('env', sshString('A'), sshString('b')), { stream: 'wire.to-target' }],
    ['a forwarding', () => up.send(byte(80), sshString('tcpip-forward'), byte(1)), { stream: 'wire.to-target' }],
    [
      'another channel',
      () => up.send(byte(90), sshString('session'), sshUint32(1), sshUint32(1), sshUint32(1)),
      { stream: 'wire.to-target' },
    ],
    ['a channel of the target', () => up.send(byte(91), theirs, ours), { stream: 'wire.to-target' }],
    ['data for another channel', () => up.send(byte(94), sshUint32(9), sshString('x')), { stream: 'wire.to-target' }],
    [
      'data of another channel',
      () => down.send(byte(94), sshUint32(9), sshString('x')),
      { stream: 'wire.from-target' },
    ],
    [
      'another end of the program',
      () => {
        down.send(byte(98), ours, sshString('exit-status'), byte(0), sshUint32(1));
        output.push(event('x', '0'));
      },
      { stream: 'output' },
    ],
    ['an exchange that was left out', () => exchanges.pop(), { stream: 'wire.from-target' }],
    ['an end of the program that the record leaves out', () => exits(0), { stream: 'output' }],
    ['an end of the program that nobody said', () => output.push(event('x', '0')), { stream: 'output' }],
    [
      'a signal that ended the program',
      () => {
        exits('TERM');
        output.push(event('x', 'SIGKILL'));
      },
      { stream: 'output' },
    ],
    ['made-up output with a marker of another kind', () => (output[0] = marker(6, 'login')), { stream: 'output' }],
    [
      'made-up output after the first of the channel',
      () => output.splice(2, 0, marker(4), event('o', 'fake')),
      { stream: 'output', offset: 12 },
    ],
    [
      'more words before the login than any target has',
      () => output.splice(0, 0, marker(65_531), event('o', Buffer.alloc(65_531))),
      { stream: 'output' },
    ],
    ['a window that is made larger', () => adjust(2_097_153), { stream: 'wire.to-target' }],
    [
      'a window that is made larger bit by bit',
      () => {
        adjust(2_097_000);
        adjust(2_097_000);
      },
      { stream: 'wire.to-target' },
    ],
    ['an anchor of another connection', () => exchanges.push(otherKeys()), { stream: 'wire.from-target' }],
    ['an exchange in between that was left out', () => exchanges.shift(), { stream: 'wire.from-target' }],
  ];
  it.each(cases)('%s', async (_what, change, expected) => {
    change();
    expect(await compare()).toMatchObject({ equal: false, difference: expected });
  });

  it('a window that no session has', async () => {
    freshShell(2_097_152);
    expect((await compare()).equal).toBe(true);
    freshShell(2_097_153);
    expect((await compare()).difference?.what).toContain('launcher let the target send 2097153');
  });

  it('a terminal or a program that the record does not say', async () => {
    output.splice(3, 1);
    ask('signal', sshString('INT'));
    expect((await compare()).difference?.stream).toBe('wire.to-target');
    const said = { stream: 'terminal', offset: 0 };
    up.parts.pop();
    expect((await compare({ command: 'uptime' })).difference).toMatchObject(said);
    expect((await compare({ terminal: { cols: 81, rows: 24, term: 'xterm-256color' } })).difference).toMatchObject(
      said,
    );
    expect((await compare({ terminal: { cols: 80, rows: 24, term: 'dumb' } })).difference).toMatchObject(said);
  });

  it('any packet of which a bit was changed after the login, and the packet is named', async () => {
    for (const [name, side] of [
      ['to-target', up],
      ['from-target', down],
    ] as const) {
      const sealedFrom = side.parts.findIndex((_, index) => index > 6);
      for (let index = sealedFrom; index < side.parts.length; index += 1) {
        const parts = side.parts.map((part) => Buffer.from(part));
        const offset = parts.slice(0, index).reduce((sum, part) => sum + part.length, 0);
        const part = parts[index] as Buffer;
        const at = (index * 7) % part.length;
        part[at] = (part[at] ?? 0) ^ 1;
        const changed = pieces(Buffer.concat(parts), 4096);
        const result = await compare(name === 'to-target' ? { toTarget: changed } : { fromTarget: changed });
        expect([name, index, result.equal]).toEqual([name, index, false]);
        expect(result.difference).toMatchObject({ stream: `wire.${name}`, offset });
      }
    }
  });

  it('a packet that is missing, comes twice or in another place', async () => {
    const last = up.parts.length - 1;
    const orders = [
      up.parts.toSpliced(last - 2, 1),
      [...up.parts, up.parts[last] as Buffer],
      up.parts.toSpliced(last - 2, 2, up.parts[last - 1] as Buffer, up.parts[last - 2] as Buffer),
    ];
    for (const parts of orders) {
      const result = await compare({ toTarget: pieces(Buffer.concat(parts), 4096) });
      expect(result.difference?.stream).toBe('wire.to-target');
    }
  });

  it('a secret that is another', async () => {
    for (const index of [0, 1]) {
      const kept = exchanges[index] as (typeof exchanges)[number];
      const key = Buffer.from(kept.fromTarget.key);
      key[3] = (key[3] ?? 0) ^ 0x10;
      const changed = exchanges.with(index, { ...kept, fromTarget: { ...kept.fromTarget, key } });
      expect((await compare({ exchanges: changed })).difference?.stream).toBe('wire.from-target');
    }
  });

  it('more before the first kept secret than any login takes', async () => {
    [up, down, exchanges] = [new Direction(), new Direction(), []];
    for (const side of [up, down]) side.raw(Buffer.from('SSH-2.0-side\r\n'));
    exchange(false);
    for (let n = 0; n < 300; n += 1) say('hidden');
    exchange();
    expect((await compare({ output: list([]) })).difference?.what).toContain('than a login takes');
  });
});

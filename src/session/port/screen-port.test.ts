import { describe, expect, it } from 'vitest';
import { highWater, lowWater, type SessionToScreen } from '../../shared/protocol/session-port.ts';
import type { ScreenChannel } from './channels.ts';
import { makeScreenPort } from './screen-port.ts';

function makeScreen() {
  const got: SessionToScreen[] = [];
  let listener: (message: unknown) => void = () => undefined;
  let close: () => void = () => undefined;
  const screen = { got, closed: false, say: (message: unknown) => listener(message), leave: () => close() };
  const channel: ScreenChannel = {
    post: (message) => got.push(message),
    onMessage: (next) => {
      listener = next;
    },
    onClose: (next) => {
      close = next;
    },
    close: () => {
      screen.closed = true;
    },
  };
  return { screen, channel };
}

function makePort() {
  const calls: string[] = [];
  const port = makeScreenPort({
    input: (data) => calls.push(`input ${Buffer.from(data)}`),
    resize: (cols, rows) => calls.push(`resize ${cols} ${rows}`),
    disconnect: () => calls.push('disconnect'),
    room: () => calls.push('room'),
    malformed: () => calls.push('malformed'),
  });
  return { port, calls };
}

describe('the screen side', () => {
  it('takes no output before a screen is there', () => {
    const { port, calls } = makePort();
    expect(port.hasRoom()).toBe(false);
    port.attach(makeScreen().channel);
    expect(port.hasRoom()).toBe(true);
    expect(calls).toEqual(['room']);
  });

  it('stops at the high mark and goes on at the low one', () => {
    const { port, calls } = makePort();
    const { screen, channel } = makeScreen();
    port.attach(channel);
    let end = 0;
    while (port.hasRoom()) {
      end += 65_536;
      port.output(new Uint8Array(65_536), end);
    }
    expect(end).toBe(highWater);
    screen.say({ type: 'drawn', end: end - lowWater - 1 });
    expect(port.hasRoom()).toBe(false);
    screen.say({ type: 'drawn', end: end - lowWater });
    expect(port.hasRoom()).toBe(true);
    expect(calls).toEqual(['room', 'room']);
  });

  it('gives a screen that comes later the state and what nobody acknowledged', () => {
    const { port } = makePort();
    const first = makeScreen();
    port.tell({ type: 'state', state: { state: 'authorised' } });
    port.attach(first.channel);
    port.output(Buffer.from('one'), 3);
    port.output(Buffer.from('two'), 6);
    first.screen.say({ type: 'drawn', end: 3 });
    port.tell({ type: 'state', state: { state: 'open' } });
    const second = makeScreen();
    port.attach(second.channel);
    expect(first.screen.closed).toBe(true);
    expect(second.screen.got).toEqual([
      { type: 'state', state: { state: 'open' } },
      { type: 'output', data: new Uint8Array(Buffer.from('two')), end: 6 },
    ]);
    first.screen.say({ type: 'disconnect' });
    second.screen.leave();
    expect(port.hasRoom()).toBe(false);
  });

  it('sends exactly the bytes of a view, not the buffer around it', () => {
    const { port } = makePort();
    const { screen, channel } = makeScreen();
    port.attach(channel);
    port.output(Buffer.from('xxpayloadxx').subarray(2, 9), 7);
    const message = screen.got[0];
    expect(message?.type === 'output' && message.data.buffer.byteLength).toBe(7);
  });

  it('says when the screen sends what is no message', () => {
    const { port, calls } = makePort();
    const { screen, channel } = makeScreen();
    port.attach(channel);
    for (const bad of [
      null,
      {},
      { type: 'input', data: 'text' },
      { type: 'drawn', end: -1 },
      { type: 'resize', cols: '80', rows: 2 },
    ])
      screen.say(bad);
    expect(calls.filter((call) => call === 'malformed')).toHaveLength(5);
    screen.say({ type: 'input', data: Buffer.from('ls') });
    expect(calls.at(-1)).toBe('input ls');
  });
});

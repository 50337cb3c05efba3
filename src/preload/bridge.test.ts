import { expect, test } from 'vitest';
import { ipcChannels } from '../shared/protocol/ipc-channels.ts';
import { makeBridge } from './bridge.ts';

type Listener = (message: { ports: MessagePort[]; first: unknown; second: unknown }) => void;

function makeEffects(answer: () => Promise<unknown>) {
  const channels = new Map<string, Listener>();
  const posted: { message: unknown; ports: number }[] = [];
  const invoked: unknown[][] = [];
  return {
    channels,
    posted,
    invoked,
    effects: {
      invoke: (...args: unknown[]) => {
        invoked.push(args);
        return answer();
      },
      listen: (channel: string, listener: Listener) => {
        channels.set(channel, listener);
      },
      postToPage: (message: unknown, ports: MessagePort[]) => {
        posted.push({ message, ports: ports.length });
      },
    },
  };
}

test('security 46: the surface of the bridge is exactly this: a change here is a change of the security boundary', () => {
  const { effects, channels } = makeEffects(async () => null);
  expect(Object.entries(makeBridge(effects)).map(([name, value]) => `${name}: ${typeof value}`)).toMatchInlineSnapshot(`
    [
      "request: function",
      "on: function",
    ]
  `);
  expect([...channels.keys()]).toEqual(['sallyport:event', 'sallyport:port']);
});

test('a request goes over the one channel and never rejects', async () => {
  const good = makeEffects(async () => ({ ok: true, value: {} }));
  expect(await makeBridge(good.effects).request('settings.get', {})).toEqual({ ok: true, value: {} });
  expect(good.invoked).toEqual([[ipcChannels.request, 'settings.get', {}]]);
  const bad = makeEffects(() => Promise.reject(new Error('gone')));
  expect(await makeBridge(bad.effects).request('settings.get', {})).toMatchObject({
    ok: false,
    error: { code: 'SP-9001' },
  });
});

test('events reach their own listeners until these leave; ports go on to the page', () => {
  const { effects, channels, posted } = makeEffects(async () => null);
  const bridge = makeBridge(effects);
  const seen: unknown[] = [];
  const leave = bridge.on('settings.changed', (body) => seen.push(body));
  const event = channels.get(ipcChannels.event)!;
  event({ ports: [], first: 'settings.changed', second: 1 });
  event({ ports: [], first: 'app.state', second: 2 });
  event({ ports: [], first: 7, second: 3 });
  leave();
  event({ ports: [], first: 'settings.changed', second: 4 });
  expect(seen).toEqual([1]);
  const channel = new MessageChannel();
  channels.get(ipcChannels.port)!({ ports: [channel.port1], first: { type: 'sallyport-port' }, second: undefined });
  expect(posted).toEqual([{ message: { type: 'sallyport-port' }, ports: 1 }]);
  channel.port1.close();
});

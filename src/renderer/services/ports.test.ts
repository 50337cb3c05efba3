import { describe, expect, it } from 'vitest';
import { makePorts } from './ports.ts';

/** A window that is sent messages: what counts is who sent them and from where. */
function makeWindow() {
  const target = Object.assign(new EventTarget(), { location: { origin: 'app://sallyport' } }) as unknown as Window;
  const { port1 } = new MessageChannel();
  port1.close();
  const send = (part: { source?: unknown; origin?: string; data?: unknown }) => {
    const message = {
      source: target,
      origin: 'app://sallyport',
      data: { type: 'sallyport-port', kind: 'session', id: 'a' },
    };
    target.dispatchEvent(Object.assign(new Event('message'), message, part, { ports: [port1] }));
  };
  return { ports: makePorts(target), send, port: port1 };
}

/** Whether the port is there, without waiting for it. */
async function arrived(ports: ReturnType<typeof makePorts>): Promise<boolean> {
  return Promise.race([
    ports.take('session', 'a').then(() => true),
    new Promise<boolean>((resolve) => setImmediate(resolve, false)),
  ]);
}

describe('ports', () => {
  it('come before or after they are asked for, once', async () => {
    const { ports, send, port } = makeWindow();
    const asked = ports.take('session', 'a');
    send({});
    expect(await asked).toBe(port);
    send({});
    expect(await ports.take('session', 'a')).toBe(port);
    expect(await arrived(ports)).toBe(false);
  });

  it.each([
    ['another window', { source: {} }],
    ['another origin', { origin: 'https://evil.example' }],
    ['a message of another shape', { data: { type: 'sallyport-port', kind: 'shell', id: 'a' } }],
    ['another session', { data: { type: 'sallyport-port', kind: 'session', id: 'b' } }],
  ])('are not taken from %s', async (_name, part) => {
    const { ports, send } = makeWindow();
    send(part);
    expect(await arrived(ports)).toBe(false);
  });

  it('are forgotten with their session', async () => {
    const { ports, send } = makeWindow();
    send({});
    ports.forget('session', 'a');
    expect(await arrived(ports)).toBe(false);
  });
});

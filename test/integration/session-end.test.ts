import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession, type World, type WorldOptions } from '../harness/session/session-world.ts';
import { type Sshd, startSshd, until } from '../harness/session/sshd.ts';
import { observeTcp, type TcpObserver } from '../harness/session/tcp-observer.ts';

let sshd: Sshd;
let observer: TcpObserver;
const worlds: World[] = [];

/** An open session whose connection passes an observer. */
async function session(options: Partial<WorldOptions> = {}): Promise<World> {
  observer = await observeTcp(sshd.port);
  const world = await startSession({ sshd: { ...sshd, port: observer.port }, ...options });
  worlds.push(world);
  await world.owner('state', (message) => message.state.state === 'open');
  world.type("PS1='$ '; echo ready-$((1+1))\r");
  await world.sees(/ready-2/);
  return world;
}

function order(world: World): string[] {
  return world.owned.flatMap((message) =>
    message.type === 'state'
      ? [message.state.state]
      : message.type === 'socket-closed' || message.type === 'ended'
        ? [message.type]
        : [],
  );
}

/** Frozen or open again, and what was typed meanwhile. */
async function inState(world: World, name: string, after = 0): Promise<void> {
  await world.owner('state', (message) => message.state.state === name && world.owned.indexOf(message) >= after);
}

/** Ends the session and returns what its record says of the lease: kinds and words. */
async function leaseMarks(world: World): Promise<string[][]> {
  world.type('exit\r');
  await world.ended();
  const events = await recordedEvents(world.folder, 'output', world.identities.output);
  return events
    .filter((event) => event.code === 'm')
    .map((event) => JSON.parse(Buffer.from(event.data).toString()) as { kind: string; text: string })
    .filter(({ kind }) => kind === 'freeze' || kind === 'thaw')
    .map(({ kind, text }) => [kind, text]);
}

beforeAll(async () => {
  buildSession();
  sshd = await startSshd();
});
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.stop()));
  await observer?.stop();
});
afterAll(async () => sshd?.stop());

describe('a kill', () => {
  it('closes the socket first, then seals the record, and names who and why', async () => {
    const world = await session();
    const at = performance.now();
    const orderId = world.kill();
    const seenAfter = (await observer.closed) - at;
    const closed = await world.owner('socket-closed');
    expect(closed.orderId).toBe(orderId);
    expect(closed.closedMs).toBeLessThan(250);
    expect(seenAfter).toBeLessThan(250);
    const ended = await world.ended();
    expect(ended).toMatchObject({
      reason: { kind: 'killed', orderId, by: 'Mira Okafor', byRole: 'analyst', reason: 'wrong host' },
      complete: true,
    });
    expect(await world.exited).toBe(0);
    expect(order(world).slice(-4)).toEqual(['closing', 'socket-closed', 'ended', 'ended']);
  });

  it('is obeyed in the middle of a flood, and nothing is shown after the socket is closed', async () => {
    let late = 0;
    let closed = false;
    const world = await session({
      output: () => {
        if (closed) late += 1;
      },
    });
    void world.owner('socket-closed').then(() => {
      closed = true;
    });
    world.type('yes 0123456789012345678901234567890123456789\r');
    await until(() => observer.bytesToSession > 10_000_000, 'a flood');
    const at = performance.now();
    world.kill();
    expect((await observer.closed) - at).toBeLessThan(500);
    expect((await world.owner('socket-closed')).closedMs).toBeLessThan(250);
    expect(await world.ended()).toMatchObject({ reason: { kind: 'killed' }, complete: true });
    await world.exited;
    expect(late).toBe(0);
  });

  it('that the server did not sign, or for another session, is not obeyed', async () => {
    const world = await session();
    world.kill({ forged: true });
    world.kill({ sessionId: randomUUID() });
    world.type('echo still-$((1+2))\r');
    await world.sees(/still-3/);
    world.type('exit\r');
    expect((await world.ended()).reason).toMatchObject({ kind: 'exit' });
    const markers = (await recordedEvents(world.folder, 'output', world.identities.output))
      .filter((event) => event.code === 'm')
      .map((event) => Buffer.from(event.data).toString());
    expect(markers.filter((text) => text.includes('"order-refused"'))).toHaveLength(2);
  });
});

describe('an end by the person', () => {
  it('closes the socket within 500 ms of the click, in the middle of a flood too', async () => {
    const world = await session({ output: () => undefined });
    world.type('yes 0123456789012345678901234567890123456789\r');
    await until(() => observer.bytesToSession > 10_000_000, 'a flood');
    const at = performance.now();
    world.screen({ type: 'disconnect' });
    expect((await observer.closed) - at).toBeLessThan(500);
    expect(await world.ended()).toMatchObject({ reason: { kind: 'disconnected', by: 'person' }, complete: true });
  });

  it('works while the target is being reached', async () => {
    const silent: Server = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const world = await startSession({
      sshd: { ...sshd, port: typeof address === 'object' ? (address?.port ?? 0) : 0 },
    });
    worlds.push(world);
    await world.owner('state', (message) => message.state.state === 'connecting' && message.state.step === 'host-key');
    world.screen({ type: 'disconnect' });
    expect((await world.owner('socket-closed')).closedMs).toBeLessThan(250);
    expect(await world.ended()).toMatchObject({ reason: { kind: 'disconnected', by: 'person' }, complete: true });
    silent.close();
  });
});

describe('a lost connection', () => {
  it('shows and records what came before it, then says that the network did it', async () => {
    const world = await session();
    world.type('echo last-$((3+1))\r');
    await world.sees(/last-4/);
    observer.reset();
    expect(await world.ended()).toMatchObject({ reason: { kind: 'disconnected', by: 'network' }, complete: true });
  });

  it('shows everything that a fast exit left behind', async () => {
    const world = await session();
    world.type('seq 1 200000; exit 3\r');
    expect((await world.ended()).reason).toEqual({ kind: 'exit', status: 3, signal: null });
    expect(world.text()).toMatch(/\n199999\r\n200000\r\n/);
  });
});

describe('a lease', () => {
  it('that runs out freezes the input, then ends the session', async () => {
    const world = await session({ leaseMs: 3000, renew: false });
    await inState(world, 'frozen');
    const typedAt = world.text().length;
    world.type('echo must-not-arrive\r');
    const ended = await world.ended();
    expect(ended).toMatchObject({ reason: { kind: 'lease-expired' }, complete: true });
    expect(world.text().slice(typedAt)).toBe('');
    const input = await recordedEvents(world.folder, 'input', world.identities.input);
    expect(Buffer.concat(input.map((event) => Buffer.from(event.data))).toString()).not.toMatch(/must-not-arrive/);
  });

  it('that comes again in time opens the session again', async () => {
    const world = await session({ leaseMs: 800, renew: false });
    await inState(world, 'frozen');
    const before = world.owned.length;
    world.renew();
    await inState(world, 'open', before);
    world.type('echo again-$((2+3))\r');
    await world.sees(/again-5/);
    expect(await leaseMarks(world)).toEqual([
      ['freeze', 'No contact with the control server: what is typed from here on is not sent.'],
      ['thaw', 'Contact with the control server is back: what is typed from here on is sent.'],
    ]);
  });

  it('that ran out on the way in leaves the session frozen from the start', async () => {
    const world = await startSession({
      sshd,
      leaseMs: 1,
      renew: false,
      // Longer than the session takes to look at its clocks.
      answerAfter: () => new Promise((resolve) => setTimeout(resolve, 800)),
    });
    worlds.push(world);
    await inState(world, 'frozen');
    const before = world.owned.length;
    world.renew();
    await inState(world, 'open', before);
    world.type('echo late-$((3+4))\r');
    await world.sees(/late-7/);
    expect((await leaseMarks(world)).map(([kind]) => kind)).toEqual(['freeze', 'thaw']);
  });

  it('is void after a suspend: nothing passes in either direction until a new one comes', async () => {
    const world = await session({ leaseMs: 60_000, renew: false });
    world.type('(sleep 0.4; echo background-$((1+5))) &\r');
    await world.sees(/&\r\n/);
    world.send({ type: 'resumed' });
    await inState(world, 'frozen');
    const before = world.owned.length;
    world.type('echo typed-while-frozen\r');
    const arrived = observer.bytesToSession;
    await until(() => observer.bytesToSession > arrived, 'the background output to reach the session');
    expect(world.text()).not.toMatch(/background-6|typed-while-frozen/);
    world.renew();
    await inState(world, 'open', before);
    await world.sees(/background-6/);
    expect(world.text()).not.toMatch(/typed-while-frozen/);
  });
});

describe('the limits of the grant', () => {
  it.each([
    ['time-limit', { maxSeconds: 2, idleSeconds: null }],
    ['idle', { maxSeconds: 3600, idleSeconds: 1 }],
  ])('end the session: %s', async (kind, limits) => {
    const world = await session({ limits });
    expect(await world.ended()).toMatchObject({ reason: { kind }, complete: true });
  });
});

describe('a session that nobody manages', () => {
  it.each([
    ['the owner sends what is no message', (world: World) => world.child.send({ type: 'lease', lease: 'forever' })],
    [
      'the screen sends what is no message',
      (world: World) => world.send({ type: 'screen', message: { type: 'input', data: 'text' } }),
    ],
    ['it is started twice', (world: World) => world.child.send({ ...world.startMessage })],
  ])('ends when %s', async (_what, act) => {
    const world = await session();
    act(world);
    expect(await world.ended()).toMatchObject({
      reason: { kind: 'process-crashed', problem: { code: 'SP-9002' } },
      complete: true,
    });
  });

  it('ends, and seals its record, when its owner is gone', async () => {
    const world = await session();
    const at = performance.now();
    world.child.disconnect();
    expect((await observer.closed) - at).toBeLessThan(1000);
    expect(await world.exited).toBe(0);
    const events = await recordedEvents(world.folder, 'output', world.identities.output);
    expect(events.length).toBeGreaterThan(0);
  });

  it('seals its record when it is told to terminate', async () => {
    const world = await session();
    world.child.kill('SIGTERM');
    expect(await world.ended()).toMatchObject({ reason: { kind: 'disconnected', by: 'quit' }, complete: true });
  });

  it('loses its connection at once when the process is killed', async () => {
    const world = await session();
    const at = performance.now();
    world.child.kill('SIGKILL');
    expect((await observer.closed) - at).toBeLessThan(1000);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openRecorder } from '../../src/session/recorder/open-recorder.ts';
import type { Recorder, RecorderOptions } from '../../src/session/recorder/recorder.ts';
import { type Problem, SallyportError } from '../../src/shared/errors/result.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { startSession, type World } from '../harness/session/session-world.ts';
import { type Sshd, startSshd } from '../harness/session/sshd.ts';
import { observeTcp, type TcpObserver } from '../harness/session/tcp-observer.ts';

let sshd: Sshd;
let observer: TcpObserver;
let world: World | undefined;

/** A real recorder with one part replaced. */
async function session(change: (recorder: Recorder) => Partial<Recorder>): Promise<World> {
  observer = await observeTcp(sshd.port);
  const open = async (options: RecorderOptions) => {
    const real = await openRecorder(options);
    const methods = [
      'output',
      'input',
      'resize',
      'marker',
      'exit',
      'drained',
      'head',
      'onHead',
      'onSealed',
      'onFailed',
      'covered',
      'headOf',
      'keepAnchor',
      'receipt',
      'sealOpen',
      'close',
    ] as const;
    const bound = Object.fromEntries(methods.map((name) => [name, real[name].bind(real)])) as unknown as Recorder;
    return { ...bound, ...change(real) };
  };
  world = await startSession({ sshd: { ...sshd, port: observer.port }, inside: { openRecorder: open } });
  return world;
}

beforeAll(async () => {
  sshd = await startSshd();
});
afterEach(async () => {
  await world?.stop();
  await observer?.stop();
});
afterAll(async () => sshd?.stop());

const diskFull = new SallyportError('SP-3011', 'The disk is full.');

describe('a session whose record fails', () => {
  it('shows nothing that was not recorded, closes the socket and says why', async () => {
    let left = 2;
    const one = await session((real) => ({
      output(data) {
        if (Buffer.from(data).includes('secret-42') && left-- > 0) throw diskFull;
        return real.output(data);
      },
    }));
    await one.owner('state', (message) => message.state.state === 'open');
    one.type('echo secret-$((41+1))\r');
    await observer.closed;
    expect((await one.ended()).reason).toEqual({
      kind: 'recorder-failed',
      problem: { code: 'SP-3011', message: 'The disk is full.' },
    });
    expect(one.text()).not.toMatch(/secret-42/);
    expect(left).toBe(1);
  });

  it('sends nothing that was not recorded', async () => {
    const one = await session(() => ({
      input() {
        throw diskFull;
      },
    }));
    await one.owner('state', (message) => message.state.state === 'open');
    one.type('touch /tmp/must-not-run\r');
    expect((await one.ended()).reason).toMatchObject({ kind: 'recorder-failed' });
    expect(one.text()).not.toMatch(/touch/);
  });

  it('ends when the record reports a failure of its own, such as a sync that failed', async () => {
    let failed: (problem: Problem) => void = () => undefined;
    const one = await session(() => ({
      onFailed(listener) {
        failed = listener;
      },
    }));
    await one.owner('state', (message) => message.state.state === 'open');
    failed({ code: 'SP-3011', message: 'sync failed' });
    await observer.closed;
    expect((await one.ended()).reason).toMatchObject({ kind: 'recorder-failed', problem: { message: 'sync failed' } });
  });

  it('does not connect when the record cannot be opened', async () => {
    observer = await observeTcp(sshd.port);
    world = await startSession({
      sshd: { ...sshd, port: observer.port },
      inside: { openRecorder: () => Promise.reject(diskFull) },
    });
    expect(await world.ended()).toEqual({
      type: 'ended',
      reason: { kind: 'recorder-failed', problem: { code: 'SP-3011', message: 'The disk is full.' } },
      complete: false,
    });
    expect(observer.connections).toBe(0);
  });

  it('is over after 5 s when sealing hangs, and says that the record is not complete', async () => {
    const one = await session(() => ({ close: () => new Promise(() => undefined) }));
    await one.owner('state', (message) => message.state.state === 'open');
    const at = performance.now();
    one.kill();
    expect(await one.ended()).toMatchObject({ reason: { kind: 'killed' }, complete: false });
    expect(performance.now() - at).toBeLessThan(6000);
    expect(await one.exited).toBe(0);
  });
});

describe('a session in which something throws that nobody caught', () => {
  it("ends, with a record that says so, and keeps a stranger's words to itself", async () => {
    const one = await session(() => ({}));
    await one.owner('state', (message) => message.state.state === 'open');
    one.child.session?.crashed(new Error('password is hunter2'));
    await observer.closed;
    const ended = await one.ended();
    expect(ended).toMatchObject({ reason: { kind: 'process-crashed', problem: { code: 'SP-9001' } }, complete: true });
    expect(JSON.stringify(one.owned)).not.toMatch(/hunter2/);
    const events = await recordedEvents(one.folder, 'output', one.identities.output);
    expect(Buffer.from(events.at(-1)?.data ?? '').toString()).toMatch(/process-crashed/);
  });
});

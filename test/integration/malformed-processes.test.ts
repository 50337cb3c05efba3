import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { MessagePortMain } from 'electron';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import type { ControlCaller } from '../../src/main/control-client/client.ts';
import type { Forked } from '../../src/main/forked.ts';
import { dispatch, type Handlers } from '../../src/main/ipc/dispatch.ts';
import { Replays } from '../../src/main/replay/replays.ts';
import { ManagedSession } from '../../src/main/sessions/managed-session.ts';
import { makeBridge } from '../../src/renderer/services/bridge.ts';
import { Replay } from '../../src/replay/replay.ts';
import type { ScreenChannel } from '../../src/session/port/channels.ts';
import { makeScreenPort } from '../../src/session/port/screen-port.ts';
import {
  type IpcEventName,
  type IpcRequestName,
  ipcEvents,
  ipcRequests,
  type SallyportBridge,
} from '../../src/shared/protocol/ipc.ts';
import {
  ownerToReplaySchema,
  type ReplayToOwner,
  type ReplayToScreen,
  replayToOwnerSchema,
  screenToReplaySchema,
} from '../../src/shared/protocol/replay.ts';
import { ownerToSessionSchema, sessionToOwnerSchema } from '../../src/shared/protocol/session-control.ts';
import { screenToSessionSchema } from '../../src/shared/protocol/session-port.ts';
import { malformed } from '../harness/malformed.ts';

const origin = 'app://sallyport';
const requests = Object.entries(ipcRequests) as [IpcRequestName, { request: z.ZodObject; response: z.ZodObject }][];

function fakeChild() {
  let say: (message: unknown) => void = () => undefined;
  let exit: (code: number) => void = () => undefined;
  const state = { killed: 0, sent: [] as unknown[] };
  const child: Forked<never> = {
    pid: 1,
    send: (message) => void state.sent.push(message),
    onMessage: (listener) => {
      say = listener;
    },
    onExit: (listener) => {
      exit = listener;
    },
    sigkill: () => {
      state.killed += 1;
      exit(9);
    },
  };
  return { child, state, say: (message: unknown) => say(message) };
}

describe('renderer to main', () => {
  test.each(requests)('%s: a body that is no body reaches no handler', async (name, { request }) => {
    const handlers = new Proxy({} as Handlers, {
      get: () => () => {
        throw new Error('a handler was reached');
      },
    });
    await fc.assert(
      fc.asyncProperty(malformed(request), async (body) => {
        const sender = { isOurMainFrame: true, origin };
        const onInternal = (error: unknown) => {
          throw error;
        };
        const result = await dispatch({ handlers, origin, sender, name, body, onInternal });
        expect(result).toMatchObject({ ok: false, error: { code: 'SP-9002' } });
      }),
    );
  });
});

describe('main to renderer', () => {
  beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => undefined));
  afterEach(() => void vi.restoreAllMocks());

  function makeRaw(answer: unknown) {
    let emit: (body: unknown) => void = () => undefined;
    const raw: SallyportBridge = {
      request: async () => answer,
      on: (_name, listener) => {
        emit = listener;
        return () => undefined;
      },
    };
    return { bridge: makeBridge(raw), emit: (body: unknown) => emit(body) };
  }

  test.each(requests)('%s: an answer that is no answer is SP-9002', async (name, { response }) => {
    await fc.assert(
      fc.asyncProperty(malformed(response), fc.boolean(), async (value, ok) => {
        const { bridge } = makeRaw(ok ? { ok: true, value } : { ok: false, error: value });
        expect(await bridge.request(name, {} as never)).toMatchObject({ ok: false, error: { code: 'SP-9002' } });
      }),
      { numRuns: 50 },
    );
  });

  test.each(Object.entries(ipcEvents) as [IpcEventName, z.ZodObject][])(
    '%s: an event that is none is dropped',
    (name, schema) => {
      fc.assert(
        fc.property(malformed(schema), (body) => {
          const { bridge, emit } = makeRaw(null);
          const heard: unknown[] = [];
          bridge.on(name, (event) => heard.push(event));
          emit(body);
          expect(heard).toEqual([]);
        }),
        { numRuns: 50 },
      );
    },
  );
});

describe('screen to session', () => {
  test('what is no message ends the session and does nothing else', () => {
    fc.assert(
      fc.property(malformed(screenToSessionSchema), (message) => {
        const calls: string[] = [];
        const note = (what: string) => () => void calls.push(what);
        const port = makeScreenPort({
          input: note('input'),
          resize: note('resize'),
          disconnect: note('disconnect'),
          room: () => undefined,
          malformed: note('malformed'),
        });
        let say: (raw: unknown) => void = () => undefined;
        const channel: ScreenChannel = {
          post: () => undefined,
          onMessage: (listener) => {
            say = listener;
          },
          onClose: () => undefined,
          close: () => undefined,
        };
        port.attach(channel);
        say(message);
        expect(calls).toEqual(['malformed']);
      }),
    );
  });
});

describe('session to owner', () => {
  test('a process that says what is no message is ended, with the reason', () => {
    fc.assert(
      fc.property(malformed(sessionToOwnerSchema), (message) => {
        const { child, state, say } = fakeChild();
        const facts = {
          id: 'tab-1',
          targetId: 'target-1',
          targetName: 'web-01',
          address: '127.0.0.1:22',
          login: 'deploy',
          production: false,
          credential: 'certificate' as const,
          route: 'direct' as const,
          reason: null,
          ticket: null,
        };
        const ends: unknown[] = [];
        const nothing = () => undefined;
        const session = new ManagedSession({
          facts,
          child,
          log: nothing,
          effects: {
            authorise: () => new Promise(nothing),
            barring: () => null,
            loginSignature: async () => '',
            sealedPassword: async () => '',
            changed: nothing,
            opened: nothing,
            head: nothing,
            sealed: nothing,
            released: nothing,
            socketClosed: nothing,
            ended: (_id, reason) => void ends.push(reason),
          },
        });
        say(message);
        expect(state.killed).toBe(1);
        expect(session.hasEnded).toBe(true);
        expect(ends).toMatchObject([{ kind: 'process-crashed', problem: { code: 'SP-9002' } }]);
      }),
    );
  });
});

/** A built process under plain Node, told one thing; resolves with all it said until it left or `enough`. */
async function tell(entry: string, message: unknown, enough: (said: unknown) => boolean): Promise<unknown[]> {
  const child = fork(resolve(import.meta.dirname, '../..', entry), {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  });
  const said: unknown[] = [];
  let noise = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      noise += String(chunk);
    });
  const gone = once(child, 'exit');
  await new Promise<void>((done) => {
    child.on('message', (one) => {
      said.push(one);
      if (enough(one)) done();
    });
    void gone.then(() => done());
    child.send(message as object);
  });
  child.kill('SIGKILL');
  await gone;
  expect(noise).toBe('');
  return said;
}

const sendable = (message: unknown) => message !== undefined;

describe('owner to session, in the built process', () => {
  const samples = fc.sample(malformed(ownerToSessionSchema).filter(sendable), { numRuns: 6, seed: 22 });
  test.each(samples.map((message, at) => [at, message]))('case %i ends it with its reason', async (_at, message) => {
    const isEnd = (said: unknown) => (said as { type: string }).type === 'ended';
    const said = await tell('.vite/build/session.cjs', message, isEnd);
    const end = said.find(isEnd);
    expect(end).toMatchObject({ reason: { kind: 'process-crashed', problem: { code: 'SP-9002' } } });
  });
});

describe('owner to replay, in the built process', () => {
  const samples = fc.sample(malformed(ownerToReplaySchema).filter(sendable), { numRuns: 4, seed: 22 });
  test.each(samples.map((message, at) => [at, message]))('case %i is named', async (_at, message) => {
    const isFailure = (said: unknown) => (said as { type: string }).type === 'failed';
    const said = await tell('.vite/build/replay.cjs', message, isFailure);
    expect(said.find(isFailure)).toMatchObject({ problem: { code: 'SP-9002' } });
  });
});

describe('replay to owner', () => {
  test('a replay process that says what is no message is ended, and nothing is fetched for it', async () => {
    await fc.assert(
      fc.asyncProperty(malformed(replayToOwnerSchema), async (message) => {
        const { child, state, say } = fakeChild();
        const asked: string[] = [];
        const caller: ControlCaller = {
          call: async (name) => void asked.push(name) as never,
          fetchBytes: async (name) => {
            asked.push(name);
            return new Uint8Array();
          },
          fetchStream: async (name) => {
            asked.push(name);
            return (async function* () {})();
          },
        };
        const replays = new Replays({
          fork: () => child,
          openPort: () => ({}) as MessagePortMain,
          log: () => undefined,
        });
        await replays.open({ caller, serverKey: 'k', sessionId: 'rec-1', purpose: 'review' });
        say(message);
        expect(state.killed).toBe(1);
        expect(asked).toEqual(['getRecording']);
      }),
    );
  });
});

describe('screen to replay', () => {
  test('what is no message is answered with a problem and does nothing', () => {
    fc.assert(
      fc.property(malformed(screenToReplaySchema), (message) => {
        const told: ReplayToOwner[] = [];
        const shown: ReplayToScreen[] = [];
        const exit = vi.fn();
        const owner = { send: (one: ReplayToOwner) => void told.push(one), listen: () => undefined };
        const replay = new Replay({ owner, exit });
        replay.screen({ post: (one) => void shown.push(one) });
        replay.fromScreen(message);
        expect(shown).toMatchObject([{ type: 'problem', problem: { code: 'SP-9002' } }]);
        expect(told).toEqual([]);
        expect(exit).not.toHaveBeenCalled();
      }),
    );
  });
});

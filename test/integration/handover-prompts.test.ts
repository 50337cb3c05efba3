import type { AuthContext } from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type HandoverRelay,
  type HandoverRelayOptions,
  startHandoverRelay,
} from '../harness/session/handover-relay.ts';
import { type Authentication, byPassword, type PtyTarget, startPtyTarget } from '../harness/session/pty-target.ts';
import { buildSession, type World } from '../harness/session/session-world.ts';
import { until } from '../harness/session/sshd.ts';

// No root here: an ssh2 server with a shell on a real terminal behind it, whose way to ask each test chooses.
const password = 'tr0ub4dor&3';
let target: PtyTarget;
let authenticate: Authentication;
let asked: string[];
let given: string[];
let relay: HandoverRelay | undefined;
let world: World | undefined;

async function session(how: Authentication, options: Partial<HandoverRelayOptions> = {}): Promise<World> {
  authenticate = how;
  asked = [];
  relay = await startHandoverRelay({ target: target.sshd, password, ...options });
  world = await relay.session();
  return world;
}

async function refused(one: World): Promise<{ code?: string | undefined; refusals: unknown }> {
  const { reason } = await one.ended();
  expect(one.text()).toBe('');
  return { code: 'problem' in reason ? reason.problem.code : reason.kind, refusals: relay?.refusals };
}

function promptsFor(prompts: { prompt: string; echo: boolean }[]): Authentication {
  given = [];
  return byPassword({ password, methods: ['keyboard-interactive'], rounds: [{ prompts, right: take }], given });
}

function take(answers: string[]): boolean {
  given.push(...answers);
  return true;
}

beforeAll(async () => {
  buildSession();
  target = await startPtyTarget({
    authentication(context) {
      asked.push(context.method);
      authenticate(context);
    },
  });
});
afterEach(async () => {
  await world?.stop();
  await relay?.stop();
});
afterAll(() => target?.stop());

describe('a login by password on a server that is not OpenSSH', () => {
  it.each(['password', 'keyboard-interactive'] as const)('is handed over after %s', async (method) => {
    const one = await session(byPassword({ password, methods: [method] }));
    await one.owner('state', (message) => message.state.state === 'open');
    expect(relay?.loggedIn).toMatchObject([{ method }]);
    expect(relay?.passwords.map((each) => each.toString('latin1'))).toEqual(['\0'.repeat(password.length)]);
    one.screen({ type: 'resize', cols: 99, rows: 31 });
    one.type('stty size; echo "sum $((20+3))"\r');
    await one.sees(/31 99\r\nsum 23/);
    one.type('exit 3\r');
    expect(await one.ended()).toMatchObject({ reason: { kind: 'exit', status: 3 }, complete: true });
    expect(asked).toEqual(['none', method]);
  });

  it("answers the prompt that the target's own pattern names", async () => {
    const how = byPassword({
      password,
      methods: ['keyboard-interactive'],
      rounds: [{ prompts: [{ prompt: 'Kennwort: ', echo: false }] }],
    });
    const one = await session(how, { prompt: '^kennwort: $' });
    await one.owner('state', (message) => message.state.state === 'open');
  });
});

describe('security.md 40: the stored password is not typed', () => {
  it.each([
    ['where it would be shown', [{ prompt: 'Password: ', echo: true }], 'prompt-echo'],
    ['to another question', [{ prompt: 'Verification code: ', echo: false }], 'prompt-text'],
    ['to a question in disguise', [{ prompt: '\u001b[2K\rPassword: ', echo: false }], 'prompt-text'],
    [
      'to two questions',
      [
        { prompt: 'Password: ', echo: false },
        { prompt: 'Password: ', echo: false },
      ],
      'prompt-count',
    ],
  ])('%s', async (_where, prompts, check) => {
    const one = await session(promptsFor(prompts));
    expect(await refused(one)).toEqual({ code: 'SP-2044', refusals: [{ code: 'SP-2044', check }] });
    expect(given).toEqual([]);
  });

  it('a second time', async () => {
    given = [];
    const again = { prompts: [{ prompt: 'Password: ', echo: false }], right: take };
    const one = await session(byPassword({ password, methods: ['keyboard-interactive'], rounds: [again, again] }));
    expect(await refused(one)).toMatchObject({ code: 'SP-2044', refusals: [{ check: 'prompt-second-round' }] });
    expect(given).toEqual([password]);
  });

  it('to a password that must be changed', async () => {
    const changes: unknown[] = [];
    const one = await session((context: AuthContext) => {
      if (context.method !== 'password') return context.reject(['password']);
      if (changes.length > 0) return context.accept();
      changes.push(context.password);
      context.requestChange('Your password has expired', () => changes.push('changed'));
    });
    expect(await refused(one)).toMatchObject({ code: 'SP-2044', refusals: [{ check: 'prompt-password-change' }] });
    expect(changes).toEqual([password]);
  });

  it('by another method after one was refused', async () => {
    const one = await session((context) => context.reject(['password', 'keyboard-interactive']));
    expect(await refused(one)).toMatchObject({ code: 'SP-2040' });
    expect(asked).toEqual(['none', 'password']);
  });

  it('where more than a password is wanted', async () => {
    const one = await session((context) => {
      if (context.method === 'password') context.reject(['publickey'], true);
      else context.reject(['password']);
    });
    expect(await refused(one)).toMatchObject({ code: 'SP-2040', refusals: [{ check: 'more-than-a-password' }] });
  });

  it('where no password is taken', async () => {
    const one = await session((context) => context.reject(['publickey']));
    expect(await refused(one)).toMatchObject({ code: 'SP-2040', refusals: [{ check: 'no-password-method' }] });
    expect(asked).toEqual(['none']);
  });

  it('to a target that holds another host key: no login is even begun', async () => {
    const other = await startPtyTarget();
    try {
      const one = await session(byPassword({ password, methods: ['password'] }), { hostKeys: [other.sshd.hostKey] });
      expect(await refused(one)).toMatchObject({ code: 'SP-2031' });
      expect(asked).toEqual([]);
    } finally {
      other.stop();
    }
  });
});

describe('a login that takes its time', () => {
  it('is cut by a kill: nothing is handed over', async () => {
    const one = await session((context) => {
      if (context.method === 'none') context.reject(['password']);
    });
    await until(() => asked.includes('password'), 'the login to begin');
    await relay?.kill();
    const orderId = one.kill();
    expect(await one.ended()).toMatchObject({ reason: { kind: 'killed', orderId } });
    expect(relay?.loggedIn).toEqual([]);
    expect(relay?.endings).toMatchObject([{ why: 'killed' }]);
    expect(one.text()).toBe('');
  });

  it('is given up: SP-2104', async () => {
    const never: Authentication = (context) => {
      if (context.method === 'none') context.reject(['password']);
    };
    const one = await session(never, { limits: { loginMs: 400 } });
    expect(await refused(one)).toMatchObject({ code: 'SP-2104', refusals: [{ check: 'login-time' }] });
  });
});

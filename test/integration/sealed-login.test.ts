import { randomBytes } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ageSeal } from '../../src/recording/codecs/age.ts';
import { verifyBlob } from '../../src/recording/signatures/keys.ts';
import { verifySsh } from '../../src/recording/signatures/sshsig.ts';
import type { OwnerToSession, SessionToOwner } from '../../src/shared/protocol/session-control.ts';
import { type GrantPayload, namespaces, recipientStatement } from '../../src/shared/protocol/signed.ts';
import { readMarker } from '../../src/shared/record/markers.ts';
import { defaultPromptPattern } from '../../src/shared/ssh/prompt-rule.ts';
import { type Authentication, byPassword, type PtyTarget, startPtyTarget } from '../harness/session/pty-target.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession, type World } from '../harness/session/session-world.ts';

type Asked = Extract<SessionToOwner, { type: 'sealed-password' }>;
type Answer = Extract<OwnerToSession, { type: 'sealed-password-answer' }>;

const password = `Sealed-${randomBytes(9).toString('hex')} ö`;
const open: { stop(): unknown }[] = [];
beforeAll(buildSession);
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});

async function sealed(message: Asked, bytes: Uint8Array = Buffer.from(password)): Promise<Answer> {
  const file = Buffer.from(await ageSeal(bytes, [message.recipient])).toString('base64');
  return { type: 'sealed-password-answer', id: message.id, sealed: file, problem: null };
}

/** A target that lets in as told, and a session on it; the test is its broker. */
async function session(
  authentication: Authentication,
  options: { prompt?: string; grant?: Partial<GrantPayload>; broker?: (message: Asked) => Promise<Answer> } = {},
): Promise<{ world: World; target: PtyTarget; asked: () => Asked[] }> {
  const target = await startPtyTarget({ authentication, login: 'admin' });
  const world = await startSession({
    sshd: target.sshd,
    sealedPassword: options.broker ?? sealed,
    grant: {
      credential: { kind: 'sealed-password', prompt: options.prompt ?? defaultPromptPattern },
      ...options.grant,
    },
  });
  open.push(world, target);
  const asked = () => world.owned.filter((message): message is Asked => message.type === 'sealed-password');
  return { world, target, asked };
}

const shut = (code: string, facts: object = {}) => ({
  reason: { problem: { code, ...(Object.keys(facts).length > 0 ? { facts } : {}) } },
});

describe('a password that is sealed to the session process', () => {
  it.each([
    ['the password method', ['password']],
    ['one keyboard-interactive prompt', ['keyboard-interactive']],
  ] as const)('logs in by %s, once, and the screen says how', async (_way, methods) => {
    const given: string[] = [];
    const { world, asked } = await session(byPassword({ password, methods: [...methods], given }));
    expect(await world.onScreen((message) => message.type === 'opened')).toMatchObject({
      loggedInBy: 'sealed-password',
    });
    world.type('echo typed-$((41+1))\r');
    await world.sees(/typed-42/);
    expect(given).toEqual([password]);
    world.type('exit\r');
    expect(await world.ended()).toMatchObject({ reason: { kind: 'exit', status: 0 }, complete: true });
    expect(asked()).toHaveLength(1);
    const events = await recordedEvents(world.folder, 'output', world.identities.output);
    const marks = events
      .filter((event) => event.code === 'm')
      .map((event) => readMarker(Buffer.from(event.data).toString('utf8')));
    expect(marks).toContainEqual({ kind: 'login', text: expect.stringContaining('reached the endpoint') });
    expect(JSON.stringify(marks)).not.toContain(password);
  });

  it('is asked for with the proof that the broker checks, sealed to a key that the session key certifies', async () => {
    const { world, asked } = await session(byPassword({ password, methods: ['password'] }));
    await world.owner('state', (message) => message.state.state === 'open');
    const [message] = asked();
    if (message === undefined) throw new Error('nothing was asked');
    const [sessionId, hostKey, signature] = [message.sshSessionId, message.hostKey, message.hostSignature].map((text) =>
      Buffer.from(text, 'base64'),
    ) as [Buffer, Buffer, Buffer];
    expect(world.grant.hostKeys[0]?.split(' ')[1]).toBe(message.hostKey);
    expect(verifyBlob(hostKey, sessionId, signature)).toBe(true);
    const facts = { sessionId: world.grant.sessionId, recipient: message.recipient };
    const certified = (statement: string) =>
      verifySsh({
        publicKey: world.grant.sessionKey,
        namespace: namespaces.recipient,
        message: statement,
        signature: message.recipientSignature,
      });
    expect(certified(recipientStatement(facts))).toBe(true);
    expect(certified(recipientStatement({ ...facts, sessionId: 'another' }))).toBe(false);
  });

  it("answers the target's own pattern", async () => {
    const rounds = [{ prompts: [{ prompt: 'Kennwort: ', echo: false }] }];
    const { world } = await session(byPassword({ password, methods: ['keyboard-interactive'], rounds }), {
      prompt: '^kennwort: $',
    });
    await world.owner('state', (message) => message.state.state === 'open');
  });

  const prompt = (text: string, echo = false) => ({ prompt: text, echo });
  it.each([
    ['another question', [[prompt('One-time code: ')]], 'prompt-text', 0],
    ['a prompt that would show it', [[prompt('Password: ', true)]], 'prompt-echo', 0],
    ['two prompts', [[prompt('Password: '), prompt('Code: ')]], 'prompt-count', 0],
    ['a new password', [[prompt('New password: ')]], 'prompt-text', 0],
    ['a second round', [[prompt('Password: ')], [prompt('Password: ')]], 'prompt-second-round', 1],
  ] as const)('does not answer %s', async (_what, rounds, check, answers) => {
    const given: string[] = [];
    const { world, asked } = await session(
      byPassword({
        password,
        methods: ['keyboard-interactive'],
        rounds: rounds.map((prompts) => ({
          prompts: [...prompts],
          right: (got) => {
            given.push(...got);
            return true;
          },
        })),
      }),
    );
    expect(await world.ended()).toMatchObject(shut('SP-2044', { check }));
    expect([given.length, asked().length]).toEqual([answers, answers]);
  });

  it('is not changed when the target wants that', async () => {
    const { world } = await session((context) => {
      if (context.method !== 'password') return context.reject(['password']);
      context.requestChange('Choose a new password', () => undefined);
    });
    expect(await world.ended()).toMatchObject(shut('SP-2044', { check: 'prompt-password-change' }));
  });

  it('is not given to a target that lets in before it has it: the keys that follow are kept', async () => {
    const given: string[] = [];
    let accept: (() => void) | null = null;
    const opened = Promise.withResolvers<void>();
    const { world } = await session(
      (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
        accept = () => context.accept();
        context.prompt([prompt('Password: ')], (answers) => given.push(...answers));
      },
      {
        async broker(message) {
          accept?.();
          await opened.promise;
          return sealed(message);
        },
      },
    );
    await world.owner('state', (message) => message.state.state === 'open');
    opened.resolve();
    await world.ended();
    expect(given).toEqual([]);
  });

  it('is given once, by one method, however often the target refuses', async () => {
    const given: string[] = [];
    const methods: ('password' | 'keyboard-interactive')[] = ['password', 'keyboard-interactive'];
    const { world, asked } = await session(byPassword({ password: 'another', methods, given }));
    const ended = await world.ended();
    expect(ended).toMatchObject(shut('SP-2040'));
    expect(JSON.stringify(ended)).not.toContain(password);
    expect(given).toEqual([password]);
    expect(asked()).toHaveLength(1);
  });

  it('is not even asked for where the host key is another, or no method fits', async () => {
    const wrong = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEkzwJHUf0HnSx1H0nEp8e8L0T2PjzRSBkQ1w8ymU0Q';
    const tried: string[] = [];
    const stranger = await session((context) => tried.push(context.method) && context.accept(), {
      grant: { hostKeys: [wrong] },
    });
    expect(await stranger.world.ended()).toMatchObject(shut('SP-2031'));
    expect(tried).toEqual([]);
    const keysOnly = await session((context) => context.reject(['publickey']));
    expect(await keysOnly.world.ended()).toMatchObject(shut('SP-2040'));
    expect([...stranger.asked(), ...keysOnly.asked()]).toEqual([]);
  });

  it('ends the session in words where the broker refuses, or seals to somebody else', async () => {
    const target = byPassword({ password, methods: ['password'] });
    const refused = await session(target, {
      broker: async ({ id }) => ({
        type: 'sealed-password-answer',
        id,
        sealed: null,
        problem: { code: 'SP-2043', message: 'No password is stored for this login.' },
      }),
    });
    expect(await refused.world.ended()).toMatchObject(shut('SP-2043'));
    const recipient = 'age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg';
    const foreign = await session(target, { broker: (message) => sealed({ ...message, recipient }) });
    expect(await foreign.world.ended()).toMatchObject(shut('SP-2041'));
  });
});

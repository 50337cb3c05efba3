import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type HandoverRelay,
  type HandoverRelayOptions,
  startHandoverRelay,
} from '../harness/session/handover-relay.ts';
import { canCheckPasswords, type PasswordTarget, startPasswordSshd } from '../harness/session/password-target.ts';
import { buildSession, type World, type WorldOptions } from '../harness/session/session-world.ts';

const password = 'correct horse battery staple';
let targets: Record<'password' | 'keyboard-interactive', PasswordTarget>;
let relay: HandoverRelay | undefined;
let world: World | undefined;

async function session(
  target: PasswordTarget,
  options: Partial<HandoverRelayOptions> = {},
  worldOptions: Partial<WorldOptions> = {},
): Promise<World> {
  relay = await startHandoverRelay({ target, password, ...options });
  world = await relay.session(worldOptions);
  return world;
}

async function opened(one: World): Promise<void> {
  await one.owner('state', (message) => message.state.state === 'open');
}

describe.skipIf(!canCheckPasswords)('a login by password on OpenSSH, handed over', () => {
  beforeAll(async () => {
    buildSession();
    const [byMethod, byPrompt] = await Promise.all([
      startPasswordSshd({ password, extra: ['KbdInteractiveAuthentication no'] }),
      startPasswordSshd({ password, extra: ['PasswordAuthentication no', 'RekeyLimit 8M'] }),
    ]);
    targets = { password: byMethod, 'keyboard-interactive': byPrompt };
  });
  afterEach(async () => {
    await world?.stop();
    await relay?.stop();
  });
  afterAll(async () => {
    await Promise.all(Object.values(targets ?? {}).map((target) => target.stop()));
  });

  it.each(['password', 'keyboard-interactive'] as const)('works by %s: terminal, size, end', async (method) => {
    const one = await session(targets[method]);
    await opened(one);
    expect(relay?.loggedIn).toMatchObject([{ method }]);
    one.type('echo "as $(id -un) $((40+2))"; stty size\r');
    await one.sees(/as vaulted 42\r\n24 80/);
    one.screen({ type: 'resize', cols: 101, rows: 33 });
    one.type('stty size\r');
    await one.sees(/33 101/);
    expect(await one.onScreen((message) => message.type === 'opened')).toMatchObject({ loggedInBy: 'password' });
    one.type('exit 7\r');
    expect(await one.ended()).toMatchObject({ reason: { kind: 'exit', status: 7 }, complete: true });
  });
});

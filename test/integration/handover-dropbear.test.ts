import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dropbearWithGcm } from '../harness/session/dropbear-with-gcm.ts';
import { type HandoverRelay, startHandoverRelay } from '../harness/session/handover-relay.ts';
import { canCheckPasswords, type PasswordTarget, startDropbear } from '../harness/session/password-target.ts';
import { buildSession, type World } from '../harness/session/session-world.ts';
import { until } from '../harness/session/sshd.ts';

const password = 'drop the bear';
let relay: HandoverRelay | undefined;
let world: World | undefined;
let target: PasswordTarget | undefined;

async function session(program?: string): Promise<World> {
  target = await startDropbear(program === undefined ? { password } : { password, program });
  relay = await startHandoverRelay({ target, password });
  world = await relay.session();
  return world;
}

beforeAll(buildSession);
afterEach(async () => {
  await world?.stop();
  await relay?.stop();
  await target?.stop();
});
afterAll(() => undefined);

describe.skipIf(!canCheckPasswords || !existsSync('/usr/sbin/dropbear'))(
  "a login by password on Debian's dropbear",
  () => {
    it('is refused for want of AES-GCM (SP-2032): no password leaves', async () => {
      const one = await session();
      expect(await one.ended()).toMatchObject({ reason: { problem: { code: 'SP-2032' } } });
      expect(relay?.refusals).toEqual([{ code: 'SP-2032', check: 'algorithms' }]);
      await until(() => (target?.log() ?? '').includes('Exit before auth'), 'dropbear to see it go');
      expect(target?.log()).not.toMatch(/password auth|user '/i);
    });
  },
);

describe.skipIf(!canCheckPasswords || dropbearWithGcm === null)(
  'a login by password on a dropbear with AES-GCM',
  () => {
    it('is handed over: terminal, size, end', async () => {
      const one = await session(dropbearWithGcm ?? '');
      await one.owner('state', (message) => message.state.state === 'open');
      expect(relay?.loggedIn).toMatchObject([
        { method: 'password', serverIdent: expect.stringMatching(/^SSH-2\.0-dropbear/) },
      ]);
      one.screen({ type: 'resize', cols: 97, rows: 29 });
      one.type('stty size; echo "as $(id -un)"; head -c 3000000 /dev/zero | sha256sum\r');
      await one.sees(/29 97\r\nas vaulted\r\n[0-9a-f]{64}/);
      one.type('exit 5\r');
      expect(await one.ended()).toMatchObject({ reason: { kind: 'exit', status: 5 }, complete: true });
      expect(target?.log()).toMatch(/Password auth succeeded for 'vaulted'/);
    });
  },
);

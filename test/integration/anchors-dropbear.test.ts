import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkedAnchors } from '../harness/session/checked-anchors.ts';
import { dropbearWithGcm } from '../harness/session/dropbear-with-gcm.ts';
import { startHandoverRelay } from '../harness/session/handover-relay.ts';
import { canCheckPasswords, startDropbear } from '../harness/session/password-target.ts';
import { buildSession } from '../harness/session/session-world.ts';

const password = 'drop the bear';
const ends: (() => unknown)[] = [];

beforeAll(buildSession);
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

describe.skipIf(!canCheckPasswords || dropbearWithGcm === null)(
  'anchors of a session on a dropbear with AES-GCM',
  () => {
    it('verify, also those of a flood, and lose nothing', async () => {
      const target = await startDropbear({ password, program: dropbearWithGcm ?? '' });
      ends.push(() => target.stop());
      const relay = await startHandoverRelay({ target, password });
      ends.push(() => relay.stop());
      const world = await relay.session({ grant: { evidence: { anchors: true, wire: false } } });
      ends.push(() => world.stop());
      await world.owner('state', (message) => message.state.state === 'open');
      world.type(
        'PS1=; stty -echo; for n in $(seq 30000); do echo "out $n some words to fill the line"; done; echo "o"ver\r',
      );
      for (let number = 1; number <= 50; number += 1) world.type(`echo "got $((${number}+0))"\r`);
      await world.sees(/over\r.*got 50\r/s);
      await world.owner('evidence', (message) => message.anchors >= 2);
      world.type('exit 3\r');
      expect(await world.ended()).toMatchObject({ reason: { kind: 'exit', status: 3 }, complete: true });
      const numbers = (pattern: RegExp) => [...world.text().matchAll(pattern)].map(([, number]) => Number(number));
      expect(numbers(/out (\d+) some/g)).toEqual(Array.from({ length: 30_000 }, (_, index) => index + 1));
      expect(numbers(/got (\d+)\r/g)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
      const { anchors } = await checkedAnchors(world);
      expect(anchors[0]).toMatchObject({ subject: 'grant', startedBy: 'launcher' });
      expect(anchors.at(-1)?.subject).toBe('head');
      expect(Buffer.from(anchors[0]?.serverVersion ?? '', 'base64').toString()).toMatch(/^SSH-2\.0-dropbear/);
    });
  },
);

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkedAnchors } from '../harness/session/checked-anchors.ts';
import { buildSession, startSession, type World, type WorldOptions } from '../harness/session/session-world.ts';
import { type Sshd, startSshd } from '../harness/session/sshd.ts';

let sshd: Sshd;
const worlds: World[] = [];

async function session(options: Partial<WorldOptions> = {}): Promise<World> {
  const evidence = { anchors: true, wire: false };
  const world = await startSession({ sshd, ...options, grant: { evidence, ...options.grant } });
  worlds.push(world);
  await world.owner('state', (message) => message.state.state === 'open');
  return world;
}

beforeAll(async () => {
  buildSession();
  sshd = await startSshd(['LogLevel DEBUG1']);
});
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.stop()));
});
afterAll(async () => sshd?.stop());

describe('anchors of a session on OpenSSH', () => {
  it('come with the grant before there is a channel, and with the head after segments were closed', async () => {
    const world = await session();
    world.type('PS1=; stty -echo; head -c 1200000 /dev/urandom | base64; echo over-$((41+1))\r');
    await world.sees(/over-42/);
    await world.owner('evidence', (message) => message.anchors >= 2);
    world.type('exit\r');
    expect(await world.ended()).toMatchObject({ reason: { kind: 'exit' }, complete: true });
    const { manifest, anchors } = await checkedAnchors(world);
    console.log(anchors.length, manifest.segments.length);
    expect(anchors[0]).toMatchObject({ subject: 'grant', seq: 0, startedBy: 'launcher', kex: 'curve25519-sha256' });
    expect(anchors.slice(1).every((anchor) => anchor.subject === 'head' && anchor.lines > 30)).toBe(true);
    expect(world.owned.filter((message) => message.type === 'evidence').slice(0, 2)).toMatchObject([
      { level: 'recorder-only', anchors: 0 },
      { level: 'anchored', anchors: 1 },
    ]);
    expect(world.shown.findLast((message) => message.type === 'evidence')).toMatchObject({
      level: 'anchored',
      anchors: anchors.length,
    });
  });
});

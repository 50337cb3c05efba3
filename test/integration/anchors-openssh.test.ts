import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exchangeKeys } from '../../src/recording/evidence/anchor.ts';
import { compareWire, type WireComparison } from '../../src/recording/evidence/wire.ts';
import { headerLines } from '../../src/shared/record/manifest-lines.ts';
import { checkedAnchors } from '../harness/session/checked-anchors.ts';
import { startHandoverRelay } from '../harness/session/handover-relay.ts';
import { canCheckPasswords, startPasswordSshd } from '../harness/session/password-target.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession, type World, type WorldOptions } from '../harness/session/session-world.ts';
import { type Sshd, startSshd } from '../harness/session/sshd.ts';
import { observeTcp, type TcpObserver } from '../harness/session/tcp-observer.ts';

const evidence = { anchors: true, wire: false };
let sshd: Sshd;
let restless: Sshd;
const ends: (() => Promise<void>)[] = [];

async function session(options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await startSession({ sshd, ...options, grant: { evidence, ...options.grant } });
  ends.push(() => world.stop());
  await world.owner('state', (message) => message.state.state === 'open');
  return world;
}

/** The wire as it crossed, opened with the anchors' secrets and held against the record. */
async function compared(world: World, observer: TcpObserver): Promise<WireComparison> {
  const { manifest, anchors } = await checkedAnchors(world);
  return compareWire({
    toTarget: Readable.from(observer.wire.toTarget),
    fromTarget: Readable.from(observer.wire.fromTarget),
    exchanges: anchors.map((anchor) => exchangeKeys(anchor, anchor.secretBytes)),
    output: Readable.from(await recordedEvents(world.folder, 'output', world.identities.output)),
    input: Readable.from(await recordedEvents(world.folder, 'input', world.identities.input)),
    end: manifest.end,
    terminal: manifest.header.terminal,
    command: manifest.header.command,
  });
}

beforeAll(async () => {
  buildSession();
  [sshd, restless] = await Promise.all([startSshd(['LogLevel DEBUG1']), startSshd(['RekeyLimit 64K'])]);
});
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});
afterAll(async () => {
  await Promise.all([sshd?.stop(), restless?.stop()]);
});

describe('anchors of a session on OpenSSH', () => {
  it('come with the grant before there is a channel, with the head after segments were closed, and with all at the end', async () => {
    const before = sshd.log().length;
    const world = await session();
    // Two exchanges, then the first channel.
    const log = sshd.log().slice(before);
    expect(log.match(/SSH2_MSG_NEWKEYS received|server_input_channel_open: ctype/g)).toEqual([
      'SSH2_MSG_NEWKEYS received',
      'SSH2_MSG_NEWKEYS received',
      'server_input_channel_open: ctype',
    ]);
    world.type('PS1=; stty -echo; head -c 1200000 /dev/urandom | base64; echo over-$((41+1))\r');
    await world.sees(/over-42/);
    await world.owner('evidence', (message) => message.anchors >= 2);
    world.type('exit\r');
    expect(await world.ended()).toMatchObject({ reason: { kind: 'exit' }, complete: true });
    const { manifest, anchors } = await checkedAnchors(world);
    expect(anchors[0]).toMatchObject({ subject: 'grant', seq: 0, startedBy: 'launcher', kex: 'curve25519-sha256' });
    expect(anchors.slice(1).every(({ subject, lines }) => subject === 'head' && lines > headerLines)).toBe(true);
    // The flood closed some ten segments within a second: not one exchange for each.
    expect(manifest.segments.length).toBeGreaterThan(5);
    expect(anchors.length).toBeLessThan(manifest.segments.length);
    // Nothing but the last anchor's own line and the end is not under the host key.
    expect(anchors.at(-1)?.lines).toBe(manifest.lines - 2);
    expect(manifest.end).toMatchObject({ anchors: anchors.length, kind: 'exit' });
    const told = world.owned.filter((message) => message.type === 'evidence');
    expect(told.slice(0, 2)).toMatchObject([
      { level: 'recorder-only', anchors: 0 },
      { level: 'anchored', anchors: 1 },
    ]);
    expect(told.at(-1)).toMatchObject({ level: 'anchored', anchors: anchors.length });
    expect(world.shown.findLast((message) => message.type === 'evidence')).toEqual(told.at(-1));
  });

  it('are made of exchanges that the target starts too, and all together open the wire: nothing lost, nothing reordered', async () => {
    const observer = await observeTcp(restless.port, true);
    ends.push(() => observer.stop());
    const world = await session({ sshd: { ...restless, port: observer.port } });
    // Numbered lines out of the target all the time, numbered lines into it meanwhile, each answered.
    // What is typed before is echoed in the middle of lines.
    world.type("PS1=; stty -echo; echo 'no'-echo\r");
    await world.sees(/no-echo\r/);
    world.type(
      '(for n in $(seq 9000); do echo "out $n some words to fill the line"; done) & while read -r line; do [ "$line" = end ] && break; echo "got $line"; done\r',
    );
    await world.sees(/out 1 some/);
    const count = 300;
    for (let number = 1; number <= count; number += 1) {
      world.type(`line ${number}\r`);
      if (number % 20 === 0) await world.sees(new RegExp(`got line ${number - 10}\\r`));
    }
    world.type('end\r');
    await world.sees(/out 9000 /);
    await world.sees(new RegExp(`got line ${count}\\r`));
    world.screen({ type: 'resize', cols: 100, rows: 30 });
    world.type('exit\r');
    expect(await world.ended()).toMatchObject({ reason: { kind: 'exit' }, complete: true });
    const lines = world.text().split('\r\n');
    const numbers = (pattern: RegExp) => lines.flatMap((line) => pattern.exec(line)?.[1] ?? []).map(Number);
    const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
    expect(numbers(/out (\d+) some/)).toEqual(upTo(9000));
    expect(numbers(/got line (\d+)$/)).toEqual(upTo(count));
    const { anchors } = await checkedAnchors(world);
    const starters = anchors.map((anchor) => anchor.startedBy);
    expect(starters.filter((by) => by === 'target').length).toBeGreaterThan(4);
    expect(await compared(world, observer)).toMatchObject({
      equal: true,
      difference: null,
      notRecorded: { output: 0, input: 0 },
      notSent: { input: 0, sizes: 0 },
      lastUnused: false,
      resizes: 1,
    });
  });

  it('are none where the grant asks for none: no second exchange', async () => {
    const before = sshd.log().length;
    const world = await session({ grant: { evidence: { anchors: false, wire: true } } });
    world.type('exit\r');
    await world.ended();
    expect(
      sshd
        .log()
        .slice(before)
        .match(/SSH2_MSG_NEWKEYS received/g),
    ).toHaveLength(1);
    expect((await checkedAnchors(world)).anchors).toEqual([]);
    expect(world.owned.filter((message) => message.type === 'evidence')).toEqual([
      { type: 'evidence', level: 'wire-only', anchors: 0 },
    ]);
  });

  it.skipIf(!canCheckPasswords)(
    "follow a handover at once, and the launcher's own first exchange is none of them",
    async () => {
      const target = await startPasswordSshd({ password: 'a b c', extra: ['KbdInteractiveAuthentication no'] });
      ends.push(() => target.stop());
      const relay = await startHandoverRelay({ target, password: 'a b c' });
      ends.push(() => relay.stop());
      const world = await relay.session({ grant: { evidence: { anchors: true, wire: true } } });
      ends.push(() => world.stop());
      await world.owner('state', (message) => message.state.state === 'open');
      await world.owner('evidence', (message) => message.level === 'anchored-with-wire');
      world.type('exit\r');
      expect(await world.ended()).toMatchObject({ reason: { kind: 'exit' }, complete: true });
      const { anchors } = await checkedAnchors(world);
      expect(anchors.map((anchor) => anchor.subject)).toEqual(['grant', 'head']);
      // The session id is of the broker's first exchange, which nobody here has seen.
      expect(anchors[0]?.sshSessionId).toBe(relay.loggedIn[0]?.sshSessionId.toString('base64'));
    },
  );
});

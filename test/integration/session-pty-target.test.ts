import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type PtyTarget, startPtyTarget } from '../harness/session/pty-target.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession, type World } from '../harness/session/session-world.ts';

let target: PtyTarget;
let world: World | undefined;
beforeAll(async () => {
  buildSession();
  target = await startPtyTarget();
});
afterEach(async () => world?.stop());
afterAll(() => target?.stop());

describe('a target that is not OpenSSH, with a real pseudo terminal', () => {
  it('is recorded byte for byte as it sent it, knows each size, and says how its shell ended', async () => {
    world = await startSession({ sshd: target.sshd });
    await world.sees(/\$ /);
    world.type('stty size; echo "first"-"size"\r');
    await world.sees(/first-size/);
    world.screen({ type: 'resize', cols: 101, rows: 33 });
    // Bytes that are no UTF-8, a character in two halves, and colours.
    world.type(
      'stty size; printf \'\\377\\303\'; sleep 0.05; printf \'\\251 \\033[31mred\\033[0m\\n\'; echo "all"-"done"\r',
    );
    await world.sees(/33 101[\s\S]*all-done/);
    world.type('exit 9\r');
    expect(await world.ended()).toMatchObject({ reason: { kind: 'exit', status: 9 }, complete: true });

    const events = await recordedEvents(world.folder, 'output', world.identities.output);
    const recorded = Buffer.concat(events.filter((each) => each.code === 'o').map((each) => each.data));
    expect(recorded.equals(target.sent())).toBe(true);
    expect(recorded.includes(Buffer.from([0xff, 0xc3]))).toBe(true);
  });

  it('loses its shell with a kill', async () => {
    world = await startSession({ sshd: target.sshd });
    await world.sees(/\$ /);
    world.type('echo "running"-"now"; sleep 600\r');
    await world.sees(/running-now/);
    world.kill();
    expect(await world.ended()).toMatchObject({ reason: { kind: 'killed' }, complete: true });
    await target.shellGone();
  });
});

import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { completeFolder, startWholeWorld, unlockAll } from '../../integration/live-world/whole-recording.ts';
import { startByteTarget } from '../session/byte-target.ts';
import { buildSession, startSession, type World } from '../session/session-world.ts';
import { startSshd } from '../session/sshd.ts';
import { smallDisk } from '../small-disk.ts';
import { type GoldenName, keepGolden } from './golden-recordings.ts';

/**
 * Makes the golden recordings from real sessions: `npm run golden`, as root. No part of `npm test`. Nothing of the machine is in them but that it ran an
 * OpenSSH server on 127.0.0.1.
 */
buildSession();

/** A shell that says nothing of where it runs. */
const command = "exec env -i PATH=/usr/bin:/bin PS1='> ' TERM=xterm-256color sh -i";
/** Closes a segment with few bytes: each takes six characters as JSON. */
const fill = 'head -c 44500 /dev/zero | tr \'\\0\' \'\\1\'; echo "all"-"done"\r';
const odd =
  'printf \'gr\\303\\274\\303\\237e \\377\\303\\050 \\364\\217\\270\\201 \\033[1;31mred\\033[0m\\n\'; echo "first"-"line"\r';

async function keep(name: GoldenName, world: World, folder: string, journal: boolean): Promise<void> {
  const { startMessage, identities, serverKey } = world;
  if (startMessage.type === 'start') writeFileSync(path.join(folder, 'grant.json'), JSON.stringify(startMessage.grant));
  await keepGolden(name, folder, { identities: { ...identities, text: identities.output }, serverKey, journal });
}

it('whole, with anchors and wire', async () => {
  const whole = await startWholeWorld();
  const session = await whole.session({ command, reason: 'disk full' });
  await session.sees(/> /);
  session.type(odd);
  await session.sees(/first-line/);
  session.type(fill);
  await session.sees(/all-done/);
  await session.says('sealed', ({ stream, seq }) => stream === 'anchor' && seq > 0);
  await session.store();
  session.resize(100, 30);
  session.type('stty size; exit 3\r');
  expect(await session.ended()).toMatchObject({ reason: { kind: 'exit', status: 3 }, complete: true });
  await session.store();
  expect(await completeFolder(whole.device, session)).toEqual({ wire: true });
  const identities = await unlockAll(whole.reviewer, session.sessionId);
  await keepGolden('whole', session.folder, { identities, serverKey: whole.device.serverKey, journal: false });
  await whole.stop();
});

it('crashed, with a journal of two epochs', async () => {
  const sshd = await startSshd();
  const world = await startSession({ sshd, grant: { command, evidence: { anchors: true, wire: false } } });
  await world.sees(/> /);
  world.type(odd);
  await world.sees(/first-line/);
  // The keys change at the first cut after a minute.
  await new Promise((resolve) => setTimeout(resolve, 61_000));
  world.type(fill);
  await world.sees(/all-done/);
  await world.owner('sealed', ({ stream }) => stream === 'input');
  await world.owner('evidence', ({ anchors }) => anchors > 1);
  world.type('echo "never"-"sealed"\r');
  await world.sees(/never-sealed/);
  world.child.kill('SIGKILL');
  await world.exited;
  await keep('crashed', world, world.folder, true);
  await world.stop();
  await sshd.stop();
}, 120_000);

it('in best effort, stopped by a full disk', async () => {
  const scratch = await mkdtemp(path.join(tmpdir(), 'golden-'));
  const disk = smallDisk({ folder: path.join(scratch, 'disk'), bytes: 8_000_000 });
  const target = await startByteTarget();
  const played = target.play(async (stage) => {
    await stage.write(Buffer.from('recorded\r\n'));
    await stage.typed(1);
    await stage.write(Buffer.from('not recorded\r\n'.repeat(2000)));
  });
  const world = await startSession({
    sshd: target.sshd,
    grant: { recordMode: 'best-effort' },
    start: (message) => ({ ...message, folder: disk.folder }),
  });
  await world.sees(/recorded/);
  disk.fill();
  world.type('x');
  await world.owner('recording-stopped');
  await world.ended();
  await played;
  disk.clear();
  await keep('best-effort', world, disk.folder, false);
  await world.stop();
  target.stop();
  disk.unmount();
  await rm(scratch, { recursive: true, force: true });
});

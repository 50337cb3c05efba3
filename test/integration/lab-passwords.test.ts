import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sallyport } from '../../src/lab/control/command-line.ts';
import { type Lab, passwordTargets, startLab } from '../../src/lab/lab.ts';
import { enrolDevice } from '../../src/lab/owner/enrol.ts';
import { type Enrolled, openOwnedSession } from '../../src/lab/owner/session-owner.ts';
import { people } from '../../src/lab/seed/people.ts';
import { centralRecordings } from '../harness/recordings.ts';

const state = mkdtempSync(path.join(tmpdir(), 'sallyport-lab-'));
let lab: Lab;
let enrolled: Enrolled;
beforeAll(async () => {
  lab = await startLab({ state, firstRecordings: false });
  enrolled = await enrolDevice(lab.control, people.operator.id, 'a laptop');
});
afterAll(async () => {
  await lab?.stop();
  rmSync(state, { recursive: true, force: true });
});

test.each([
  ['switch', 'a vaulted password, handed over by the server'],
  ['legacy', 'a password that is sealed to the session process'],
] as const)('%s takes %s', async (kind, _how) => {
  const { name, login, credential } = passwordTargets[kind];
  const spool = path.join(state, `spool-${kind}`);
  const session = await openOwnedSession({
    enrolled,
    targetName: name,
    login,
    reason: null,
    spool,
    cols: 90,
    rows: 20,
  });
  await session.waitFor(/[$#] $/);
  session.type('stty size; echo "typed"-"here"\r');
  await session.waitFor(/20 90[\s\S]*typed-here/);
  session.resize(101, 33);
  session.type('sleep 0.2; stty size\r');
  await session.waitFor(/33 101/);
  session.type('exit 3\r');
  expect(await session.done).toMatchObject({ kind: 'exit', status: 3 });
  const recording = (await centralRecordings(lab)).find((each) => each.sessionId === session.sessionId);
  expect(recording).toMatchObject({ state: 'complete', credential, endReason: 'exit 3' });
  expect(readFileSync(lab[kind].log, 'utf8')).toMatch(/Accepted (password|keyboard-interactive) for/);
});

test('what the lab made as passwords is in the vault and nowhere else, and the command line lists it without showing it', async () => {
  const { json } = await sallyport(lab.control.socket, people.engineer.id, ['secrets', 'list']);
  expect(json).toEqual({
    secrets: Object.values(passwordTargets)
      .map(({ name, login }) => ({ target: name, login, setAt: expect.any(String), setBy: 'sanna', used: true }))
      .sort((one, other) => (one.target < other.target ? -1 : 1)),
  });
  for (const { name } of Object.values(passwordTargets))
    expect(readdirSync(path.join(lab.paths.targets, name))).toContain('password.scrypt');
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AccessRequestView } from '../../src/shared/model/access-request.ts';
import { makeDocument, makeTarget, startWorld, type World } from './control-world/world.ts';

let world: World;
let folder: string;

beforeAll(async () => {
  world = await startWorld();
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-cli-'));
  const document = await makeDocument({
    people: [
      { id: 'jonas', name: 'Jonas Lindqvist', roles: ['operator'] },
      { id: 'anke', name: 'Anke de Vries', roles: ['approver'] },
      { id: 'sanna', name: 'Sanna Virtanen', roles: ['engineer'] },
    ],
    targets: [makeTarget('web-01', { labels: { team: 'web' } }), makeTarget('db-01', { labels: { team: 'data' } })],
    policies: [],
  });
  writeFileSync(path.join(folder, 'world.json'), JSON.stringify(document));
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

const as = (person: string, ...args: string[]) => world.cli('--as', person, ...args);

test('apply takes the access rules of a folder beside those of the document', async () => {
  const file = path.join(folder, 'world.json');
  const applied = await as('sanna', 'apply', file, '--policies', 'assets/policies');
  expect(applied).toMatchObject({ code: 0, err: '' });
  expect((await as('jonas', 'targets', 'list')).out).toMatch(/web-01.+ready/);
  writeFileSync(path.join(folder, 'unnamed.cedar'), 'permit (principal, action, resource);\n');
  expect(await as('sanna', 'apply', file, '--policies', folder)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/unnamed\.cedar: line 1.+SP-5008/s),
  });
  expect(await as('sanna', 'apply', file, '--policies', '/nowhere')).toMatchObject({ code: 2 });
});

test('access is asked for, decided by someone else, and revoked, each by name', async () => {
  expect((await as('jonas', 'targets', 'list')).out).toMatch(/db-01.+approval/);
  const asked = await as('jonas', '--json', 'request', 'db-01', '--for', '2h', '--reason', 'slow queries');
  const { id, seconds, login } = asked.json as AccessRequestView;
  expect([seconds, login]).toEqual([7200, 'deploy']);
  const short = id.slice(0, 8);

  expect((await as('jonas', 'requests', 'list')).out).toMatch(/Jonas Lindqvist +db-01 +deploy +2 h +open/);
  expect((await as('anke', 'requests', 'list', '--state', 'open')).out).toMatch(/open.+yes +slow queries/);
  expect(await as('jonas', 'requests', 'approve', short, '--reason', 'me')).toMatchObject({
    code: 1,
    err: expect.stringContaining('SP-5003'),
  });
  const more = await as('anke', 'requests', 'approve', short, '--for', '3h', '--reason', 'ok');
  expect(more).toMatchObject({ code: 1, err: expect.stringContaining('never for more') });
  const approved = await as('anke', 'requests', 'approve', short, '--for', '30m', '--reason', 'in the window');
  expect(approved).toMatchObject({ code: 0, out: expect.stringMatching(/Approved\..+30 m of 2 h/s) });
  expect(approved.out).toContain('Anke de Vries');
  expect((await as('jonas', 'targets', 'list')).out).not.toMatch(/db-01.+approval/);

  const revoked = await as('anke', 'requests', 'revoke', short, '--reason', 'the change is done');
  expect(revoked).toMatchObject({ code: 0, out: expect.stringContaining('the change is done') });
  expect((await as('jonas', 'targets', 'list')).out).toMatch(/db-01.+approval/);
  const denied = (await as('jonas', '--json', 'request', 'db-01', '--for', '1h', '--reason', 'again'))
    .json as AccessRequestView;
  expect((await as('anke', 'requests', 'deny', denied.id, '--reason', 'not now')).out).toContain('Denied.');
  expect(await as('anke', 'requests', 'list', '--state', 'bogus')).toMatchObject({ code: 2 });
  expect(await as('jonas', 'request', 'hr-01', '--for', '1h', '--reason', 'x')).toMatchObject({
    code: 1,
    err: expect.stringContaining('SP-2001'),
  });
  expect(await as('jonas', 'request', 'db-01', '--for', 'long', '--reason', 'x')).toMatchObject({ code: 2 });
});

test('devices are listed and revoked', async () => {
  const key = await world.enrol('jonas');
  expect((await as('jonas', 'devices', 'list')).out).toContain("jonas's laptop");
  const { devices } = (await as('sanna', '--json', 'devices', 'list')).json as { devices: { id: string }[] };
  const id = devices[0]?.id ?? '';
  expect(await as('anke', 'devices', 'revoke', id)).toMatchObject({ code: 1, err: expect.stringContaining('SP-5002') });
  expect((await as('sanna', 'devices', 'revoke', id.slice(0, 8))).out).toContain(`Device ${id} has lost its access`);
  expect((await world.ask('/v1/me', { key })).json.code).toBe('SP-1005');
  expect((await as('jonas', 'devices', 'list')).out).toBe('No devices.\n');
});

test('the audit is read by person', async () => {
  const { events } = (await as('sanna', '--json', 'audit', '--actor', 'anke')).json as {
    events: { actor: string; event: string }[];
  };
  expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set(['anke']));
  expect(events.map(({ event }) => event)).toEqual(
    expect.arrayContaining(['access.approved', 'access.denied', 'access.revoked']),
  );
});

test.each([
  ['sessions', 'bogus', '--help'],
  ['--as', 'jonas', 'requests', 'bogus', '--help'],
  ['bogus', '--help'],
])('%s %s %s is typed wrong', async (...args) => {
  expect(await world.cli(...args)).toMatchObject({ code: 2, err: expect.stringContaining('bogus') });
});

test.each([['request'], ['requests'], ['requests', 'list'], ['requests', 'approve'], ['devices', 'revoke']])(
  '%s %s explains itself',
  async (...args) => {
    expect(await world.cli(...args, '--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: sallyport'),
    });
  },
);

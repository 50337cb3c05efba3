import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApplyDocumentInput } from '../../src/shared/protocol/control-api.ts';
import { makeDeviceKey } from './control-world/device.ts';
import { makeDocument, makeTarget, startWorld, type World } from './control-world/world.ts';

const nothing = { added: 0, changed: 0, removed: 0 };
let world: World;
let document: ApplyDocumentInput;
beforeAll(async () => {
  world = await startWorld();
  document = await makeDocument();
});
afterAll(() => world.close());

/** Everything that an apply may change, and its version. */
async function inForce(): Promise<string> {
  const reader = world.server.context.reader;
  const tables = ['organisation', 'people', 'targets', 'policies', 'devices', 'invites'] as const;
  return JSON.stringify(await Promise.all(tables.map((table) => reader.selectFrom(table).selectAll().execute())));
}

describe('apply', () => {
  test('the first needs nobody; after it only engineers of the document may', async () => {
    const first = await world.apply(document, 'whoever-installs');
    expect(first).toMatchObject({
      status: 200,
      json: { organisation: { changed: true }, people: { added: 3 }, targets: { added: 2 }, policies: { added: 4 } },
    });
    expect(world.auditLines().at(-1)).toMatchObject({
      event: 'config.applied',
      actor: 'whoever-installs',
      detail: { version: 1 },
    });
    expect(await world.apply(document, 'whoever-installs')).toMatchObject({ status: 401, json: { code: 'SP-5011' } });
    expect(await world.apply(document, 'jonas')).toMatchObject({ status: 403, json: { code: 'SP-5003' } });
  });

  test('where the passwords of a target go is audited, when it is new and when it is another machine', async () => {
    const bound = () => world.auditLines().filter(({ event }) => event === 'secret.bound');
    const byPassword = { logins: [{ name: 'admin', credential: 'password' as const }] };
    const withSwitch = (host: string) => ({
      ...document,
      targets: [...document.targets, makeTarget('switch-01', { ...byPassword, host })],
    });
    for (const host of ['10.0.0.1', '10.0.0.1', '10.66.66.66'])
      expect(await world.apply(withSwitch(host))).toMatchObject({ status: 200 });
    expect(bound()).toMatchObject(
      ['10.0.0.1', '10.66.66.66'].map((host) => ({
        actor: 'sanna',
        subject: 'switch-01',
        detail: { host, port: expect.any(Number), hostKeys: [expect.stringMatching(/^SHA256:/)] },
      })),
    );
    await world.apply(document);
  });

  test('the same again changes nothing and says so', async () => {
    const before = await inForce();
    // The order of labels is no difference.
    const again = {
      ...document,
      targets: [makeTarget('web-01', { labels: { tier: 'web', env: 'lab' } }), ...document.targets.slice(1)],
    };
    const answer = await world.apply(again);
    expect(answer).toMatchObject({
      status: 200,
      json: { organisation: { changed: false }, people: nothing, targets: nothing, policies: nothing },
    });
    expect(await inForce()).toBe(before);
  });

  test('what is not in the document is removed, what comes back is the same thing', async () => {
    const targetOf = (name: string) =>
      world.server.context.reader
        .selectFrom('targets')
        .select(['id', 'removed_at'])
        .where('name', '=', name)
        .executeTakeFirstOrThrow();
    const { id } = await targetOf('db-01');
    const smaller = { ...document, targets: document.targets.slice(0, 1) };
    expect((await world.apply(smaller)).json).toMatchObject({ targets: { ...nothing, removed: 1 }, people: nothing });
    expect((await targetOf('db-01')).removed_at).not.toBeNull();
    expect((await world.apply(document)).json).toMatchObject({ targets: { ...nothing, added: 1 } });
    expect(await targetOf('db-01')).toEqual({ id, removed_at: null });
    const moved = { ...document, targets: [makeTarget('web-01', { port: 2222 }), ...document.targets.slice(1)] };
    expect((await world.apply(moved)).json).toMatchObject({ targets: { ...nothing, changed: 1 } });
    expect((await world.apply(document)).json).toMatchObject({ targets: { ...nothing, changed: 1 } });
  });

  test('a removed person is out at once: devices, invites, open sockets', async () => {
    const key = await world.enrol('jonas');
    const invited = await world.cli('--as', 'sanna', '--json', 'invite', 'jonas');
    const revoked: unknown[] = [];
    world.server.context.events.on('devices-revoked', (event) => revoked.push(event));
    const without = { ...document, people: document.people.filter((person) => person.id !== 'jonas') };
    expect((await world.apply(without)).json).toMatchObject({ people: { ...nothing, removed: 1 } });
    expect(await world.ask('/v1/me', { key })).toMatchObject({ status: 401, json: { code: 'SP-1005' } });
    expect(revoked).toEqual([{ userId: 'jonas', deviceIds: [expect.any(String)], because: expect.any(String) }]);
    expect(world.auditLines().slice(-3)).toMatchObject([
      { event: 'person.removed', subject: 'jonas', actor: 'sanna' },
      { event: 'device.revoked', subject: expect.any(String), actor: 'sanna' },
      { event: 'proof.refused' },
    ]);
    // Back again, the old device and the old invite stay dead.
    expect((await world.apply(document)).json).toMatchObject({ people: { ...nothing, added: 1 } });
    expect(await world.ask('/v1/me', { key })).toMatchObject({ status: 401, json: { code: 'SP-1005' } });
    const { code } = invited.json as { code: string };
    const other = await makeDeviceKey();
    const answer = await world.ask('/v1/enrolments', {
      key: other,
      body: { code, deviceName: 'x', publicKey: other.jwk },
    });
    expect(answer).toMatchObject({ status: 403, json: { code: 'SP-1002' } });
  });

  test('changed roles hold for the next request', async () => {
    const key = await world.enrol('mira');
    const promoted = {
      ...document,
      people: document.people.map((person) =>
        person.id === 'mira' ? { ...person, roles: ['engineer' as const] } : person,
      ),
    };
    expect((await world.ask('/v1/audit', { key })).status).toBe(403);
    await world.apply(promoted);
    expect((await world.ask('/v1/audit', { key })).status).toBe(200);
    await world.apply(document);
    expect((await world.ask('/v1/audit', { key })).status).toBe(403);
  });
});

describe('a document that cannot be applied changes nothing', () => {
  const wrong: [string, string, (document: ApplyDocumentInput) => ApplyDocumentInput, string][] = [
    [
      'a policy outside the schema',
      'SP-5008',
      (d) => ({ ...d, policies: [{ id: 'typo', cedar: 'permit(principal, action == Action::"Conect", resource);' }] }),
      'Action::\\"Connect\\"',
    ],
    [
      'a policy that does not parse',
      'SP-5008',
      (d) => ({ ...d, policies: [{ id: 'cut', cedar: 'permit(principal' }] }),
      'cut',
    ],
    ['one person twice', 'SP-5007', (d) => ({ ...d, people: [...d.people, ...d.people.slice(0, 1)] }), 'jonas'],
    ['one target twice', 'SP-5007', (d) => ({ ...d, targets: [...d.targets, makeTarget('web-01')] }), 'web-01'],
    [
      'two default logins',
      'SP-5007',
      (d) => ({
        ...d,
        targets: [
          makeTarget('a', {
            logins: [
              { name: 'x', default: true },
              { name: 'y', default: true },
            ],
          }),
        ],
      }),
      'targets.a.logins',
    ],
    [
      'a host key that is none',
      'SP-5007',
      (d) => ({ ...d, targets: [makeTarget('a', { hostKeys: ['ssh-ed25519 AAAA'] })] }),
      'targets.a.hostKeys',
    ],
    [
      'a host that is none',
      'SP-5007',
      (d) => ({ ...d, targets: [makeTarget('a', { host: 'a b; rm' })] }),
      'targets.a.host',
    ],
    [
      'a recipient that is none',
      'SP-5007',
      (d) => ({ ...d, organisation: { ...d.organisation, breakGlassRecipient: 'age1nothing' } }),
      'breakGlassRecipient',
    ],
    [
      'nobody left who could apply again',
      'SP-5007',
      (d) => ({
        ...d,
        people: d.people.map((person) => ({ ...person, roles: ['operator' as const] })),
        policies: d.policies.filter(({ cedar }) => !cedar.includes('Administer')),
      }),
      'nobody has the role engineer',
    ],
    ['an unknown member', 'SP-5007', (d) => ({ ...d, colour: 'red' }) as ApplyDocumentInput, 'colour'],
    ['a wrong type', 'SP-5007', (d) => ({ ...d, targets: [{ ...makeTarget('a'), port: 70_000 }] }), 'port'],
  ];
  test.each(wrong)('%s', async (_name, code, change, place) => {
    const before = await inForce();
    const answer = await world.apply(change(document));
    expect(answer).toMatchObject({ status: 422, json: { code } });
    expect(answer.text).toContain(place);
    expect(await inForce()).toBe(before);
  });

  test('a database that fails half way', async () => {
    const before = await inForce();
    const { context } = world.server;
    // A row that another row needs: the removal of policies comes after people and targets were written.
    const original = context.audit.recordWithin;
    context.audit.recordWithin = () => Promise.reject(new Error('planted'));
    const answer = await world.apply({ ...document, people: document.people.slice(1), targets: [], policies: [] });
    context.audit.recordWithin = original;
    expect(answer).toMatchObject({ status: 500, json: { code: 'SP-9001' } });
    expect(answer.text).not.toContain('planted');
    expect(await inForce()).toBe(before);
    expect((await world.cli('--as', 'jonas', '--json', 'targets', 'list')).json).toMatchObject({
      targets: [{ name: 'web-01' }],
    });
  });
});

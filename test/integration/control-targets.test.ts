import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TargetView } from '../../src/shared/model/target.ts';
import type { DeviceKey } from './control-world/device.ts';
import { makeDocument, makeTarget, startWorld, type World } from './control-world/world.ts';

let world: World;
const keys: Record<string, DeviceKey> = {};
beforeAll(async () => {
  world = await startWorld();
  await world.apply(await makeDocument());
  for (const person of ['jonas', 'mira', 'sanna']) keys[person] = await world.enrol(person);
});
afterAll(() => world.close());

async function targetsOf(person: string): Promise<TargetView[]> {
  const answer = await world.ask('/v1/targets', { key: keys[person]! });
  expect(answer.status).toBe(200);
  return answer.json.targets as TargetView[];
}

describe('targets', () => {
  test('each person sees what policies let them, with the logins that a connect may use', async () => {
    const [only, ...others] = await targetsOf('jonas');
    expect(others).toEqual([]);
    expect(only).toEqual({
      id: expect.any(String),
      name: 'web-01',
      description: 'The web-01 machine',
      address: 'web-01.example.com:22',
      labels: { env: 'lab', tier: 'web' },
      production: false,
      owner: null,
      route: 'relay',
      logins: [{ name: 'deploy', isDefault: true, credential: 'certificate' }],
      needs: [],
      hostKeyFingerprints: [expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/)],
      grantedBy: ['operators reach the lab'],
      lastUsedAt: null,
      lock: null,
      unreachable: null,
    });
    const seen = await targetsOf('mira');
    expect(seen.map((target) => [target.name, target.logins, target.grantedBy])).toEqual([
      ['db-01', [], []],
      ['web-01', [], []],
    ]);
    expect(seen[0]).toMatchObject({ production: true, needs: ['reason'] });
    expect(await targetsOf('sanna')).toEqual([]);
  });

  test('an apply is seen by the next request', async () => {
    const document = await makeDocument();
    await world.apply({ ...document, targets: [...document.targets, makeTarget('web-02')] });
    expect((await targetsOf('jonas')).map((target) => target.name)).toEqual(['web-01', 'web-02']);
    await world.apply({ ...document, policies: document.policies.slice(1) });
    expect(await targetsOf('jonas')).toEqual([]);
    await world.apply(document);
    expect((await targetsOf('jonas')).map((target) => target.name)).toEqual(['web-01']);
  });
});

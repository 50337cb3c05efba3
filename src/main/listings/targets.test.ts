import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SallyportError } from '../../shared/errors/result.ts';
import type { TargetView } from '../../shared/model/target.ts';
import type { ControlCaller } from '../control-client/client.ts';
import { Targets } from './targets.ts';

const target = (name: string): TargetView => ({
  id: name,
  name,
  description: '',
  address: '10.0.0.1:22',
  labels: {},
  production: false,
  owner: null,
  route: 'relay',
  logins: [],
  needs: [],
  hostKeyFingerprints: [],
  grantedBy: [],
  lastUsedAt: null,
  lock: null,
  unreachable: null,
});
const server = (...names: string[]) =>
  ({ call: async () => ({ targets: names.map(target) }) }) as unknown as ControlCaller;
const away = {
  call: async () => {
    throw new SallyportError('SP-1003', 'no answer');
  },
} as unknown as ControlCaller;
const newPath = () => join(mkdtempSync(join(tmpdir(), 'sallyport-targets-')), 'targets.json');
const names = (list: { targets: TargetView[] }) => list.targets.map(({ name }) => name);

test('a start shows the last list at once, and what the server says as soon as it has said that something changed', async () => {
  const path = newPath();
  const before = new Targets({ path });
  await before.load(server('a', 'b'), 'device-1', false);
  await before.settled();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const { promise: told, resolve: behind } = Promise.withResolvers<void>();
  const after = new Targets({ path, onBehind: behind });
  // The link was there before the window asked: the kept list comes first all the same, and the window is told to ask again.
  after.changed();
  expect(names(await after.load(server('c'), 'device-1', false))).toEqual(['a', 'b']);
  await told;
  expect(names(await after.load(server('c'), 'device-1', false))).toEqual(['c']);
});

test('the list of another device, and one that is damaged, is not shown', async () => {
  const path = newPath();
  const before = new Targets({ path });
  await before.load(server('a'), 'device-1', false);
  await before.settled();
  await expect(new Targets({ path }).load(away, 'device-2', false)).rejects.toMatchObject({ code: 'SP-1003' });
  writeFileSync(path, '{"device":"device-1","loadedAtMs":1,"targets":[{"id":7}]}');
  await expect(new Targets({ path }).load(away, 'device-1', false)).rejects.toMatchObject({ code: 'SP-1003' });
});

test('a forgotten device keeps no list, not even one that was being written', async () => {
  const path = newPath();
  const targets = new Targets({ path });
  await targets.load(server('a'), 'device-1', false);
  await targets.forget();
  expect(() => statSync(path)).toThrow(/ENOENT/);
  await expect(targets.load(away, 'device-1', false)).rejects.toMatchObject({ code: 'SP-1003' });
});

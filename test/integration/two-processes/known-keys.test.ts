import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { useUpAddress } from '../flood-world/use-up.ts';
import { startBeside, startWorld, type World } from '../live-world/world.ts';

let a: World;
let b: World;

beforeAll(async () => {
  a = await startWorld();
  b = await startBeside(a, {}, { requestsPerMinute: 1 });
  await a.apply([]);
});
afterAll(async () => {
  await b?.close();
  await a?.close();
});

test('security 36: a device that another process enrolled is heard when its address is flooded, until another process revokes it', async () => {
  const jonas = await a.enrol('jonas');
  const { client } = b.moved(jonas);
  await useUpAddress(b);
  // A notice takes some milliseconds.
  await vi.waitFor(() => client.call('me'), { timeout: 5000 });
  await a.as('sanna', 'revokeDevice', { params: { deviceId: jonas.deviceId } });
  await vi.waitFor(() => expect(client.call('me')).rejects.toMatchObject({ code: 'SP-5004' }), { timeout: 5000 });
  await Promise.all([client.close(), jonas.client.close()]);
});

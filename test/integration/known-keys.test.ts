import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { makeLocalBus } from '../../src/control/bus/bus.ts';
import { openKnownKeys } from '../../src/control/identity/known-keys.ts';
import { useUpAddress } from './flood-world/use-up.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

let world: World;
/** One request in twenty seconds grows back. */
const limits = { requestsPerMinute: 3 };

beforeAll(async () => {
  world = await startWorld({ limits });
  await world.apply([]);
});
afterAll(() => world?.close());
afterEach(() => void vi.useRealTimers());

function revoke(device: Device) {
  return world.as('sanna', 'revokeDevice', { params: { deviceId: device.deviceId } });
}

test('security 36: a device that was enrolled since the start is heard when its address is flooded, and a revoked one is a stranger', async () => {
  const jonas = await world.enrol('jonas');
  await useUpAddress(world);
  expect((await jonas.client.call('me')).user.id).toBe('jonas');
  await revoke(jonas);
  await useUpAddress(world);
  await expect(jonas.client.call('me')).rejects.toMatchObject({ code: 'SP-5004' });
  await jonas.client.close();
});

test.each(['the connection is back', 'a minute has passed'])(
  'what a process did not hear of is read when %s',
  async (when) => {
    const { log, reader, writer } = world.server.context;
    const missed: (() => void)[] = [];
    const deaf = { ...makeLocalBus(), onMissed: (listener: () => void) => void missed.push(listener) };
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const keys = await openKnownKeys({ bus: deaf, log, reader, shared: { db: writer } });
    const readAgain = () => {
      if (when === 'a minute has passed') vi.advanceTimersByTime(60_000);
      else for (const listener of missed) listener();
      vi.useRealTimers();
    };
    const id = randomUUID();
    const device = { id, user_id: 'eeva', name: 'laptop', thumbprint: id, public_key: id, enrolled_at: new Date() };
    await writer.insertInto('devices').values(device).execute();
    expect(keys.has(id)).toBe(false);
    readAgain();
    await vi.waitFor(() => expect(keys.has(id)).toBe(true), 5000);
    await writer.updateTable('devices').set({ revoked_at: new Date() }).where('id', '=', id).execute();
    for (const listener of missed) listener();
    await vi.waitFor(() => expect(keys.has(id)).toBe(false), 5000);
    // Of a request that was under way meanwhile.
    keys.learn(device);
    expect(keys.has(id)).toBe(false);
    keys.close();
  },
);

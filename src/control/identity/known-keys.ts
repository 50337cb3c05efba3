import type { CoreContext } from '../context.ts';

/** Milliseconds: a device whose enrolment at another process was not heard of is known within these. */
const everyMs = 60_000;

/** The keys of devices that are enrolled and not revoked, in memory: for deciding whom a request may be from before the database is asked. */
export interface KnownKeys {
  has(thumbprint: string): boolean;
  /** Of a device that proved itself. One that was revoked meanwhile stays forgotten. */
  learn(device: { id: string; thumbprint: string }): void;
  close(): void;
}

/**
 * Reads them all once, then hears of enrolments and revocations on the bus, at whichever process they happen. What may have been missed is read again.
 * Throws what the database does when the first reading fails.
 */
export async function openKnownKeys(core: Pick<CoreContext, 'bus' | 'log' | 'reader' | 'shared'>): Promise<KnownKeys> {
  const keys = new Set<string>();
  const keyOf = new Map<string, string>();
  /** Device ids, for good: a request that was under way when its device was revoked must not bring it back. */
  const revoked = new Set<string>();
  let closed = false;

  function learn(device: { id: string; thumbprint: string }): void {
    if (revoked.has(device.id)) return;
    keys.add(device.thumbprint);
    keyOf.set(device.id, device.thumbprint);
  }

  function forget(deviceId: string): void {
    revoked.add(deviceId);
    const thumbprint = keyOf.get(deviceId);
    keyOf.delete(deviceId);
    if (thumbprint !== undefined) keys.delete(thumbprint);
  }

  async function readAll(): Promise<void> {
    const devices = await (core.shared?.db ?? core.reader)
      .selectFrom('devices')
      .select(['id', 'thumbprint', 'revoked_at'])
      .execute();
    for (const device of devices) {
      if (device.revoked_at === null) learn(device);
      else forget(device.id);
    }
  }

  function readAgain(): void {
    if (closed) return;
    readAll().catch((err: unknown) => core.log.warn({ err }, 'the keys of devices could not be read again'));
  }

  // Before the reading, so that nothing falls between.
  const ends = [
    core.bus.subscribe('device-enrolled', learn),
    core.bus.subscribe('devices-revoked', ({ deviceIds }) => deviceIds.forEach(forget)),
  ];
  core.bus.onMissed(readAgain);
  // Whoever told of an enrolment while its own connection was down was heard by nobody, and nobody else knows.
  const timer = core.shared === null ? undefined : setInterval(readAgain, everyMs);
  timer?.unref();

  function close(): void {
    closed = true;
    clearInterval(timer);
    for (const end of ends) end();
  }

  try {
    await readAll();
  } catch (error) {
    close();
    throw error;
  }
  return { has: (thumbprint) => keys.has(thumbprint), learn, close };
}

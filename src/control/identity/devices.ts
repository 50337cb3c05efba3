import { SallyportError } from '../../shared/errors/result.ts';
import type { DeviceView } from '../../shared/protocol/access-api.ts';
import type { Actor, CoreContext } from '../context.ts';
import { mayAdminister } from './authenticate.ts';

function inForce(core: CoreContext) {
  return core.reader
    .selectFrom('devices')
    .innerJoin('people', 'people.id', 'devices.user_id')
    .select(['devices.id', 'devices.name', 'devices.user_id', 'people.name as user_name', 'devices.enrolled_at'])
    .where('devices.revoked_at', 'is', null);
}

/** Devices that have access: a person's own; everyone's for whoever administers. Newest first. */
export async function listDevices(core: CoreContext, actor: Actor): Promise<DeviceView[]> {
  const all = await mayAdminister(core, actor);
  const rows = await inForce(core)
    .$if(!all, (query) => query.where('devices.user_id', '=', actor.userId))
    .orderBy('devices.enrolled_at', 'desc')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    user: { id: row.user_id, name: row.user_name },
    enrolledAt: row.enrolled_at.toISOString(),
    isThis: row.id === actor.device?.id,
  }));
}

/**
 * Takes a device's access for good: its requests are refused from now on, its open sockets are closed and its sessions ended. Throws SP-5002 when it is
 * no device in force of this person's, nor theirs to administer.
 */
export async function revokeDevice(core: CoreContext, actor: Actor, deviceId: string): Promise<void> {
  const found = await inForce(core).where('devices.id', '=', deviceId).executeTakeFirst();
  if (found === undefined || (found.user_id !== actor.userId && !(await mayAdminister(core, actor)))) throw notFound();
  const own = found.user_id === actor.userId;
  const because = own ? 'it was signed out' : `${actor.name} revoked it`;
  const line = await core.writer.transaction().execute(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('devices')
      .set({ revoked_at: core.clock.now() })
      .where('id', '=', deviceId)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw notFound();
    return core.audit.recordWithin(transaction, {
      event: 'device.revoked',
      actor: actor.userId,
      subject: deviceId,
      detail: { user: found.user_id, because },
    });
  });
  // Done whether or not the line of the log can be written.
  core.events.emit('devices-revoked', { deviceIds: [deviceId], userId: found.user_id, because });
  await line();
}

function notFound(): SallyportError {
  return new SallyportError('SP-5002', 'There is no such device in force. List the devices and use an id from there.');
}

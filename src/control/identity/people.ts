import type { Actor } from '../actor.ts';
import type { Reader } from '../store/database.ts';

/** The person of an id, or null when unknown or removed. */
export async function findPerson(reader: Reader, id: string): Promise<Omit<Actor, 'device' | 'via'> | null> {
  const row = await reader
    .selectFrom('people')
    .select(['id', 'name', 'roles', 'groups'])
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  return row === undefined ? null : { userId: row.id, name: row.name, roles: row.roles, groups: row.groups };
}

/** True until the first `apply`. */
export async function isEmpty(reader: Reader): Promise<boolean> {
  const row = await reader.selectFrom('people').select('id').limit(1).executeTakeFirst();
  return row === undefined;
}

export interface FoundDevice {
  id: string;
  name: string;
  publicKey: string;
  userId: string;
  revoked: boolean;
}

/** The device of a key's thumbprint, revoked or not. */
export async function findDevice(reader: Reader, thumbprint: string): Promise<FoundDevice | null> {
  const row = await reader
    .selectFrom('devices')
    .select(['id', 'name', 'public_key', 'user_id', 'revoked_at'])
    .where('thumbprint', '=', thumbprint)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    id: row.id,
    name: row.name,
    publicKey: row.public_key,
    userId: row.user_id,
    revoked: row.revoked_at !== null,
  };
}

/** True also for a device that is not known and for one whose person was removed. */
export async function isRevoked(reader: Reader, deviceId: string): Promise<boolean> {
  const row = await reader
    .selectFrom('devices')
    .innerJoin('people', 'people.id', 'devices.user_id')
    .select('devices.id')
    .where('devices.id', '=', deviceId)
    .where('devices.revoked_at', 'is', null)
    .where('people.removed_at', 'is', null)
    .executeTakeFirst();
  return row === undefined;
}

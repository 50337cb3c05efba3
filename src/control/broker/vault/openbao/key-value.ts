import { z } from 'zod';
import { checkSecretName, checkSecretPrefix, type Vault } from '../../../vault.ts';
import type { OpenBao } from './openbao.ts';
import { VaultError } from './problem.ts';

/** Below the KV mount, so that it may hold other things too. */
const root = 'sallyport';
/** Names of one part are the server's own; the policy lets them be made and read only. */
const own = 'server/';
const parallelLists = 8;

const entrySchema = z.object({ data: z.object({ data: z.object({ value: z.base64() }) }) });
const version = z.object({ deletion_time: z.string(), destroyed: z.boolean() });
const metadataSchema = z.object({
  data: z.object({ current_version: z.int(), versions: z.record(z.string(), version) }),
});
const listSchema = z.object({ data: z.object({ keys: z.array(z.string()) }) });

/** Where a name lies below the root, its parts percent-encoded for a URL. */
function placeOf(name: string): string {
  checkSecretName(name);
  if (name.startsWith(own)) throw new RangeError('not a name of a secret');
  return encode(name.includes('/') ? name : `${own}${name}`);
}

function encode(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}

/** A vault on a KV version 2 mount: `MOUNT/data/sallyport/...`, one field `value` (base64) per entry. */
export function makeKeyValueVault({ openbao, mount }: { openbao: OpenBao; mount: string }): Vault {
  const data = (name: string) => `${mount}/data/${root}/${placeOf(name)}`;
  const metadata = (name: string) => `${mount}/metadata/${root}/${placeOf(name)}`;

  async function get(name: string): Promise<Buffer | null> {
    const answer = await openbao.call({ method: 'GET', path: data(name) });
    if (answer.status === 404) return null;
    const parsed = entrySchema.safeParse(answer.body);
    if (!parsed.success) throw new VaultError('unexpected', { path: data(name) });
    return Buffer.from(parsed.data.data.data.value, 'base64');
  }

  /** Of what the metadata says: the newest version is there, and neither destroyed nor deleted (by other means: `remove` leaves no metadata). */
  async function has(name: string): Promise<boolean> {
    const answer = await openbao.call({ method: 'GET', path: metadata(name) });
    if (answer.status === 404) return false;
    const parsed = metadataSchema.safeParse(answer.body);
    if (!parsed.success) throw new VaultError('unexpected', { path: metadata(name) });
    const { current_version: current, versions } = parsed.data.data;
    const newest = versions[String(current)];
    if (newest === undefined || newest.destroyed) return false;
    // A time that is yet to come is when it will be deleted.
    return newest.deletion_time === '' || Date.parse(newest.deletion_time) > Date.now();
  }

  async function write(name: string, bytes: Uint8Array, options?: { cas: number }): Promise<void> {
    const body = {
      ...(options === undefined ? {} : { options }),
      data: { value: Buffer.from(bytes).toString('base64') },
    };
    const answer = await openbao.call({ method: 'POST', path: data(name), body });
    if (answer.status === 404) throw new VaultError('missing', { path: mount, status: 404 });
  }

  /** Names in one folder, as the vault shows them: folders end in `/`. */
  async function namesIn(folder: string): Promise<string[]> {
    const path = `${mount}/metadata/${root}/${encode(folder.replace(/\/$/, ''))}/?list=true`;
    const answer = await openbao.call({ method: 'GET', path });
    if (answer.status === 404) return [];
    const parsed = listSchema.safeParse(answer.body);
    if (!parsed.success) throw new VaultError('unexpected', { path: mount });
    return parsed.data.data.keys.map((key) => `${folder}${key}`);
  }

  return {
    kind: 'openbao',
    get,
    has,
    put: (name, bytes) => write(name, bytes),
    async add(name, bytes) {
      try {
        await write(name, bytes, { cas: 0 });
        return Buffer.from(bytes);
      } catch (error) {
        // There already: "check-and-set did not match", or, where the policy permits making alone, "denied". Anything else finds nothing.
        if (!(error instanceof VaultError) || (error.problem !== 'refused' && error.problem !== 'denied')) throw error;
        const there = await get(name);
        if (there === null) throw error;
        return there;
      }
    },
    async remove(name) {
      if ((await openbao.call({ method: 'GET', path: metadata(name) })).status === 404) return false;
      // The metadata and every version with it; deleting the data alone would keep them.
      await openbao.call({ method: 'DELETE', path: metadata(name) });
      return true;
    },
    async list(prefix) {
      checkSecretPrefix(prefix);
      if (prefix === '') throw new RangeError('only names below a folder are listed');
      const found: string[] = [];
      let folders = [prefix];
      while (folders.length > 0) {
        const now = folders.splice(0, parallelLists);
        const names = (await Promise.all(now.map(namesIn))).flat();
        found.push(...names.filter((name) => !name.endsWith('/')));
        folders = [...names.filter((name) => name.endsWith('/')), ...folders];
      }
      return found.sort();
    },
  };
}

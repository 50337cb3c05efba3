import { join } from 'node:path';
import { SallyportError } from '../../shared/errors/result.ts';
import type { DeviceKey } from './device-key.ts';
import { enrolDevice, readInvite } from './enrolment.ts';
import { type Identity, loadIdentity, removeIdentity, saveIdentity } from './identity-file.ts';
import type { KeyPlace, KeyStore } from './key-store.ts';
import type { ManagedPolicy } from './policy-file.ts';

/** Who this launcher is: the pinned server and the device key, in hand. */
export interface Membership {
  identity: Identity;
  key: DeviceKey;
  place: KeyPlace;
}

/** Keeps and forgets the membership. A key that lives only in memory leaves nothing behind: quitting forgets the device. */
export class IdentityService {
  private readonly path: string;
  private readonly keys: KeyStore;
  private readonly managed: ManagedPolicy | null;
  private readonly deviceName: string;

  constructor(options: { folder: string; keys: KeyStore; managed: ManagedPolicy | null; deviceName: string }) {
    this.path = join(options.folder, 'identity.json');
    this.keys = options.keys;
    this.managed = options.managed;
    this.deviceName = options.deviceName;
  }

  /** The kept membership or null. Throws SP-1008 when there is one whose key cannot be opened any more. */
  async load(): Promise<Membership | null> {
    const identity = await loadIdentity(this.path);
    if (identity === null) return null;
    const stored = await this.keys.load();
    if (stored !== null) return { identity, key: stored.key, place: stored.place };
    throw new SallyportError(
      'SP-1008',
      `This device was enrolled as ${identity.user.name} at ${identity.address}, but its key cannot be opened any more: the keyring is locked or another one, or the key file was changed. Unlock the keyring and start again, or enter a new invite.`,
      { facts: { address: identity.address, device: identity.device.id } },
    );
  }

  /** Enrols with what the person pasted. Throws SP-1001 to SP-1004. */
  async enrol(text: string): Promise<Membership> {
    const invite = readInvite(text, this.managed);
    const { identity, key, keyPolicy } = await enrolDevice({
      invite,
      deviceName: this.deviceName,
      now: () => new Date(),
    });
    const place = await this.keys.keep(key, keyPolicy);
    if (place === 'memory') await removeIdentity(this.path);
    else await saveIdentity(this.path, identity);
    return { identity, key, place };
  }

  async forget(): Promise<void> {
    await this.keys.forget();
    await removeIdentity(this.path);
  }
}

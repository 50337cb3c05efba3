import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, writeWhole } from '../files.ts';
import { type DeviceKey, exportDeviceKey, importDeviceKey } from './device-key.ts';

/** What main needs of the operating system's keyring (Electron's safeStorage). */
export interface Keyring {
  /** False when encryption is unavailable or only obfuscation (`basic_text`): that would be a promise we do not keep. */
  isReal(): boolean;
  encrypt(text: string): Uint8Array;
  decrypt(bytes: Uint8Array): string;
}

export type KeyPlace = 'keyring' | 'file' | 'memory';

export interface StoredKey {
  key: DeviceKey;
  place: KeyPlace;
}

const sealedName = 'device-key.sealed';
const plainName = 'device-key.pem';

/**
 * Where the device key is kept. A real keyring always wins; without one it stays in memory, and only a server whose policy says
 * `deviceKey: file` gets a 0600 file.
 */
export function choosePlace(options: { keyringIsReal: boolean; policy: 'keyring' | 'file' }): KeyPlace {
  if (options.keyringIsReal) return 'keyring';
  return options.policy === 'file' ? 'file' : 'memory';
}

export class KeyStore {
  private readonly folder: string;
  private readonly keyring: Keyring;

  constructor(options: { folder: string; keyring: Keyring }) {
    this.folder = options.folder;
    this.keyring = options.keyring;
  }

  /** Keeps the key as policy allows and says where. Throws what the file system throws; then nothing is kept. */
  async keep(key: DeviceKey, policy: 'keyring' | 'file'): Promise<KeyPlace> {
    await this.forget();
    const place = choosePlace({ keyringIsReal: this.keyring.isReal(), policy });
    if (place === 'keyring')
      await writeWhole(join(this.folder, sealedName), this.keyring.encrypt(exportDeviceKey(key)));
    if (place === 'file') await writeWhole(join(this.folder, plainName), exportDeviceKey(key));
    return place;
  }

  /** The kept key, or null when there is none or it cannot be opened (another keyring, a loose or broken file). */
  async load(): Promise<StoredKey | null> {
    try {
      if (this.keyring.isReal()) {
        const sealed = await readFile(join(this.folder, sealedName)).catch(nothingWhenMissing);
        if (sealed !== null) return { key: importDeviceKey(this.keyring.decrypt(sealed)), place: 'keyring' };
      }
      const path = join(this.folder, plainName);
      const facts = await stat(path).catch(nothingWhenMissing);
      // A key that others could have read is no longer this device's alone.
      if (facts === null || (process.platform !== 'win32' && (facts.mode & 0o077) !== 0)) return null;
      return { key: importDeviceKey(await readFile(path, 'utf8')), place: 'file' };
    } catch {
      return null;
    }
  }

  async forget(): Promise<void> {
    await rm(join(this.folder, sealedName), { force: true });
    await rm(join(this.folder, plainName), { force: true });
  }
}

function nothingWhenMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}

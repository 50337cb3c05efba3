import { existsSync } from 'node:fs';

/**
 * A dropbear built with AES-GCM, which Debian's is not (docs/decisions/0011-handover.md says how to build one); null where none is named. The test that
 * needs it is then not run.
 */
export const dropbearWithGcm: string | null =
  [process.env.SALLYPORT_DROPBEAR_GCM, '/var/cache/sallyport/dropbear-gcm/dropbear'].find(
    (each) => each !== undefined && existsSync(each),
  ) ?? null;

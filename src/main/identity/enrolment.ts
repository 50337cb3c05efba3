import { SallyportError } from '../../shared/errors/result.ts';
import { decodeInvite, type Invite, normaliseCode } from '../../shared/protocol/invite.ts';
import { ControlClient } from '../control-client/client.ts';
import { makeProofMaker } from '../control-client/proof.ts';
import { type DeviceKey, makeDeviceKey } from './device-key.ts';
import type { Identity } from './identity-file.ts';
import type { ManagedPolicy } from './policy-file.ts';
import { fetchTrustRoot } from './trust.ts';

/**
 * What the person pasted, as an invite. On a managed device the eight characters are enough, and a whole invite must name the server that
 * the policy file names. Throws SP-1001 with what to do.
 */
export function readInvite(text: string, managed: ManagedPolicy | null): Invite {
  if (managed === null) return decodeInvite(text);
  const code = normaliseCode(text);
  if (code !== null) return { v: 0, address: managed.address, trustRoot: managed.trustRoot, code };
  const invite = decodeInvite(text);
  if (new URL(invite.address).origin !== managed.address || invite.trustRoot !== managed.trustRoot) {
    throw new SallyportError(
      'SP-1001',
      `This invite is for another server than ${new URL(managed.address).host}, which your organisation has set for this device. Ask for an invite of that server.`,
    );
  }
  return { ...invite, address: managed.address };
}

export interface Enrolled {
  identity: Identity;
  key: DeviceKey;
  /** The server's policy on where the key may be kept. */
  keyPolicy: 'keyring' | 'file';
}

/**
 * Enrols this device: checks the server's authority against the invite, pins it, makes the device key and registers its public half with a
 * proof by it. Throws SP-1001 to SP-1004; then nothing has been kept.
 */
export async function enrolDevice(options: { invite: Invite; deviceName: string; now: () => Date }): Promise<Enrolled> {
  const address = new URL(options.invite.address).origin;
  const trustRoot = await fetchTrustRoot({ address, trustRoot: options.invite.trustRoot });
  const key = makeDeviceKey();
  const client = new ControlClient({ address, trustRoot, proofs: await makeProofMaker(key) });
  try {
    const answer = await client.call('enrol', {
      body: { code: options.invite.code, deviceName: options.deviceName, publicKey: key.jwk },
    });
    return {
      key,
      keyPolicy: answer.deviceKey,
      identity: {
        version: 0,
        address,
        trustRoot,
        serverKey: answer.serverKey,
        organisation: answer.organisation,
        user: answer.user,
        device: answer.device,
        enrolledAt: options.now().toISOString(),
      },
    };
  } finally {
    await client.close();
  }
}

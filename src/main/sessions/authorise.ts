import { openDocument } from '../../recording/signatures/signed.ts';
import { signSsh } from '../../recording/signatures/sshsig.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import {
  type GrantPayload,
  grantPayloadSchema,
  leasePayloadSchema,
  namespaces,
  type Signed,
  sessionKeyStatement,
} from '../../shared/protocol/signed.ts';
import type { ControlCaller } from '../control-client/client.ts';
import type { Membership } from '../identity/identity.ts';

export interface Authorised {
  grant: Signed;
  payload: GrantPayload;
  lease: Signed;
  sessionKeyCertificate: string;
}

export interface AccessRequest {
  targetId: string;
  login: string;
  reason: string | null;
  ticket: string | null;
}

/**
 * Certifies the session process's key with the device key, asks for a grant, and checks that grant and lease are the pinned server's and say what
 * was asked: this key, this device, this target, this login. Throws the server's refusal, or SP-1007 when a signature or its content is not right.
 */
export async function authorise(options: {
  caller: ControlCaller;
  membership: Membership;
  request: AccessRequest;
  sessionKey: string;
}): Promise<Authorised> {
  const { caller, membership, request, sessionKey } = options;
  const { identity, key } = membership;
  const sessionKeyCertificate = signSsh({
    privateKey: key.privateKey,
    namespace: namespaces.sessionKey,
    message: sessionKeyStatement({ deviceId: identity.device.id, sessionKey }),
  });
  const answer = await caller.call('openSession', { body: { ...request, sessionKey, sessionKeyCertificate } });
  const payload = openDocument({
    signed: answer.grant,
    publicKey: identity.serverKey,
    namespace: namespaces.grant,
    schema: grantPayloadSchema,
  });
  const lease = openDocument({
    signed: answer.lease,
    publicKey: identity.serverKey,
    namespace: namespaces.lease,
    schema: leasePayloadSchema,
  });
  const differs = [
    payload.sessionKey === sessionKey || 'session key',
    payload.device.id === identity.device.id || 'device',
    payload.user.id === identity.user.id || 'user',
    payload.target.id === request.targetId || 'target',
    payload.login === request.login || 'login',
    lease.sessionId === payload.sessionId || 'lease',
  ].find((fact) => fact !== true);
  if (differs !== undefined) {
    throw new SallyportError(
      'SP-1007',
      `The server's grant names another ${String(differs)} than was asked for. Nothing was opened. Try again; if it stays, report it.`,
    );
  }
  return { grant: answer.grant, payload, lease: answer.lease, sessionKeyCertificate };
}

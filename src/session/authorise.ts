import { blobOfLine } from '../recording/signatures/keys.ts';
import { openDocument } from '../recording/signatures/signed.ts';
import { verifySsh } from '../recording/signatures/sshsig.ts';
import { SallyportError } from '../shared/errors/result.ts';
import type { EndReason } from '../shared/model/session.ts';
import type { OwnerToSession } from '../shared/protocol/session-control.ts';
import {
  type GrantPayload,
  grantPayloadSchema,
  type LeasePayload,
  leasePayloadSchema,
  namespaces,
  orderPayloadSchema,
  type ReceiptPayload,
  receiptPayloadSchema,
  type Signed,
  sessionKeyStatement,
} from '../shared/protocol/signed.ts';

export type StartMessage = Extract<OwnerToSession, { type: 'start' }>;

/**
 * Checks what this session was started with, as if nobody had looked before: the grant and its first lease are signed by the pinned server key,
 * belong together, and name the key that was made in this very process. Throws SP-1007 or SP-9002.
 */
export function authorise(start: StartMessage, sessionKey: string): { grant: GrantPayload; lease: LeasePayload } {
  const grant = openDocument({
    signed: start.grant,
    publicKey: start.serverKey,
    namespace: namespaces.grant,
    schema: grantPayloadSchema,
  });
  if (!sameKey(grant.sessionKey, sessionKey))
    throw new SallyportError(
      'SP-1007',
      'The grant is for another session process than this one. Nothing was connected. Connect again.',
    );
  const certified = verifySsh({
    publicKey: start.deviceKey,
    namespace: namespaces.sessionKey,
    message: sessionKeyStatement({ deviceId: grant.device.id, sessionKey }),
    signature: start.sessionKeyCertificate,
  });
  if (!certified)
    throw new SallyportError(
      'SP-1007',
      "This device's key does not stand behind the session's key: its recording could not be verified. Nothing was connected. Connect again.",
    );
  if (grant.route === 'relay' && start.relay === null)
    throw new SallyportError(
      'SP-9002',
      'The grant asks for the relay, but no way to it was given. Nothing was connected. Connect again.',
    );
  return { grant, lease: openLease({ signed: start.lease, serverKey: start.serverKey, sessionId: grant.sessionId }) };
}

/** Opens what the control server says while a session runs. What it did not sign for this session is null: not obeyed, and worth a mark. */
export interface Issuer {
  lease(signed: Signed): LeasePayload | null;
  /** The reason to end that an order gives. */
  kill(message: { orderId: string; order: Signed }): EndReason | null;
  receipt(signed: Signed): ReceiptPayload | null;
}

export function makeIssuer(serverKey: string, sessionId: string): Issuer {
  return {
    lease: (signed) => orNull(() => openLease({ signed, serverKey, sessionId })),
    kill({ orderId, order: signed }) {
      const order = orNull(() =>
        openDocument({ signed, publicKey: serverKey, namespace: namespaces.order, schema: orderPayloadSchema }),
      );
      if (order === null || order.sessionId !== sessionId || order.orderId !== orderId) return null;
      const { by, reason, requestedAt: at } = order;
      return { kind: 'killed', orderId, by: by.name, byRole: by.role, reason, at };
    },
    receipt(signed) {
      const receipt = orNull(() =>
        openDocument({ signed, publicKey: serverKey, namespace: namespaces.receipt, schema: receiptPayloadSchema }),
      );
      return receipt?.sessionId === sessionId ? receipt : null;
    },
  };
}

/** Verifies a lease for this session. Throws SP-1007. */
function openLease(options: { signed: Signed; serverKey: string; sessionId: string }): LeasePayload {
  const { signed, serverKey, sessionId } = options;
  const lease = openDocument({ signed, publicKey: serverKey, namespace: namespaces.lease, schema: leasePayloadSchema });
  if (lease.sessionId !== sessionId)
    throw new SallyportError('SP-1007', 'A lease is for another session. It was not taken. Connect again.');
  return lease;
}

function orNull<T>(open: () => T): T | null {
  try {
    return open();
  } catch {
    return null;
  }
}

function sameKey(one: string, other: string): boolean {
  try {
    return blobOfLine(one).equals(blobOfLine(other));
  } catch {
    return false;
  }
}

/// <reference path="./ssh2-modules.d.ts" />
import type { Client } from 'ssh2';
import ssh2Utils from 'ssh2/lib/protocol/utils.js';
import ssh2Package from 'ssh2/package.json' with { type: 'json' };
import { concat, sshString } from '../../recording/signatures/wire.ts';
import { SallyportError } from '../../shared/errors/result.ts';

/**
 * Everything that Sallyport takes from inside ssh2, in one place (docs/decisions/0010-ssh2-internals.md). ssh2 has no login by OpenSSH
 * certificate and hides the key exchange; both are reached here, for exactly one version, and a contract test runs them against OpenSSH.
 */
export const supportedSsh2 = '1.17.0';

/** SSH_MSG_USERAUTH_REQUEST (RFC 4252 section 6). */
const userauthRequest = 50;
/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED (RFC 4254 section 5.1). */
const administrativelyProhibited = 1;

interface KeyExchange {
  sessionID: Buffer | undefined;
  _hostKey: Buffer | undefined;
  _sig: Buffer | undefined;
  computeSecret(data: unknown): unknown;
}

interface Protocol {
  _kex: KeyExchange | undefined;
  _authsQueue: string[];
  _handlers: Record<string, ((protocol: unknown, info: { type?: unknown; sender?: unknown }) => void) | undefined>;
  _packetRW: { write: { allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer } };
  authNone(user: string): void;
  authPK(...args: unknown[]): void;
  channelOpenFail(channel: number, reason: number, description: string): void;
}

/** What the first key exchange proved: `sessionId` is its hash H, `hostSignature` the host key's signature blob over H (RFC 4253 section 8). */
export interface ExchangeProof {
  sessionId: Buffer;
  hostKey: Buffer;
  hostSignature: Buffer;
}

/** Refuses to run with any other ssh2 than the one whose inside was read and tested. Throws SP-9001. */
export function assertSupportedSsh2(version: string = ssh2Package.version): void {
  if (version === supportedSsh2) return;
  throw new SallyportError(
    'SP-9001',
    `This build holds ssh2 ${version}, but logging in was tested with ${supportedSsh2} only. No connection was made. Reinstall Sallyport.`,
  );
}

function internals(client: Client): Protocol {
  const protocol = (client as unknown as { _protocol?: Protocol })._protocol;
  const known =
    protocol !== undefined &&
    typeof protocol.authNone === 'function' &&
    typeof protocol.authPK === 'function' &&
    typeof protocol.channelOpenFail === 'function' &&
    typeof protocol._packetRW?.write?.alloc === 'function' &&
    typeof protocol._handlers?.CHANNEL_OPEN === 'function' &&
    Array.isArray(protocol._authsQueue) &&
    typeof ssh2Utils.sendPacket === 'function';
  if (!known)
    throw new SallyportError(
      'SP-9001',
      'The SSH library is not built as this version of Sallyport expects. No connection was made. Reinstall Sallyport.',
    );
  return protocol;
}

/** The bytes that a public-key login signs, without the session id in front (RFC 4252 section 7; PROTOCOL.certkeys for the names). */
function loginRequest(login: CertificateLogin): Buffer {
  return concat(
    Buffer.from([userauthRequest]),
    sshString(login.user),
    sshString('ssh-connection'),
    sshString('publickey'),
    Buffer.from([1]),
    sshString(login.algorithm),
    sshString(login.certificate),
  );
}

export interface CertificateLogin {
  user: string;
  /** e.g. ssh-ed25519-cert-v01@openssh.com */
  algorithm: string;
  certificate: Uint8Array;
  /** Asks for the signature blob (string algorithm, string signature) over `toSign`. Called once. */
  sign(proof: ExchangeProof, toSign: Buffer): Promise<Uint8Array>;
  /** The signature could not be had. */
  failed(error: unknown): void;
}

/**
 * Makes a client that has just been told to connect log in by certificate, with somebody else's signature. The client must be configured with the
 * one login method `none`: where ssh2 would send that request, this one is sent. No private key, not even a throw-away one, is in this process.
 * Throws SP-9001 when ssh2 is not as expected.
 */
export function loginByCertificate(client: Client, login: CertificateLogin): void {
  const protocol = internals(client);
  const first = keepFirstExchange(protocol);
  let asked = false;

  async function request(): Promise<void> {
    const sessionId = protocol._kex?.sessionID;
    if (sessionId === undefined || first.hostKey === undefined || first.hostSignature === undefined) {
      throw new SallyportError(
        'SP-9001',
        'The key exchange left no proof of the host key. The login was not made. Reinstall Sallyport.',
      );
    }
    const body = loginRequest(login);
    const signature = await login.sign(
      { sessionId, hostKey: first.hostKey, hostSignature: first.hostSignature },
      concat(sshString(sessionId), body),
    );
    send(protocol, concat(body, sshString(signature)));
  }

  protocol.authNone = () => {
    // One signature for one login: ssh2 asks again after a refusal only if its list of methods says so, and then nothing must go out.
    if (asked)
      return login.failed(
        new SallyportError('SP-2040', 'The target asked for the login a second time. The session was not opened.'),
      );
    asked = true;
    request().catch(login.failed);
  };
  protocol.authPK = () =>
    login.failed(new SallyportError('SP-9001', 'A login by a key of this machine was asked for. It was not made.'));
}

/** Keeps host key and signature of the first exchange: ssh2 drops them as soon as it has checked the signature. */
function keepFirstExchange(protocol: Protocol): { hostKey?: Buffer; hostSignature?: Buffer } {
  const kept: { hostKey?: Buffer; hostSignature?: Buffer } = {};
  let current = protocol._kex;
  Object.defineProperty(protocol, '_kex', {
    configurable: true,
    get: () => current,
    set(next: KeyExchange | undefined) {
      current = next;
      if (next === undefined || kept.hostKey !== undefined) return;
      const computeSecret = next.computeSecret;
      next.computeSecret = (data) => {
        if (kept.hostKey === undefined && next._hostKey !== undefined && next._sig !== undefined) {
          kept.hostKey = Buffer.from(next._hostKey);
          kept.hostSignature = Buffer.from(next._sig);
        }
        return computeSecret.call(next, data);
      };
    },
  });
  return kept;
}

function send(protocol: Protocol, payload: Buffer): void {
  const writer = protocol._packetRW.write;
  const packet = writer.alloc(payload.length);
  // While a key exchange runs ssh2 hands out a buffer of exactly the payload's length and makes the packet later.
  packet.set(payload, packet.length === payload.length ? 0 : writer.allocStart);
  protocol._authsQueue.push('publickey');
  ssh2Utils.sendPacket(protocol, writer.finalize(packet));
}

/** Refuses every channel that the server tries to open (forwarded ports, X11, agent) and reports its type. */
export function refuseServerChannels(client: Client, refused: (type: string) => void): void {
  const protocol = internals(client);
  protocol._handlers.CHANNEL_OPEN = (_protocol, info) => {
    if (typeof info.sender === 'number')
      protocol.channelOpenFail(info.sender, administrativelyProhibited, 'not allowed');
    refused(typeof info.type === 'string' ? info.type : 'unknown');
  };
}

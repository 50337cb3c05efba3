import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { publicKeyBlob, signBlob } from '../../recording/signatures/keys.ts';
import { concat, sshString } from '../../recording/signatures/wire.ts';
import { certificateAlgorithm } from './certificate.ts';
import { checkLoginRequest, type LoginCheck, type LoginExpectation, type LoginRequest } from './login-request.ts';

interface Fields {
  sessionId: Buffer;
  message: number;
  user: string;
  service: string;
  method: string;
  hasSignature: number;
  algorithm: string;
  certificate: Buffer;
  tail: Buffer;
}

function encode(fields: Fields): Buffer {
  return concat(
    sshString(fields.sessionId),
    Buffer.from([fields.message]),
    sshString(fields.user),
    sshString(fields.service),
    sshString(fields.method),
    Buffer.from([fields.hasSignature]),
    sshString(fields.algorithm),
    sshString(fields.certificate),
    fields.tail,
  );
}

const host = generateKeyPairSync('ed25519').privateKey;
const ecdsaHost = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const foreign = generateKeyPairSync('ed25519').privateKey;
const sshSessionId = randomBytes(32);
const certificate = randomBytes(400);
const expected: LoginExpectation = {
  hostKeys: [publicKeyBlob(host), publicKeyBlob(ecdsaHost)],
  login: 'deploy',
  certificate,
};

const good: Fields = {
  sessionId: sshSessionId,
  message: 50,
  user: 'deploy',
  service: 'ssh-connection',
  method: 'publickey',
  hasSignature: 1,
  algorithm: certificateAlgorithm,
  certificate,
  tail: Buffer.alloc(0),
};

function makeRequest(
  changes: Partial<LoginRequest> = {},
  fields: Partial<Fields> = {},
  key: KeyObject = host,
): LoginRequest {
  return {
    sshSessionId,
    hostKey: publicKeyBlob(key),
    hostSignature: signBlob(key, sshSessionId),
    toSign: encode({ ...good, ...fields }),
    ...changes,
  };
}

const other = randomBytes(32);
const refusals: { name: string; request: LoginRequest; check: LoginCheck }[] = [
  { name: 'another host key, with its own good signature', request: makeRequest({}, {}, foreign), check: 'host-key' },
  {
    name: 'the expected host key with a foreign signature',
    request: makeRequest({ hostSignature: signBlob(foreign, sshSessionId) }),
    check: 'host-signature',
  },
  {
    name: "the host's signature over another session id",
    request: makeRequest({ hostSignature: signBlob(host, other) }),
    check: 'host-signature',
  },
  {
    name: 'another session id than the host signed',
    request: makeRequest({ sshSessionId: other }, { sessionId: other }),
    check: 'host-signature',
  },
  {
    name: 'a signature with bytes after it',
    request: makeRequest({ hostSignature: concat(signBlob(host, sshSessionId), Buffer.from([0])) }),
    check: 'host-signature',
  },
  { name: 'no signature', request: makeRequest({ hostSignature: Buffer.alloc(0) }), check: 'host-signature' },
  {
    name: 'a short session id',
    request: makeRequest(
      { sshSessionId: Buffer.from('x'), hostSignature: signBlob(host, Buffer.from('x')) },
      { sessionId: Buffer.from('x') },
    ),
    check: 'request-session-id',
  },
  { name: 'bytes of another SSH session', request: makeRequest({}, { sessionId: other }), check: 'request-session-id' },
  { name: 'another user', request: makeRequest({}, { user: 'root' }), check: 'request-user' },
  { name: 'a user that begins the same', request: makeRequest({}, { user: 'deploy\0' }), check: 'request-user' },
  { name: 'another service', request: makeRequest({}, { service: 'ssh-userauth' }), check: 'request-service' },
  { name: 'another message', request: makeRequest({}, { message: 51 }), check: 'request-method' },
  { name: 'another method', request: makeRequest({}, { method: 'hostbased' }), check: 'request-method' },
  {
    name: 'the host-bound method',
    request: makeRequest({}, { method: 'publickey-hostbound-v00@openssh.com' }),
    check: 'request-method',
  },
  { name: 'a request without signature', request: makeRequest({}, { hasSignature: 0 }), check: 'request-method' },
  { name: 'TRUE written in another way', request: makeRequest({}, { hasSignature: 2 }), check: 'request-method' },
  { name: 'another algorithm', request: makeRequest({}, { algorithm: 'ssh-ed25519' }), check: 'request-algorithm' },
  {
    name: 'another certificate',
    request: makeRequest({}, { certificate: randomBytes(400) }),
    check: 'request-certificate',
  },
  {
    name: 'something after the certificate',
    request: makeRequest({}, { tail: Buffer.from([0]) }),
    check: 'request-shape',
  },
  {
    name: 'bytes that end early',
    request: makeRequest({ toSign: encode(good).subarray(0, 60) }),
    check: 'request-shape',
  },
  { name: 'nothing', request: makeRequest({ toSign: Buffer.alloc(0) }), check: 'request-shape' },
  {
    name: 'a length that lies',
    request: makeRequest({ toSign: Buffer.from('ffffffff00', 'hex') }),
    check: 'request-shape',
  },
];

describe('security 3a: a login request', () => {
  it('is signed when every check holds, for each expected host key', () => {
    expect(checkLoginRequest(makeRequest(), expected)).toBeNull();
    expect(checkLoginRequest(makeRequest({}, {}, ecdsaHost), expected)).toBeNull();
  });

  it.each(refusals)('is refused with $name', ({ request, check }) => {
    expect(checkLoginRequest(request, expected)).toBe(check);
  });

  it('is refused when any one bit of what is signed is changed', () => {
    const bytes = encode(good);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(checkLoginRequest(makeRequest({ toSign: changed }), expected)).not.toBeNull();
    }
  });
});

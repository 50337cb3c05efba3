import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { Client } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { blobOfLine, publicKeyLine } from '../../recording/signatures/keys.ts';
import { signDocument } from '../../recording/signatures/signed.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import { closeCodes } from '../../shared/protocol/control-channel.ts';
import type { GrantPayload, HandoverPayload, Namespace } from '../../shared/protocol/signed.ts';
import { openHandover, takeOverConnection } from './handover.ts';
import { handoverRefusal } from './handover-refusal.ts';
import { endOf } from './relay.ts';

const newKey = () => generateKeyPairSync('ed25519').privateKey;
const server = newKey();
const host = publicKeyLine(newKey());
const grant = {
  sessionId: '7f0d5e2e-93cf-4f0b-9d1f-0d9f8a3a2b11',
  hostKeys: [host],
  target: { id: 't', name: 'web-1', host: '127.0.0.1', port: 22, production: false },
} as unknown as GrantPayload;
const sound: HandoverPayload = {
  version: 1,
  sessionId: grant.sessionId,
  sshSessionId: Buffer.alloc(32, 7).toString('base64'),
  clientIdent: 'SSH-2.0-Sallyport',
  serverIdent: 'SSH-2.0-OpenSSH_9.2p1 Debian-2',
  hostKey: blobOfLine(host).toString('base64'),
  banner: '',
};

function open(changes: Partial<HandoverPayload>, privateKey = server, namespace: Namespace = 'handover@sallyport') {
  const frame = JSON.stringify(signDocument({ privateKey, namespace, value: { ...sound, ...changes } }));
  return openHandover({ frame, grant, serverKey: publicKeyLine(server) });
}

describe('the first frame of a handover', () => {
  it('is taken when the server signed it for this session and its target', () => expect(open({})).toEqual(sound));

  it.each<[string, () => unknown, string]>([
    ['by another server', () => open({}, newKey()), 'SP-1007'],
    ['signed for something else', () => open({}, server, 'grant@sallyport'), 'SP-1007'],
    ['of another version', () => open({ version: 2 as never }), 'SP-1007'],
    ['of another session', () => open({ sessionId: '00000000-0000-4000-8000-000000000000' }), 'SP-2042'],
    [
      'with another host key',
      () => open({ hostKey: blobOfLine(publicKeyLine(newKey())).toString('base64') }),
      'SP-2031',
    ],
    ['with no host key', () => open({ hostKey: '' }), 'SP-2031'],
    ['with a short session id', () => open({ sshSessionId: 'AAAA' }), 'SP-2042'],
    ['with a line break in what the target said', () => open({ serverIdent: 'SSH-2.0-x\r\nSSH-2.0-y' }), 'SP-2042'],
    ['with what no target says', () => open({ serverIdent: 'HTTP/1.1 200 OK' }), 'SP-2042'],
    ['with what the broker did not say', () => open({ clientIdent: 'SSH-1.99-Sallyport' }), 'SP-2042'],
  ])('is refused %s', (_what, work, code) => {
    expect(work).toThrow(expect.objectContaining({ code }));
  });

  it('is refused in words, whatever else comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (frame) => {
        try {
          openHandover({ frame, grant, serverKey: publicKeyLine(server) });
          expect.unreachable();
        } catch (error) {
          expect(error).toBeInstanceOf(SallyportError);
        }
      }),
    );
  });
});

describe('the inside of ssh2', () => {
  it('is refused for a handover when it is not as expected', () => {
    // A client that was never told to connect has no protocol yet.
    expect(() => takeOverConnection(new Client(), sound, () => undefined)).toThrow(
      expect.objectContaining({ code: 'SP-9001' }),
    );
  });
});

describe("a refusal of the broker's", () => {
  it('has words for each code that it uses, and shows nothing unprintable', () => {
    for (const code of [
      'SP-2031',
      'SP-2032',
      'SP-2040',
      'SP-2042',
      'SP-2043',
      'SP-2044',
      'SP-2050',
      'SP-2104',
      'SP-5006',
      'SP-5010',
      'SP-9001',
    ] as const) {
      const problem = handoverRefusal(code, 'check \u001b[31m', 'web-1');
      expect(problem).toMatchObject({ code, message: expect.stringMatching(/\.$/), facts: { check: 'check [31m' } });
    }
    expect(handoverRefusal('SP-2003', 'x', 'web-1')).toBeNull();
  });

  it.each<[number, string, string, RegExp]>([
    [closeCodes.cipherRefused, 'SP-2032 algorithms', 'SP-2032', /no modern algorithm in common/],
    [closeCodes.cipherRefused, 'SP-2032 host-key-kinds', 'SP-2032', /host keys known for web-1 are all of an old kind/],
    [closeCodes.cipherRefused, 'SP-2032 target exchange-cipher', 'SP-2032', /did not agree on AES-GCM/],
    [closeCodes.cipherRefused, 'cipher aes256-ctr / none', 'SP-2032', /did not agree on AES-GCM/],
    [closeCodes.cipherRefused, '', 'SP-2032', /did not agree on AES-GCM/],
    [closeCodes.cipherRefused, 'no SSH identification', 'SP-2050', /is not SSH/],
    [closeCodes.refused, 'SP-5010 announcement', 'SP-5010', /could not write down the login/],
    [closeCodes.refused, 'SP-5009 announcement', 'SP-5009', /could not write down the login/],
    [closeCodes.refused, 'SP-9001 start', 'SP-9001', /a fault of its own/],
  ])('is told in words that fit, closed with %i %j', (code, reason, problem, words) => {
    const end = endOf(code, { ...grant, credential: { kind: 'handover' } }, reason);
    expect(end).toMatchObject({ kind: 'refused', problem: { code: problem, message: expect.stringMatching(words) } });
    expect(end).not.toMatchObject({ problem: { message: expect.stringMatching(/start|announcement|algorithms/) } });
  });

  it('names the host key that was offered', () => {
    const offered = `SHA256:${'a'.repeat(43)}`;
    expect(handoverRefusal('SP-2031', `host-key ${offered}`, 'web-1')?.facts).toMatchObject({ offered });
  });
});

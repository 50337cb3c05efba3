import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Anchor } from '../../shared/record/anchors.ts';
import { lineOfBlob, publicKeyBlob, signBlob } from '../signatures/keys.ts';
import { concat, sshMpint, sshString } from '../signatures/wire.ts';
import {
  type AnchorClaims,
  anchorName,
  checkAnchorClaims,
  checkAnchorSecret,
  exchangeKeys,
  formatAnchor,
  openAnchorSecret,
  parseAnchor,
  sealAnchorSecret,
} from './anchor.ts';
import { negotiate } from './anchor-exchange.ts';

const digest = createHash('sha256').update('a grant').digest('hex');

/** A SSH_MSG_KEXINIT as RFC 4253 section 7.1 writes it. */
function kexInit(kex: string, hostKey: string, cipher: string): Buffer {
  const lists = [kex, hostKey, cipher, cipher, 'hmac-sha2-256', 'hmac-sha2-256', 'none', 'none', '', ''];
  return concat(Buffer.from([20]), randomBytes(16), ...lists.map(sshString), Buffer.alloc(5));
}

interface HostKey {
  blob: Buffer;
  sign(hash: Buffer): Buffer;
}

function ofKey(privateKey: KeyObject): HostKey {
  return { blob: publicKeyBlob(privateKey), sign: (hash) => signBlob(privateKey, hash) };
}

function rsa(name: string, hash: string): HostKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { e = '', n = '' } = publicKey.export({ format: 'jwk' });
  const number = (text: string) => sshMpint(Buffer.from(text, 'base64url'));
  return {
    blob: concat(sshString('ssh-rsa'), number(e), number(n)),
    sign: (data) => concat(sshString(name), sshString(sign(hash, data, privateKey))),
  };
}

const hostKeys: Record<string, () => HostKey> = {
  'ssh-ed25519': () => ofKey(generateKeyPairSync('ed25519').privateKey),
  'ecdsa-sha2-nistp256': () => ofKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
  'ecdsa-sha2-nistp384': () => ofKey(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
  'ecdsa-sha2-nistp521': () => ofKey(generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey),
  'rsa-sha2-256': () => rsa('rsa-sha2-256', 'sha256'),
  'rsa-sha2-512': () => rsa('rsa-sha2-512', 'sha512'),
};

interface Made {
  anchor: Anchor;
  secret: Buffer;
  claims: AnchorClaims;
}

/** What a target and a launcher make, put together from the RFCs by hand. */
function make(kex: string, hash: string, algorithm: string, cipher = 'aes128-gcm@openssh.com'): Made {
  const hostKey = (hostKeys[algorithm] ?? hostKeys['ssh-ed25519'])?.() as HostKey;
  const isGroup = kex.startsWith('diffie');
  // Numbers with the top bit set have a zero in front.
  const number = (size: number) => concat(Buffer.from([0, 0x80 | (randomBytes(1)[0] ?? 0)]), randomBytes(size - 1));
  const share = () => (isGroup ? number(512) : randomBytes(32));
  const secret = number(32);
  const versions = [Buffer.from('SSH-2.0-Sallyport'), Buffer.from('SSH-2.0-OpenSSH_9.2p1')] as const;
  const client = kexInit(`${kex},ext-info-c,${anchorName(digest)}`, algorithm, cipher);
  const server = kexInit(
    `mlkem768x25519-sha256,${kex}`,
    `${algorithm},other`,
    `chacha20-poly1305@openssh.com,${cipher}`,
  );
  const shares = [share(), share()] as const;
  const parts = [...versions, client, server, hostKey.blob, ...shares, secret].map(sshString);
  const exchangeHash = createHash(hash)
    .update(concat(...parts))
    .digest();
  const text = (bytes: Buffer) => bytes.toString('base64');
  const anchor: Anchor = {
    'sallyport-anchor': 1,
    session: 'a-session',
    seq: 3,
    subject: 'grant',
    lines: 0,
    digest,
    startedBy: 'launcher',
    kex,
    hostKeyAlgorithm: algorithm,
    cipher: { toTarget: cipher, fromTarget: cipher },
    sshSessionId: text(randomBytes(32)),
    clientVersion: text(versions[0]),
    serverVersion: text(versions[1]),
    clientKexInit: text(client),
    serverKexInit: text(server),
    hostKey: text(hostKey.blob),
    clientShare: text(shares[0]),
    serverShare: text(shares[1]),
    signature: text(hostKey.sign(exchangeHash)),
    exchangeHash: text(exchangeHash),
    secret: text(Buffer.from('sealed')),
  };
  const known = [
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb',
    lineOfBlob(hostKey.blob),
  ];
  return {
    anchor,
    secret,
    claims: { session: 'a-session', seq: 3, subject: 'grant', lines: 0, digest, hostKeys: known },
  };
}

/** What does not hold, of all that can be checked. */
function check({ anchor, secret, claims }: Made): string | null {
  return checkAnchorClaims(anchor, claims) ?? checkAnchorSecret(anchor, secret);
}

const methods = [
  ['curve25519-sha256', 'sha256'],
  ['curve25519-sha256@libssh.org', 'sha256'],
  ['ecdh-sha2-nistp256', 'sha256'],
  ['ecdh-sha2-nistp384', 'sha384'],
  ['ecdh-sha2-nistp521', 'sha512'],
  ['diffie-hellman-group16-sha512', 'sha512'],
  ['diffie-hellman-group18-sha512', 'sha512'],
] as const;

const fields = [
  'sshSessionId', // Not in H: only the keys depend on it.
  'clientVersion',
  'serverVersion',
  'clientKexInit',
  'serverKexInit',
  'hostKey',
  'clientShare',
  'serverShare',
  'signature',
  'exchangeHash',
] as const;

describe('an anchor', () => {
  it.each(methods)('holds for %s with every kind of host key', (kex, hash) => {
    for (const algorithm of Object.keys(hostKeys))
      expect([algorithm, check(make(kex, hash, algorithm))]).toEqual([algorithm, null]);
  });

  it('is refused for a method or a signature that no session uses', () => {
    expect(check(make('diffie-hellman-group14-sha1', 'sha1', 'ssh-ed25519'))).toMatch(/length/);
    expect(check(make('constructor', 'sha256', 'ssh-ed25519'))).toMatch(/length/);
    const made = make('curve25519-sha256', 'sha256', 'rsa-sha2-512');
    expect(check({ ...made, anchor: { ...made.anchor, hostKeyAlgorithm: 'rsa-sha2-256' } })).toMatch(/algorithms/);
  });

  it('has one form as a file, and no other is taken', () => {
    const { anchor } = make('curve25519-sha256', 'sha256', 'ssh-ed25519');
    const file = formatAnchor(anchor);
    expect(parseAnchor(file)).toEqual(anchor);
    const text = file.toString();
    const { seq, ...rest } = anchor;
    for (const other of [
      text.trimEnd(),
      ` ${text}`,
      `${text}\n`,
      text.replace('"seq":3', '"seq":3.0'),
      text.replace('{"sallyport-anchor":1,', '{"more":1,"sallyport-anchor":1,'),
      text.replace('"sallyport-anchor":1', '"sallyport-anchor":2'),
      text.replace(anchor.digest, anchor.digest.toUpperCase()),
      text.replace('"secret":"c2VhbGVk"', '"secret":"c2VhbGVk="'),
      text.replace('"secret":"c2VhbGVk"', '"secret":"c2VhbGV="'),
      `${JSON.stringify({ ...rest, seq })}\n`,
      text.replace('"secret":"', `"secret":"${'AAAA'.repeat(20_000)}`),
      '',
    ])
      expect(() => parseAnchor(Buffer.from(other)), other.slice(0, 60)).toThrow(/anchor of version 1/);
  });

  it.each(Object.entries({ session: 'another', seq: 4, subject: 'head', lines: 1, digest: 'f'.repeat(64) }))(
    'is refused with another %s than the manifest says',
    (name, value) => {
      const made = make('curve25519-sha256', 'sha256', 'ssh-ed25519');
      expect(check({ ...made, anchor: { ...made.anchor, [name]: value } })).not.toBeNull();
      expect(check({ ...made, claims: { ...made.claims, [name]: value } })).not.toBeNull();
      // Also when manifest and anchor were changed alike: the digest is in what the host key signed.
      if (name === 'digest')
        expect(
          check({
            ...made,
            anchor: { ...made.anchor, digest: value as string },
            claims: { ...made.claims, digest: value as string },
          }),
        ).toMatch(/carry/);
    },
  );

  it.each(['kex', 'hostKeyAlgorithm', 'cipher to', 'cipher from'])(
    'is refused with another %s than was agreed',
    (name) => {
      const made = make('curve25519-sha256', 'sha256', 'ssh-ed25519');
      const { cipher } = made.anchor;
      const other = 'aes256-gcm@openssh.com';
      const change: Record<string, Partial<Anchor>> = {
        // The same hash and the same kind of shares: H is the same.
        kex: { kex: 'ecdh-sha2-nistp256' },
        hostKeyAlgorithm: { hostKeyAlgorithm: 'ecdsa-sha2-nistp256' },
        'cipher to': { cipher: { ...cipher, toTarget: other } },
        'cipher from': { cipher: { ...cipher, fromTarget: other } },
      };
      expect(check({ ...made, anchor: { ...made.anchor, ...change[name] } })).toMatch(/algorithms/);
    },
  );

  it('is refused without its secret too, when the host key did not sign the hash that it claims', () => {
    for (const field of ['signature', 'exchangeHash', 'hostKey'] as const) {
      const { anchor, claims } = make('curve25519-sha256', 'sha256', 'ssh-ed25519');
      const other = make('curve25519-sha256', 'sha256', 'ssh-ed25519');
      const hostKeys = [...claims.hostKeys, ...other.claims.hostKeys];
      expect(checkAnchorClaims(anchor, { ...claims, hostKeys })).toBeNull();
      const changed = { ...anchor, [field]: other.anchor[field] };
      expect(checkAnchorClaims(changed, { ...claims, hostKeys })).toMatch(/did not sign/);
    }
  });

  it("is refused under a host key that is none of the grant's, however well it signed", () => {
    const made = make('curve25519-sha256', 'sha256', 'ssh-ed25519');
    expect(check({ ...made, claims: { ...made.claims, hostKeys: made.claims.hostKeys.slice(0, 1) } })).toMatch(/grant/);
    expect(check({ ...made, claims: { ...made.claims, hostKeys: ['nonsense', ''] } })).toMatch(/grant/);
  });

  it('is refused when its key exchange carries two digests', () => {
    const made = make('curve25519-sha256', 'sha256', 'ssh-ed25519');
    const two = kexInit(`curve25519-sha256,${anchorName('0'.repeat(64))},${anchorName(digest)}`, 'ssh-ed25519', 'x');
    expect(check({ ...made, anchor: { ...made.anchor, clientKexInit: two.toString('base64') } })).toMatch(/carry/);
  });
});

describe('a single changed bit', () => {
  const made = make('curve25519-sha256', 'sha256', 'ssh-ed25519');
  const group = make('diffie-hellman-group16-sha512', 'sha512', 'rsa-sha2-512');

  function flip(bytes: Buffer, at: number): Buffer {
    const out = Buffer.from(bytes);
    const bit = at % (8 * out.length);
    out[bit >> 3] = (out[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return out;
  }

  it.each(fields.filter((field) => field !== 'sshSessionId'))('in %s does not verify', (field) => {
    for (const one of [made, group])
      fc.assert(
        fc.property(fc.nat(), (at) => {
          const changed = flip(Buffer.from(one.anchor[field], 'base64'), at).toString('base64');
          return check({ ...one, anchor: { ...one.anchor, [field]: changed } }) !== null;
        }),
        { numRuns: 60 },
      );
  });

  it('in K does not verify, nor does K with zeros in front', () => {
    for (const one of [made, group]) {
      for (let at = 0; at < one.secret.length * 8; at += 1)
        expect(check({ ...one, secret: flip(one.secret, at) })).not.toBeNull();
      expect(check({ ...one, secret: concat(Buffer.from([0]), one.secret) })).toMatch(/form/);
      expect(check({ ...one, secret: one.secret.subarray(1) })).toMatch(/form/);
      expect(check({ ...one, secret: Buffer.alloc(0) })).toMatch(/form/);
    }
  });

  it('in the session id gives other keys: the wire does not open', () => {
    const keys = exchangeKeys(made.anchor, made.secret);
    const changed = flip(Buffer.from(made.anchor.sshSessionId, 'base64'), 7).toString('base64');
    const others = exchangeKeys({ ...made.anchor, sshSessionId: changed }, made.secret);
    expect(others.toTarget.key).not.toEqual(keys.toTarget.key);
    expect(others.fromTarget.iv).not.toEqual(keys.fromTarget.iv);
  });
});

describe('the secret of an anchor', () => {
  let output: string;
  let input: string;
  let recipients: { output: string[]; input: string[] };

  beforeAll(async () => {
    [output, input] = await Promise.all([generateIdentity(), generateIdentity()]);
    recipients = { output: [await identityToRecipient(output)], input: [await identityToRecipient(input)] };
  });

  it('opens with both keys only, and whole', async () => {
    const { anchor, secret } = make('curve25519-sha256', 'sha256', 'ssh-ed25519');
    const sealed = { ...anchor, secret: await sealAnchorSecret(secret, recipients) };
    expect(await openAnchorSecret(sealed, { output, input })).toEqual(secret);
    for (const keys of [
      { output, input: output },
      { output: input, input },
      { output: input, input: output },
    ])
      await expect(openAnchorSecret(sealed, keys)).rejects.toMatchObject({ code: 'SP-3030' });
    const bytes = Buffer.from(sealed.secret, 'base64');
    for (const at of [bytes.length - 1, bytes.length >> 1, 40]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(
        openAnchorSecret({ ...sealed, secret: changed.toString('base64') }, { output, input }),
      ).rejects.toMatchObject({
        code: 'SP-3030',
      });
    }
  });

  it('makes the keys that RFC 4253 section 7.2 says', () => {
    const { anchor, secret } = make('ecdh-sha2-nistp384', 'sha384', 'ssh-ed25519', 'aes256-gcm@openssh.com');
    const from = (letter: string, size: number) =>
      createHash('sha384')
        .update(sshString(secret))
        .update(Buffer.from(anchor.exchangeHash, 'base64'))
        .update(letter)
        .update(Buffer.from(anchor.sshSessionId, 'base64'))
        .digest()
        .subarray(0, size);
    expect(exchangeKeys(anchor, secret)).toEqual({
      toTarget: { iv: from('A', 12), key: from('C', 32) },
      fromTarget: { iv: from('B', 12), key: from('D', 32) },
    });
    const other = { ...anchor, cipher: { ...anchor.cipher, toTarget: 'chacha20-poly1305@openssh.com' } };
    expect(() => exchangeKeys(other, secret)).toThrow(TypeError);
  });
});

it('finds what two lists have in common in one look at each, however long they are', () => {
  const names = (side: string) => Array.from({ length: 20_000 }, (_, index) => `${side}${index}`);
  const lists = (side: string, last: string) => {
    const list = [...names(side), last];
    return { kex: list, hostKey: list, cipherToTarget: list, cipherFromTarget: list };
  };
  const began = performance.now();
  expect(negotiate(lists('c', 'both'), lists('s', 'both'))).toEqual({
    kex: 'both',
    hostKeyAlgorithm: 'both',
    toTarget: 'both',
    fromTarget: 'both',
  });
  expect(negotiate(lists('c', 'one'), lists('s', 'other'))).toBeNull();
  // Name by name it is three billion comparisons.
  expect(performance.now() - began).toBeLessThan(1000);
});

import { createHash } from 'node:crypto';
import { must, sshString, Walk } from './bytes.ts';
import { unseal } from './events.ts';
import { blobOf, verifyBlob } from './signatures.ts';

const hashes: Record<string, string> = {
  'curve25519-sha256': 'sha256',
  'curve25519-sha256@libssh.org': 'sha256',
  'ecdh-sha2-nistp256': 'sha256',
  'ecdh-sha2-nistp384': 'sha384',
  'ecdh-sha2-nistp521': 'sha512',
  'diffie-hellman-group16-sha512': 'sha512',
  'diffie-hellman-group18-sha512': 'sha512',
};

interface Anchor extends Record<string, unknown> {
  kex: string;
  hostKeyAlgorithm: string;
  cipher: { toTarget: string; fromTarget: string };
}

export interface Keys {
  key: Buffer;
  iv: Buffer;
}
export interface Exchange {
  toTarget: Keys;
  fromTarget: Keys;
}

/** The ten lists of names in a SSH_MSG_KEXINIT (RFC 4253 section 7.1). */
function lists(payload: Buffer): string[][] {
  const walk = new Walk(payload);
  must(walk.byte() === 20, 'no KEXINIT');
  walk.take(16);
  return Array.from({ length: 10 }, () => walk.text().split(','));
}

/** Checks an anchor as far as that goes without K. `digest`: hex, what it must carry. Returns the hash that the host key signed. */
export function checkAnchor(
  file: Uint8Array,
  facts: { session: string; seq: number; subject: string; lines: number; digest: string; hostKeys: string[] },
): Buffer {
  const anchor: Anchor = JSON.parse(Buffer.from(file).toString('utf8'));
  const value = (name: string) => Buffer.from(String(anchor[name]), 'base64');
  must(anchor['sallyport-anchor'] === 1, 'not an anchor of version 1');
  for (const key of ['session', 'seq', 'subject', 'lines', 'digest'] as const)
    must(anchor[key] === facts[key], `the anchor's ${key} is ${anchor[key]}, not ${facts[key]}`);
  const [client, server] = [lists(value('clientKexInit')), lists(value('serverKexInit'))];
  const carried = client[0]?.filter((name) => /^[A-Za-z0-9_-]{43}@sallyport$/.test(name));
  must(
    carried?.length === 1 && carried[0] === `${Buffer.from(facts.digest, 'hex').toString('base64url')}@sallyport`,
    'the KEXINIT does not carry the digest',
  );
  const agreed = [0, 1, 2, 3].map((at) => client[at]?.find((name) => server[at]?.includes(name)));
  const said = [anchor.kex, anchor.hostKeyAlgorithm, anchor.cipher.toTarget, anchor.cipher.fromTarget];
  must(agreed.join() === said.join(), 'the names do not follow from the lists');
  const hostKey = value('hostKey');
  must(
    facts.hostKeys.some((line) => blobOf(line).equals(hostKey)),
    'a host key that was not granted',
  );
  must(new Walk(value('signature')).text() === anchor.hostKeyAlgorithm, 'a signature of another kind');
  must(verifyBlob(hostKey, value('exchangeHash'), value('signature')), "the host key's signature does not hold");
  return value('exchangeHash');
}

/** Opens K, rebuilds the hash, and gives the keys of both directions. */
export async function openAnchor(file: Uint8Array, identities: { output: string; input: string }): Promise<Exchange> {
  const anchor: Anchor = JSON.parse(Buffer.from(file).toString('utf8'));
  const value = (name: string) => Buffer.from(String(anchor[name]), 'base64');
  const secret = await unseal(await unseal(value('secret'), identities.input), identities.output);
  const algorithm = hashes[anchor.kex];
  must(algorithm !== undefined, `an exchange by ${anchor.kex}`);
  const parts = 'clientVersion serverVersion clientKexInit serverKexInit hostKey clientShare serverShare'
    .split(' ')
    .map(value);
  const hash = createHash(algorithm)
    .update(Buffer.concat([...parts, secret].map(sshString)))
    .digest();
  must(hash.equals(value('exchangeHash')), 'the hash does not follow from the exchange and K');
  const part = (letter: string, length: number) =>
    createHash(algorithm)
      .update(Buffer.concat([sshString(secret), hash, Buffer.from(letter), value('sshSessionId')]))
      .digest()
      .subarray(0, length);
  const bytes = (cipher: string) => (cipher === 'aes256-gcm@openssh.com' ? 32 : 16);
  return {
    toTarget: { iv: part('A', 12), key: part('C', bytes(anchor.cipher.toTarget)) },
    fromTarget: { iv: part('B', 12), key: part('D', bytes(anchor.cipher.fromTarget)) },
  };
}

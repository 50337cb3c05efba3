import { Client, type ServerHostKeyAlgorithm } from 'ssh2';
import { fingerprint, lineOfBlob } from '../recording/signatures/keys.ts';
import { SallyportError } from '../shared/errors/result.ts';

export interface HostKey {
  /** `algorithm base64`, as the document takes it. */
  line: string;
  /** SHA256:... */
  fingerprint: string;
}

/** Each kind is asked for by itself: a server shows one key per connection. */
const kinds: readonly (readonly ServerHostKeyAlgorithm[])[] = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256'],
];
const withinMs = 10_000;

/**
 * The host keys that an SSH server shows. Whether it is the right server only a comparison with the server itself tells. Throws SP-2104 when it
 * cannot be reached, SP-2032 when it shows none of the kinds above.
 */
export async function scanHostKeys(place: { host: string; port: number }): Promise<HostKey[]> {
  const keys: HostKey[] = [];
  for (const kind of kinds) {
    const blob = await askFor(place, kind);
    if (blob !== null) keys.push({ line: lineOfBlob(blob), fingerprint: fingerprint(blob) });
  }
  if (keys.length > 0) return keys;
  throw new SallyportError(
    'SP-2032',
    `${place.host}:${place.port} answers, but shows no host key of a kind in use today (ed25519, ECDSA, RSA with SHA-2). Give it a new host key.`,
  );
}

/** Null when the server has no key of that kind. */
function askFor(
  { host, port }: { host: string; port: number },
  kind: readonly ServerHostKeyAlgorithm[],
): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    let greeted = false;
    const finish = (act: () => void): void => {
      client.removeAllListeners();
      // What still comes while the connection goes down is of no interest.
      client.on('error', () => undefined);
      client.end();
      client.destroy();
      act();
    };
    client.once('greeting', () => {
      greeted = true;
    });
    client.once('error', (error) => {
      const noCommon = 'level' in error && error.level === 'handshake';
      if (noCommon || greeted) finish(() => resolve(null));
      else {
        finish(() =>
          reject(
            new SallyportError(
              'SP-2104',
              `${host}:${port} did not answer as an SSH server. Check the address, and that this machine may reach it.`,
              { cause: error },
            ),
          ),
        );
      }
    });
    client.connect({
      host,
      port,
      readyTimeout: withinMs,
      // ssh2 wants a name; no login is ever begun, because the verifier refuses every key.
      username: 'scan',
      algorithms: { serverHostKey: [...kind] },
      hostVerifier: (blob: Buffer) => {
        finish(() => resolve(Buffer.from(blob)));
        return false;
      },
    });
  });
}

import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { SallyportError } from '../../shared/errors/result.ts';
import { unreachable } from '../control-client/problems.ts';

/**
 * The one contact without trust: reads the certificate chain that `address` (an https origin) sends and returns the PEM of the certificate in
 * it whose SHA-256 (DER, lower-case hex) is `trustRoot`. Nothing is sent; every later contact is verified against that certificate alone.
 * Throws SP-1003 when the server cannot be reached in `timeoutMs`, SP-1004 when it does not show that root.
 */
export async function fetchTrustRoot(options: {
  address: string;
  trustRoot: string;
  timeoutMs?: number;
}): Promise<string> {
  const url = new URL(options.address);
  const chain = await readChain(url, options.timeoutMs ?? 10_000);
  for (const der of chain) {
    const certificate = new X509Certificate(der);
    if (certificate.fingerprint256.replaceAll(':', '').toLowerCase() !== options.trustRoot) continue;
    if (!certificate.ca) break;
    return certificate.toString();
  }
  throw new SallyportError(
    'SP-1004',
    `The server at ${url.host} is not the one of this invite: its certificate authority is another. Nothing was sent to it. Ask for a new invite, and whether the network redirects you.`,
    { facts: { address: url.origin, expected: options.trustRoot.slice(0, 16) } },
  );
}

function readChain(url: URL, timeoutMs: number): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const socket = connect({
      host,
      port: url.port === '' ? 443 : Number(url.port),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      // The chain is compared with the invite's fingerprint by the caller; no request is made over this connection.
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('timeout')));
    socket.once('error', (error) => reject(unreachable(url.origin, error)));
    socket.once('secureConnect', () => {
      const chain: Buffer[] = [];
      let certificate = socket.getPeerCertificate(true);
      // A self-signed root names itself as its issuer.
      while (
        certificate?.raw !== undefined &&
        chain.length < 10 &&
        !chain.some((known) => known.equals(certificate.raw))
      ) {
        chain.push(certificate.raw);
        certificate = certificate.issuerCertificate;
      }
      socket.destroy();
      resolve(chain);
    });
  });
}

import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { SallyportError } from '../../shared/errors/result.ts';

/** The addresses a relay must never reach for anyone (security.md 32): itself, its link, its cloud's metadata service, groups. */
const refused = new BlockList();
refused.addSubnet('0.0.0.0', 8, 'ipv4');
refused.addSubnet('127.0.0.0', 8, 'ipv4');
refused.addSubnet('169.254.0.0', 16, 'ipv4');
refused.addSubnet('224.0.0.0', 4, 'ipv4');
refused.addSubnet('240.0.0.0', 4, 'ipv4');
// Metadata services outside link-local: Alibaba, Oracle, Azure's wire server, AWS over IPv6.
refused.addAddress('100.100.100.200', 'ipv4');
refused.addAddress('192.0.0.192', 'ipv4');
refused.addAddress('168.63.129.16', 'ipv4');
refused.addAddress('fd00:ec2::254', 'ipv6');
refused.addAddress('::', 'ipv6');
refused.addAddress('::1', 'ipv6');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addSubnet('fec0::', 10, 'ipv6');
refused.addSubnet('ff00::', 8, 'ipv6');
// Prefixes that carry an IPv4 address inside would be a way around the list: NAT64 (RFC 6052, and RFC 8215 for local use), Teredo, 6to4, and the
// IPv4-compatible addresses of old (RFC 4291 section 2.5.5.1).
refused.addSubnet('64:ff9b::', 96, 'ipv6');
refused.addSubnet('64:ff9b:1::', 48, 'ipv6');
refused.addSubnet('2001::', 32, 'ipv6');
refused.addSubnet('2002::', 16, 'ipv6');
refused.addSubnet('::', 96, 'ipv6');

/** True when the relay may connect to this IP address at all. Node's BlockList finds an IPv4 address inside `::ffff:a.b.c.d` by itself. */
export function isReachableAddress(address: string): boolean {
  const text = address.replace(/%.*$/, '');
  const family = isIP(text);
  if (family === 0) return false;
  return !refused.check(text, family === 4 ? 'ipv4' : 'ipv6');
}

export type Resolve = (host: string) => Promise<string[]>;

/** The system's resolver, in its order. */
export async function systemResolve(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map((found) => found.address);
}

function joined(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * The one IP address a session will be relayed to; later changes of the name do not matter. Throws SP-2104 when the name does not resolve and
 * SP-2105 when every address is one the relay must not reach. `exceptions` are host:port as configured (organisation.relayExceptions).
 */
export async function resolveTarget(options: {
  host: string;
  port: number;
  exceptions: readonly string[];
  resolve?: Resolve;
}): Promise<string> {
  const { host, port, exceptions, resolve = systemResolve } = options;
  const addresses = isIP(host) !== 0 ? [host] : await resolve(host).catch(() => []);
  if (addresses.length === 0) {
    throw new SallyportError(
      'SP-2104',
      `The name ${host} does not resolve at the server. Check the target's address, or try again.`,
      {
        facts: { address: joined(host, port) },
      },
    );
  }
  const allowed = addresses.find(
    (address) =>
      isReachableAddress(address) ||
      exceptions.includes(joined(host, port)) ||
      exceptions.includes(joined(address, port)),
  );
  if (allowed !== undefined) return allowed;
  throw new SallyportError(
    'SP-2105',
    'The relay does not connect to addresses of its own machine, its own link or a metadata service. Ask an engineer to correct the target, or to list it under relayExceptions.',
    { facts: { address: joined(host, port), resolved: addresses.join(' ').slice(0, 400) } },
  );
}

import { isIPv6 } from 'node:net';

/**
 * What counts as one asker for rate limits: an IPv4 address, or the /64 of an IPv6 address (RFC 4291 section 2.5.4: one subscriber has at
 * least that many). `local` for a connection without an address.
 */
export function networkOf(ip: string | undefined): string {
  if (ip === undefined || ip === '') return 'local';
  if (!isIPv6(ip)) return ip;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = ip.toLowerCase().split('%', 1)[0]?.split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  const groups = [...front, ...gap, ...back].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${groups.join(':')}::/64`;
}

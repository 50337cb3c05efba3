import { describe, expect, it } from 'vitest';
import { isReachableAddress, resolveTarget } from './address.ts';

const refused = [
  '127.0.0.1',
  '127.8.8.8',
  '0.0.0.0',
  '169.254.169.254',
  '169.254.1.1',
  '224.0.0.1',
  '255.255.255.255',
  '100.100.100.200',
  '168.63.129.16',
  '::1',
  '::',
  'fe80::1',
  'fe80::1%eth0',
  'ff02::1',
  'fd00:ec2::254',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:a9fe:a9fe',
  '64:ff9b::7f00:1',
  '64:ff9b:1::7f00:1',
  '64:ff9b:1:2:3:4:7f00:1',
  '2001::7f00:1',
  '2001:0:53aa:64c:0:1234:80ff:fffe',
  '::127.0.0.1',
  '::7f00:1',
  '2002:7f00:1::',
  'not an address',
  '',
];
const reachable = [
  '10.0.0.5',
  '192.168.1.1',
  '172.16.0.1',
  '203.0.113.7',
  '2001:db8::1',
  'fd12:3456::1',
  '::ffff:10.0.0.5',
];

describe('the addresses a relay may reach', () => {
  it.each(refused)('refuses %s', (address) => expect(isReachableAddress(address)).toBe(false));
  it.each(reachable)('takes %s', (address) => expect(isReachableAddress(address)).toBe(true));
});

describe('resolving a target', () => {
  const resolve = async (host: string) =>
    ({ 'web.lan': ['127.0.0.1', '10.0.0.5'], 'metadata.lan': ['169.254.169.254'] })[host] ?? [];
  const ask = (host: string, exceptions: string[] = []) => resolveTarget({ host, port: 22, exceptions, resolve });

  it('takes the first address that may be reached', async () => expect(await ask('web.lan')).toBe('10.0.0.5'));
  it('refuses a name that leads to a metadata service', async () =>
    expect(ask('metadata.lan')).rejects.toMatchObject({ code: 'SP-2105' }));
  it('says that a name does not resolve', async () =>
    expect(ask('nowhere.lan')).rejects.toMatchObject({ code: 'SP-2104' }));
  it('takes what is listed, with its port, and nothing else', async () => {
    expect(await ask('127.0.0.1', ['127.0.0.1:22'])).toBe('127.0.0.1');
    expect(await ask('web.lan', ['web.lan:22'])).toBe('127.0.0.1');
    await expect(ask('127.0.0.1', ['127.0.0.1:2222'])).rejects.toMatchObject({ code: 'SP-2105' });
    await expect(ask('metadata.lan', ['web.lan:22'])).rejects.toMatchObject({ code: 'SP-2105' });
  });
});

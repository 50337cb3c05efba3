import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { makeConfig } from './config.ts';

test.each([
  ['127.0.0.1:7443', undefined, { host: '127.0.0.1', port: 7443 }, '127.0.0.1'],
  ['[::1]:0', undefined, { host: '::1', port: 0 }, '::1'],
  ['0.0.0.0:7443', 'pam.example.com', { host: '0.0.0.0', port: 7443 }, 'pam.example.com'],
  ['0.0.0.0:7443', undefined, { host: '0.0.0.0', port: 7443 }, hostname()],
])('listens on %s as %s', (listen, name, address, called) => {
  expect(makeConfig({ data: '/data', listen, name })).toMatchObject({
    listen: address,
    name: called,
    dataFolder: '/data',
  });
});

test.each([
  ['no port', { listen: '127.0.0.1' }],
  ['a port that is none', { listen: '127.0.0.1:70000' }],
  ['an open bracket', { listen: '[::1:7443' }],
  ['a name that is none', { listen: '127.0.0.1:1', name: 'a b' }],
  ['a name with a path', { listen: '127.0.0.1:1', name: 'a/b' }],
  ['a certificate without its key', { listen: '127.0.0.1:1', tlsCertificate: 'x' }],
])('refuses %s', (_name, input) => {
  expect(() => makeConfig({ data: '/data', ...input })).toThrowError(expect.objectContaining({ code: 'SP-5001' }));
});

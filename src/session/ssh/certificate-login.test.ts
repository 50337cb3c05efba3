import { Client } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { assertSupportedSsh2, refuseServerChannels, supportedSsh2 } from '../../ssh/ssh2-internals.ts';
import { loginByCertificate } from './certificate-login.ts';

describe('the inside of ssh2', () => {
  it('is used in the one version that was tested, and in no other', () => {
    expect(() => assertSupportedSsh2()).not.toThrow();
    expect(() => assertSupportedSsh2(supportedSsh2)).not.toThrow();
    for (const other of ['1.17.1', '1.16.0', '2.0.0', ''])
      expect(() => assertSupportedSsh2(other)).toThrow(expect.objectContaining({ code: 'SP-9001' }));
  });

  it('is refused when it is not as expected', () => {
    const login = {
      user: 'a',
      algorithm: 'b',
      certificate: Buffer.alloc(0),
      sign: () => Promise.reject(new Error('not asked')),
      failed: () => undefined,
    };
    // A client that was never told to connect has no protocol yet.
    expect(() => loginByCertificate(new Client(), login)).toThrow(expect.objectContaining({ code: 'SP-9001' }));
    expect(() => refuseServerChannels(new Client(), () => undefined)).toThrow(
      expect.objectContaining({ code: 'SP-9001' }),
    );
  });
});

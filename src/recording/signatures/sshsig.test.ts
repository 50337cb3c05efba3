import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publicKeyLine } from './keys.ts';
import { signSsh, verifySsh } from './sshsig.ts';

const kinds = [
  ['ed25519', () => generateKeyPairSync('ed25519').privateKey],
  ['P-256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
] as const;

describe.each(kinds)('an SSH signature by a %s key', (_name, makeKey) => {
  it('is accepted by ssh-keygen -Y verify', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sshsig-'));
    // ECDSA numbers with a high bit or leading zeros take other mpint forms: many keys make it likely that they are met.
    for (let turn = 0; turn < 8; turn += 1) {
      const privateKey = makeKey();
      const signature = signSsh({ privateKey, namespace: 'recording@sallyport', message: 'manifest text\n' });
      writeFileSync(join(folder, 'allowed'), `someone ${publicKeyLine(privateKey)}\n`);
      writeFileSync(join(folder, 'sig'), signature);
      const out = execFileSync(
        'ssh-keygen',
        [
          '-Y',
          'verify',
          '-f',
          join(folder, 'allowed'),
          '-I',
          'someone',
          '-n',
          'recording@sallyport',
          '-s',
          join(folder, 'sig'),
        ],
        { input: 'manifest text\n' },
      );
      expect(out.toString()).toContain('Good "recording@sallyport" signature');
      expect(
        verifySsh({
          publicKey: publicKeyLine(privateKey),
          namespace: 'recording@sallyport',
          message: 'manifest text\n',
          signature,
        }),
      ).toBe(true);
    }
  });

  it('is refused for another namespace, message, key, or when a character is changed', () => {
    const privateKey = makeKey();
    const publicKey = publicKeyLine(privateKey);
    const signature = signSsh({ privateKey, namespace: 'grant@sallyport', message: 'text' });
    expect(verifySsh({ publicKey, namespace: 'lease@sallyport', message: 'text', signature })).toBe(false);
    expect(verifySsh({ publicKey, namespace: 'grant@sallyport', message: 'texT', signature })).toBe(false);
    expect(
      verifySsh({ publicKey: publicKeyLine(makeKey()), namespace: 'grant@sallyport', message: 'text', signature }),
    ).toBe(false);
    const lines = signature.split('\n');
    const last = lines.at(-3) ?? '';
    lines[lines.length - 3] = (last.startsWith('A') ? 'B' : 'A') + last.slice(1);
    expect(verifySsh({ publicKey, namespace: 'grant@sallyport', message: 'text', signature: lines.join('\n') })).toBe(
      false,
    );
    expect(verifySsh({ publicKey, namespace: 'grant@sallyport', message: 'text', signature: '' })).toBe(false);
  });
});

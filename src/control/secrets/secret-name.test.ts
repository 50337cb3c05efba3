import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSecretName } from '../vault.ts';
import { passwordSecretName, placeOfSecret } from './secret-name.ts';

describe('the name of a password in the vault', () => {
  it.each([
    ['switch-01', 'admin', 'passwords/switch-01/admin'],
    ['sw.north', 'DOMAIN\\anna', 'passwords/sw.north/DOMAIN%5Canna'],
    ['a', '../../ssh-authority', 'passwords/a/..%2F..%2Fssh-authority'],
    ['a', '..', 'passwords/a/%2E%2E'],
    ['a', 'ö@x y%', 'passwords/a/%C3%B6%40x%20y%25'],
  ])('of %s and %s is %s', (target, login, name) => {
    expect(passwordSecretName({ target, login })).toBe(name);
    expect(placeOfSecret(name)).toEqual({ target, login });
  });

  it('is one that every vault takes, never climbs, and is different for different logins', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((each) => each.isWellFormed());
    fc.assert(
      fc.property(text, text, (target, login) => {
        const name = passwordSecretName({ target, login });
        expect(() => checkSecretName(name)).not.toThrow();
        expect(placeOfSecret(name)).toEqual({ target, login });
      }),
    );
  });

  it.each(['wrapping-key', 'passwords/a', 'passwords/a/b/c', 'passwords/a/%2e', 'passwords/a/%', 'passwords/%41/b'])(
    'is not %s',
    (name) => expect(placeOfSecret(name)).toBeNull(),
  );
});

import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { blobOfLine, fingerprint, publicKeyLine } from '../../recording/signatures/keys.ts';
import { applyDocumentSchema } from '../../shared/protocol/control-api.ts';
import { newPasswordPlaces } from './password-places.ts';

const [one, other] = [1, 2].map(() => publicKeyLine(generateKeyPairSync('ed25519').publicKey)) as [string, string];
const byPassword = {
  host: 'sw.example',
  hostKeys: [one],
  logins: [{ name: 'admin', credential: 'password' as const }],
};

function target(change: object = {}) {
  return applyDocumentSchema.shape.targets.element.parse({ name: 'switch-01', ...byPassword, ...change });
}
const place = { target: 'switch-01', host: 'sw.example', port: 22, hostKeys: [fingerprint(blobOfLine(one))] };

test('a target by password is told of when it is new, and not again', () => {
  expect(newPasswordPlaces([], [target()])).toEqual([place]);
  expect(newPasswordPlaces([target()], [target({ labels: { team: 'net' }, logins: byPassword.logins })])).toEqual([]);
});

test('and when its address, its port or its host keys are others, or it takes passwords only now', () => {
  expect(newPasswordPlaces([target()], [target({ host: 'evil.example' })])).toEqual([
    { ...place, host: 'evil.example' },
  ]);
  expect(newPasswordPlaces([target()], [target({ port: 2222 })])).toEqual([{ ...place, port: 2222 }]);
  expect(newPasswordPlaces([target()], [target({ hostKeys: [one, other] })])).toHaveLength(1);
  expect(newPasswordPlaces([target({ logins: [{ name: 'admin' }] })], [target()])).toEqual([place]);
});

test('one by certificate never is', () => {
  expect(newPasswordPlaces([], [target({ logins: [{ name: 'admin' }] })])).toEqual([]);
});

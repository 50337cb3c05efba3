import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { makeDeviceKey } from '../identity/device-key.ts';
import { fillPath } from './client.ts';
import { makeProofMaker, proofTarget } from './proof.ts';

test.each([
  ['https://control.example/v1/me', 'https://control.example/v1/me'],
  ['https://control.example:8443/v1/recordings?limit=5#x', 'https://control.example:8443/v1/recordings'],
  ['wss://127.0.0.1:8443/v1/control', 'https://127.0.0.1:8443/v1/control'],
  ['https://control.example:443/v1/me', 'https://control.example/v1/me'],
])('the proof of %s names %s', (url, htu) => {
  expect(proofTarget(url)).toBe(htu);
});

test('a proof verifies by the device key and is used once', async () => {
  const key = makeDeviceKey();
  const proofs = await makeProofMaker(key);
  const [one, two] = await Promise.all([
    proofs.proof('PUT', 'wss://h:1/v1/control?x=1'),
    proofs.proof('PUT', 'wss://h:1/v1/control'),
  ]);
  const header = decodeProtectedHeader(one!);
  expect(header).toMatchObject({ alg: 'ES256', typ: 'dpop+jwt' });
  expect(await calculateJwkThumbprint(header.jwk!)).toBe(await calculateJwkThumbprint(key.jwk));
  const { payload } = await jwtVerify(one!, await importJWK(key.jwk, 'ES256'));
  expect(payload).toMatchObject({ htm: 'PUT', htu: 'https://h:1/v1/control' });
  expect(Math.abs(payload.iat! - Date.now() / 1000)).toBeLessThan(5);
  expect((await jwtVerify(two!, await importJWK(key.jwk, 'ES256'))).payload.jti).not.toBe(payload.jti);
});

test('a parameter cannot climb out of its path segment', () => {
  expect(fillPath('/v1/sessions/:sessionId/kill', { sessionId: '../../x?y' })).toBe(
    '/v1/sessions/..%2F..%2Fx%3Fy/kill',
  );
  expect(() => fillPath('/v1/sessions/:sessionId', { sessionId: '..' })).toThrow(TypeError);
  expect(() => fillPath('/v1/sessions/:sessionId', {})).toThrow(TypeError);
});

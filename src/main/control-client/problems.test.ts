import { expect, test } from 'vitest';
import { clockAheadMs, problemOfAnswer, unreachable } from './problems.ts';

const address = 'https://control.example:8443';

test.each([
  ['ECONNREFUSED', 'SP-1003', 'nothing answers on that port'],
  ['ENOTFOUND', 'SP-1003', 'the name is not known'],
  ['UND_ERR_CONNECT_TIMEOUT', 'SP-1003', 'it does not answer'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'SP-1004', 'not by the authority'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SP-1004', 'not by the authority'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'SP-1004', 'not by the authority'],
  ['CERT_HAS_EXPIRED', 'SP-1009', 'has expired'],
  ['CERT_NOT_YET_VALID', 'SP-1009', 'is not valid yet'],
])('%s becomes %s in words that name the address', (code, expected, words) => {
  const error = unreachable(address, Object.assign(new Error('x'), { cause: Object.assign(new Error('y'), { code }) }));
  expect(error.code).toBe(expected);
  expect(error.message).toContain(address);
  expect(error.message).toContain(words);
});

test('a problem document keeps its code and words', () => {
  const body = {
    type: 'about:blank',
    title: 'locked',
    status: 403,
    code: 'SP-2003',
    detail: 'Mira Okafor locked it.',
    facts: { lock: '1' },
  };
  expect(problemOfAnswer({ address, status: 403, body, clockAheadMs: null })).toMatchObject({
    code: 'SP-2003',
    message: 'Mira Okafor locked it.',
    facts: { lock: '1' },
  });
});

test('a refused proof on a wrong clock says which clock', () => {
  const body = { type: 'about:blank', title: 'proof', status: 401, code: 'SP-1006', detail: 'The proof is not fresh.' };
  const problem = (ahead: number | null) => problemOfAnswer({ address, status: 401, body, clockAheadMs: ahead });
  const said = (ahead: number | null) => problem(ahead).message;
  expect([problem(300_000).code, problem(2000).code]).toEqual(['SP-1009', 'SP-1006']);
  expect(said(86_400_000)).toContain('24 hours ahead of');
  expect(said(300_000)).toContain('5 minutes ahead of');
  expect(said(-90_000)).toContain('90 seconds behind');
  expect(said(2000)).toBe('The proof is not fresh.');
  expect(said(null)).toBe('The proof is not fresh.');
});

test('an answer that is no problem document: 5xx can be tried again, 4xx is somebody else’s server', () => {
  expect(problemOfAnswer({ address, status: 502, body: '<html>', clockAheadMs: null }).code).toBe('SP-1003');
  expect(problemOfAnswer({ address, status: 404, body: undefined, clockAheadMs: null }).code).toBe('SP-9002');
});

test('the clock is compared with the Date header', () => {
  expect(clockAheadMs('Tue, 24 Nov 2026 08:00:00 GMT', Date.parse('2026-11-24T08:01:00Z'))).toBe(60_000);
  expect(clockAheadMs(undefined, 0)).toBeNull();
  expect(clockAheadMs('yesterday', 0)).toBeNull();
});

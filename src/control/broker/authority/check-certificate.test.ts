import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blobOfLine, publicKeyBlob, publicKeyLine } from '../../../recording/signatures/keys.ts';
import { makeUserCertificate } from '../certificate.ts';
import { checkCertificate } from './check-certificate.ts';
import type { CertificateRequest } from './ssh-authority.ts';

const now = 1_800_000_000;
const { publicKey } = generateKeyPairSync('ed25519');
const asked: CertificateRequest = {
  publicKey,
  keyId: 'jonas session-1 web-01',
  principals: ['deploy'],
  validAfter: now - 60,
  validBefore: now + 240,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-certificate-'));
  for (const name of ['authority', 'other'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path.join(folder, name)]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const authorityBlob = (name = 'authority') => blobOfLine(readFileSync(path.join(folder, `${name}.pub`), 'utf8'));

interface Made {
  authority?: string;
  key?: KeyObject;
  id?: string;
  names?: string;
  from?: number;
  to?: number;
  extra?: string[];
}

/** A certificate by OpenSSH's own tool. */
function make(changes: Made = {}): Buffer {
  const { authority = 'authority', key = publicKey, id = asked.keyId, names = 'deploy', extra = [] } = changes;
  const file = path.join(folder, 'key.pub');
  writeFileSync(file, `${publicKeyLine(key)}\n`);
  const times = `${stamp(changes.from ?? now - 60)}:${stamp(changes.to ?? now + 240)}`;
  const permit = extra.includes('-h') ? [] : ['-O', 'clear', '-O', 'permit-pty'];
  const who = names === '' ? [] : ['-n', names];
  const args = ['-q', '-s', path.join(folder, authority), '-I', id, ...who, '-V', times, ...permit, ...extra, file];
  execFileSync('ssh-keygen', args, { env: { ...process.env, TZ: 'UTC' } });
  return Buffer.from(readFileSync(path.join(folder, 'key-cert.pub'), 'utf8').split(' ')[1] ?? '', 'base64');
}

function stamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/[-:T]|\..*/g, '');
}

const check = (blob: Uint8Array) => checkCertificate(blob, asked, { authority: authorityBlob(), now });

describe('a certificate that a vault signed', () => {
  it('is good when it is exactly what was asked, also when it is shorter', () => {
    expect(check(make())).toBeNull();
    expect(check(make({ from: now - 10, to: now + 100 }))).toBeNull();
  });

  it.each<[string, Made, string]>([
    ['another principal', { names: 'root' }, 'principals'],
    ['one more principal', { names: 'deploy,root' }, 'principals'],
    ['no principal, which would mean anybody', { names: '' }, 'principals'],
    ['another key', { key: generateKeyPairSync('ed25519').publicKey }, 'key'],
    ['another key id', { id: 'eeva session-1 web-01' }, 'key-id'],
    ['a longer life', { to: now + 241 }, 'validity'],
    ['a life of the right length, later', { from: now + 1, to: now + 240 }, 'validity'],
    ['a life that is over', { from: now - 300, to: now }, 'validity'],
    ['an end later than asked', { from: now, to: now + 301 }, 'validity'],
    ['port forwarding', { extra: ['-O', 'permit-port-forwarding'] }, 'extensions'],
    ['an agent', { extra: ['-O', 'permit-agent-forwarding'] }, 'extensions'],
    ['X11', { extra: ['-O', 'permit-X11-forwarding'] }, 'extensions'],
    ['no terminal', { extra: ['-O', 'no-pty'] }, 'extensions'],
    ['a forced command', { extra: ['-O', 'force-command=id'] }, 'critical-options'],
    ['the type of a host', { extra: ['-h'] }, 'type'],
    ['another authority', { authority: 'other' }, 'authority'],
  ])('is refused with %s', (_name, changes, expected) => {
    expect(check(make(changes))).toBe(expected);
  });

  it('is refused when the authority did not sign it, is cut or has a tail', () => {
    const authority = createPrivateKey({
      key: generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }),
      format: 'der',
      type: 'pkcs8',
    });
    const facts = { ...asked, serial: 1n, authority };
    const pinned = publicKeyBlob(authority);
    const blob = makeUserCertificate(facts);
    expect(checkCertificate(blob, asked, { authority: pinned, now })).toBeNull();
    expect(checkCertificate(Buffer.concat([blob, Buffer.from([0])]), asked, { authority: pinned, now })).toBe('shape');
    expect(checkCertificate(blob.subarray(0, -1), asked, { authority: pinned, now })).toBe('shape');
    const forged = Buffer.from(blob);
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    expect(checkCertificate(forged, asked, { authority: pinned, now })).toBe('signature');
  });

  it('is never accepted with any byte changed, and nothing makes the check throw', () => {
    const good = make();
    const authority = authorityBlob();
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(good);
        changed[at] = (changed[at] ?? 0) ^ by;
        expect(checkCertificate(changed, asked, { authority, now })).not.toBeNull();
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => checkCertificate(bytes, asked, { authority, now }) !== null));
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeInvite } from '../../shared/protocol/invite.ts';
import { readInvite } from './enrolment.ts';
import { fixedSettings, readManagedPolicy } from './policy-file.ts';

const trustRoot = 'ab'.repeat(32);
const managed = { address: 'https://control.example:8443', trustRoot, organisation: 'Example', settings: {}, by: null };
const whole = (address: string, root = trustRoot) => encodeInvite({ v: 0, address, trustRoot: root, code: 'ABCD2345' });

test('a managed device takes the code alone, in the way people type it', () => {
  expect(readInvite(' abcd-2345 ', managed)).toEqual({ v: 0, address: managed.address, trustRoot, code: 'ABCD2345' });
});

test('a managed device refuses another server’s invite', () => {
  expect(readInvite(whole('https://control.example:8443'), managed).code).toBe('ABCD2345');
  expect(() => readInvite(whole('https://evil.example'), managed)).toThrow('another server than control.example:8443');
  expect(() => readInvite(whole('https://control.example:8443', 'cd'.repeat(32)), managed)).toThrow('another server');
});

test('an unmanaged device needs the whole invite', () => {
  expect(readInvite(whole('https://control.example'), null).address).toBe('https://control.example');
  expect(() => readInvite('ABCD-2345', null)).toThrow('not a whole invite');
});

test('the policy file is strict, and a mistake in it is said', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'policy-'));
  const path = join(folder, 'policy.json');
  expect(await readManagedPolicy(path)).toBeNull();
  writeFileSync(path, JSON.stringify({ address: 'https://control.example/', trustRoot }));
  expect(await readManagedPolicy(path)).toEqual({
    address: 'https://control.example',
    trustRoot,
    organisation: null,
    settings: {},
    by: null,
  });
  for (const wrong of [
    '{',
    '{}',
    JSON.stringify({ address: 'http://control.example', trustRoot }),
    JSON.stringify({ address: 'https://control.example', trustRoot, code: 'ABCD2345' }),
    JSON.stringify({ address: 'https://control.example', trustRoot, settings: { pasteGuard: 'sometimes' } }),
    JSON.stringify({ address: 'https://control.example', trustRoot, settings: { pasteGard: 'always' } }),
  ]) {
    writeFileSync(path, wrong);
    await expect(readManagedPolicy(path)).rejects.toThrow(path);
  }
  rmSync(folder, { recursive: true });
});

test('a policy may fix settings, in words of its own, in its organisation’s, or in ours', async () => {
  const policy = { address: 'https://control.example', trustRoot, organisation: 'Norrland', by: null, settings: {} };
  const settings = { pasteGuard: 'always' } as const;
  expect(fixedSettings(null)).toBeNull();
  expect(fixedSettings(policy)).toBeNull();
  expect(fixedSettings({ ...policy, settings, by: 'IT operations, Norrland' })).toEqual({
    by: 'IT operations, Norrland',
    settings,
  });
  expect(fixedSettings({ ...policy, settings })).toEqual({ by: 'Norrland', settings });
  expect(fixedSettings({ ...policy, settings, organisation: null })?.by).toBe('your organisation');
});

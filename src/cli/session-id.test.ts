import { expect, test } from 'vitest';
import { UsageError } from './environment.ts';
import { wholeId } from './session-id.ts';

const ids = ['5d0e1f2a-0000-4000-8000-000000000001', '5d0e1f2b-0000-4000-8000-000000000002'];
const known = async () => ids;

test('six characters of an id stand for it, if for no other', async () => {
  expect(await wholeId('5d0e1f2a', known)).toBe(ids[0]);
  expect(await wholeId('5d0e1', known)).toBe('5d0e1');
  expect(await wholeId('ffffff', known)).toBe('ffffff');
  await expect(wholeId('5d0e1f', known)).rejects.toThrow(UsageError);
});

import { expect, test } from 'vitest';
import { auditLine } from './line.ts';

test('security 27: one event is one line, whatever it holds, and reads back as it was', () => {
  const hostile = 'a\nb\r\u001b[2Jc\u0085d\u2028e\u202ef\u007f';
  const event = {
    id: 1,
    at: '2026-01-01T00:00:00.000Z',
    event: 'request.refused',
    actor: hostile,
    subject: hostile,
    detail: { [hostile]: hostile },
  };
  const line = auditLine(event);
  expect(line.endsWith('\n')).toBe(true);
  expect(line.slice(0, -1)).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(line)).toEqual(event);
});

import { expect, test } from 'vitest';
import { linkToOpen } from './links.ts';

test.each([
  ['https://wiki.example.org/runbook?a=1#b', 'https://wiki.example.org/runbook?a=1#b'],
  ['http://10.0.0.1:8080', 'http://10.0.0.1:8080/'],
  ['HTTPS://EXAMPLE.org/a b', 'https://example.org/a%20b'],
])('security 43: %s opens', (text, opened) => {
  expect(linkToOpen(text)).toBe(opened);
});

test.each([
  'file:///etc/passwd',
  'javascript:alert(1)',
  'mailto:a@example.org',
  'ssh://root@example.org',
  'x-terminal:run',
  'https://user@example.org/',
  'https://user:secret@example.org/',
  'https://:secret@example.org/',
  'https://',
  '/etc/passwd',
  '',
])('security 43: %s does not open', (text) => {
  expect(() => linkToOpen(text)).toThrow(expect.objectContaining({ code: 'SP-5003' }));
});

test('what is refused is not repeated: a password in an address reaches no screen and no log', () => {
  expect(() => linkToOpen('https://user:hunter2@example.org/')).toThrow(/^(?!.*hunter2)/);
});

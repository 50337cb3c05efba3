import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainBanner } from './banner.ts';

describe('a login banner', () => {
  it('keeps its words and lines', () => {
    expect(plainBanner('Authorised use only.\nCaf\u00e9, \u65e5\u672c\r\n')).toBe(
      'Authorised use only.\r\nCaf\u00e9, \u65e5\u672c\r\n',
    );
    expect(plainBanner('')).toBe('');
  });

  it('loses colours, titles, clipboard writes, cursor moves and hidden characters', () => {
    expect(plainBanner('\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]52;c;AAAA\x1b\\\x1b[2J\x9b1mx\x1bcy\u202ez')).toBe(
      'red xyz\r\n',
    );
    expect(plainBanner('a\x1b]0;never ended')).toBe('a\r\n');
    expect(plainBanner('a\rb\bc\x7f')).toBe('a\r\nbc\r\n');
  });

  it('never lets a control character through but the line ends', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        (text) => !/[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(plainBanner(text).replaceAll('\t', '')),
      ),
    );
    expect(plainBanner('x'.repeat(10_000))).toHaveLength(4098);
  });
});

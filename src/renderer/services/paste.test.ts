import { describe, expect, it } from 'vitest';
import {
  asksBeforePaste,
  asOneLine,
  isMultiLine,
  oddCharacters,
  pastedLines,
  sanitisePaste,
  visiblePieces,
} from './paste.ts';

describe('paste', () => {
  it('cannot end bracketed paste early', () => {
    expect(sanitisePaste('ls\u001b[201~rm -rf /\u009b1m\u0000')).toBe('ls[201~rm -rf /1m');
  });

  it('keeps tabs and line ends, as one kind', () => {
    expect(sanitisePaste('a\tb\r\nc\rd\n')).toBe('a\tb\nc\nd\n');
  });

  it('asks for anything that would run a line', () => {
    expect(isMultiLine('ls')).toBe(false);
    expect(isMultiLine('ls\n')).toBe(true);
    expect(pastedLines('a\n\nb\n')).toEqual(['a', '', 'b']);
    expect(asOneLine('  a \r\n\n  b\nc\n')).toBe('a b c');
  });

  it('asks as the setting says', () => {
    expect(asksBeforePaste('a\nb', 'always', false)).toBe(true);
    expect(asksBeforePaste('a\nb', 'production', true)).toBe(true);
    expect(asksBeforePaste('a\nb', 'production', false)).toBe(false);
    expect(asksBeforePaste('a\nb', 'never', true)).toBe(false);
    expect(asksBeforePaste('ls -la\t', 'always', true)).toBe(false);
  });

  it('asks for one line with something in it that nobody sees', () => {
    expect(asksBeforePaste('ls \u001b[201~', 'always', false)).toBe(true);
    expect(asksBeforePaste('rm \u202etxt.a', 'always', false)).toBe(true);
  });

  it.each([
    ['\u2028', 'line separator'],
    ['\u2029', 'paragraph separator'],
    ['\u{e0072}', 'tag character'],
    ['\u115f', 'Hangul filler'],
    ['\u1160', 'Hangul filler'],
    ['\u3164', 'Hangul filler'],
    ['\uffa0', 'Hangul filler'],
    ['\u00ad', 'soft hyphen'],
    ['\u{1d173}', 'U+1D173'],
    ['\u206a', 'U+206A'],
  ])('sees that nobody sees %j', (char, name) => {
    expect(asksBeforePaste(`ls${char}`, 'always', false)).toBe(true);
    expect(oddCharacters(`ls${char}`).unseen).toEqual([{ name, count: 1 }]);
    expect(visiblePieces(`ls${char}`).at(-1)).toEqual({ text: name, odd: true });
  });

  it('leaves alone what is seen, emoji among it', () => {
    expect(oddCharacters('gr\u00fc\u00dfe \u2764\ufe0f \uac00').unseen).toEqual([]);
  });

  it('names what nobody sees', () => {
    expect(oddCharacters('a\u001b\u001b\u0007\u0001\tb\r\nc\u200b')).toEqual({
      leftOut: [
        { name: 'Escape', count: 2 },
        { name: 'Bell', count: 1 },
        { name: 'Ctrl A', count: 1 },
      ],
      unseen: [{ name: 'zero-width space', count: 1 }],
    });
    expect(visiblePieces('a\u202eb')).toEqual([
      { text: 'a', odd: false },
      { text: 'right-to-left override', odd: true },
      { text: 'b', odd: false },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { isMultiLine, pastedLines, sanitisePaste } from './paste.ts';

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
  });
});

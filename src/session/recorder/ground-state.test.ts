import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScreenModel } from '../../recording/screen/screen-model.ts';
import { GroundState } from './ground-state.ts';

function isGroundAfter(text: string): boolean {
  const state = new GroundState();
  state.push(text);
  return state.isGround;
}

describe('the ground state', () => {
  it.each([
    ['plain text\r\n', true],
    ['\x1b', false],
    ['\x1b[', false],
    ['\x1b[38;5;1', false],
    ['\x1b[31m', true],
    ['\x1b(', false],
    ['\x1b(B', true],
    ['\x1b7', true],
    ['\x1b]0;a title', false],
    ['\x1b]0;a title\x07', true],
    ['\x1b]0;a title\x1b', false],
    ['\x1b]0;a title\x1b\\', true],
    ['\x1bPq#0', false],
    ['\x1bPq#0\x1b\\', true],
    ['\x1b_app\x9c', true],
    ['\u009b31', false],
    ['\u009b31m', true],
    ['\u009dtitle', false],
    ['\x1b[31\x18', true],
    ['\x1b]0;t\x1b[', false],
    ['\x1b]0;t\x1b[m', true],
  ])('after %j is %j', (text, ground) => {
    expect(isGroundAfter(text)).toBe(ground);
  });

  it('is the same however the text was cut', () => {
    const text = fc.array(
      fc.constantFrom('\x1b', '[', ']', 'P', '0', ';', 'm', '\x07', '\\', '\x18', 'ä', '\u009b', '('),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(text, (parts) => {
        const whole = isGroundAfter(parts.join(''));
        const state = new GroundState();
        for (const part of parts) state.push(part);
        expect(state.isGround).toBe(whole);
      }),
    );
  });

  it('is that of the terminal that draws the screen', () => {
    const text = fc.array(
      fc.constantFrom(
        ...['\x1b', '[', ']', 'P', 'X', '_', '^', '0', ';', ':', '>', '?', 'm', '\\', '(', ' ', '$', 'a', 'ä', '漢'],
        ...['\x07', '\x18', '\x1a', '\n', '\x00', '\x7f', '\ufeff'],
        ...['\u0085', '\u0090', '\u0098', '\u009b', '\u009c', '\u009d', '\u009e'],
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(text, (parts) => {
        const screen = new ScreenModel({ cols: 20, rows: 3 });
        screen.write(Buffer.from(parts.join(''), 'utf8'));
        expect(isGroundAfter(parts.join(''))).toBe(screen.inside._inputHandler._parser.currentState === 0);
      }),
      { numRuns: 1500 },
    );
  });
});

import { describe, expect, it } from 'vitest';
import { parseGoTo } from './go-to.ts';

const startedAtMs = new Date(2026, 10, 24, 14, 13, 11).getTime();
const context = { positionMs: 100_000, durationMs: 1_136_000, startedAtMs };
const to = (text: string, rest: Partial<typeof context> = {}) => {
  const answer = parseGoTo(text, { ...context, ...rest });
  return answer.ok ? answer.ms / 1000 : answer.why;
};

describe('a time to go to', () => {
  it.each([
    ['16:20', 980],
    ['0:04', 4],
    [' 90 ', 90],
    ['5 m', 300],
    ['5m', 300],
    ['+30', 130],
    ['-30', 70],
    ['−30', 70],
    ['+1:30', 190],
    ['-1h', 0],
    ['+1h', 1136],
    ['14:29:31', 980],
  ])('%s', (text, seconds) => expect(to(text)).toBe(seconds));

  it('takes hours and minutes as a time of day where they are past its end', () => {
    expect(to('14:20')).toBe(860);
    expect(to('14:20', { durationMs: 600_000 })).toBe(409);
    // The minute in which it began.
    expect(to('14:13', { durationMs: 600_000 })).toBe(0);
  });

  it('counts hours from the start where the recording has them, and past midnight by the clock', () => {
    expect(to('1:02:03', { durationMs: 8 * 3_600_000 })).toBe(3723);
    expect(to('0:30:00', { durationMs: 12 * 3_600_000 })).toBe(1800);
    expect(to('23:00', { durationMs: 12 * 3_600_000 })).toBe(1380);
    const night = new Date(2026, 10, 24, 23, 50, 0).getTime();
    expect(to('00:10:00', { startedAtMs: night, durationMs: 3_600_000 })).toBe(600);
    expect(to('0:20:30', { startedAtMs: night, durationMs: 1_000_000 })).toMatch(/not in it/);
  });

  it('says in words what it cannot find or read', () => {
    expect(to('19:00')).toBe('19:00 is not in it: the recording is 18:56 long and ran from 14:13:11 to 14:32:07.');
    expect(to('1:99')).toMatch(/is not a time/);
    expect(to('soon')).toMatch(/^“soon” is not a time\. Write 16:20/);
    expect(to('+soon')).toMatch(/is not a time/);
    expect(to('  ')).toMatch(/^Write a time/);
  });
});

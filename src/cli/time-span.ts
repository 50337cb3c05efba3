import { InvalidArgumentError } from 'commander';
import { longestAccessSeconds } from '../shared/protocol/access-api.ts';

const units: Record<string, number> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** Seconds of `2h`, `90m`, `1h30m` or `45s`. Throws InvalidArgumentError for anything else, for nothing, and for more than a week. */
export function timeSpan(text: string): number {
  const parts = [...text.matchAll(/(\d{1,6})([dhms])/g)];
  const whole = parts.map(([part]) => part).join('');
  const seconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0);
  if (whole !== text || seconds < 1 || seconds > longestAccessSeconds)
    throw new InvalidArgumentError('A time such as 2h, 90m or 1h30m, a week (7d) at most.');
  return seconds;
}

/** `2 h`, `1 h 30 m`, `45 s`: without the parts that are zero. */
export function spanWords(seconds: number): string {
  let left = seconds;
  const words = Object.entries(units).flatMap(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? [] : [`${count} ${unit}`];
  });
  return words.join(' ') || '0 s';
}

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Forked } from './forked.ts';
import { WarmFork } from './warm-fork.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function makeForks() {
  const made: { say(message: unknown): void; exit(): void; killed: boolean }[] = [];
  const fork = (): Forked<string> => {
    const messages: ((message: unknown) => void)[] = [];
    const exits: ((code: number) => void)[] = [];
    const one = {
      say: (message: unknown) =>
        messages.forEach((listener) => {
          listener(message);
        }),
      exit: () =>
        exits.forEach((listener) => {
          listener(0);
        }),
      killed: false,
    };
    const pid = made.push(one);
    return {
      pid,
      send: () => undefined,
      onMessage: (listener) => messages.push(listener),
      onExit: (listener) => exits.push(listener),
      sigkill: () => {
        one.killed = true;
      },
    };
  };
  return { made, warm: new WarmFork(fork) };
}

test('a spare is made once, taken once, and what it said before is heard', () => {
  const { made, warm } = makeForks();
  warm.prepare(500);
  warm.prepare(500);
  expect(made).toHaveLength(0);
  vi.advanceTimersByTime(500);
  expect(made).toHaveLength(1);
  made[0]!.say('ready');
  const heard: unknown[] = [];
  const taken = warm.take();
  taken.onMessage((message) => heard.push(message));
  made[0]!.say('more');
  expect(heard).toEqual(['ready', 'more']);
  expect(warm.take().pid).toBe(2);
});

test('a spare that died is not handed out; a discarded one is killed and none comes after', () => {
  const { made, warm } = makeForks();
  warm.prepare(0);
  vi.advanceTimersByTime(1);
  made[0]!.exit();
  expect(warm.take().pid).toBe(2);
  warm.prepare(0);
  vi.advanceTimersByTime(1);
  warm.prepare(10);
  warm.discard();
  vi.advanceTimersByTime(100);
  expect(made).toHaveLength(3);
  expect(made[2]!.killed).toBe(true);
});

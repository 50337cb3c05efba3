import { cpus } from 'node:os';

function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

function ownMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Watches what the rest of the machine computes meanwhile. The function it returns takes the CPU time of the test's other processes (milliseconds) and tells
 * how many times slower than alone the test was for that: 2 when half of the machine was left, and 5 at most.
 */
export function watchOthers(): (childrenMs: number) => number {
  const from = { at: performance.now(), busy: busyMs(), own: ownMs() };
  return (childrenMs) => {
    const all = (performance.now() - from.at) * cpus().length;
    const others = Math.max(0, busyMs() - from.busy - (ownMs() - from.own) - childrenMs);
    return all / Math.max(all / 5, all - others);
  };
}

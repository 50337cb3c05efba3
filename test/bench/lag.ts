import { startRunningSession } from '../integration/live-world/running-session.ts';
import { startWorld } from '../integration/live-world/world.ts';
import { type Bench, type Measure, percentile } from './measure.ts';

const goalMs = 1000;
/** As somebody's keys and their echoes come, and as a busy screen does. */
const paces = [
  { name: 'typing', everyMs: 120, bytes: 1 },
  { name: 'output', everyMs: 10, bytes: 200 },
];

export const lag: Bench = {
  name: 'lag',
  what: 'from an event to the server having acknowledged the piece of the journal that holds it, through the real recorder, feed and channel',
  async run(_say, { quick }) {
    const world = await startWorld();
    try {
      const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];
      await world.apply([{ name: 'web-01', host: '10.1.2.3', logins: [{ name: 'deploy' }], hostKeys }]);
      const device = await world.enrol('jonas');
      const measures: Measure[] = [];
      for (const { name, everyMs, bytes } of paces) {
        const running = await startRunningSession(world, await world.open(device, 'web-01', 'deploy'));
        const lags: number[] = [];
        const waits: Promise<void>[] = [];
        running.recorder.output(Buffer.from('first '));
        await running.until(running.size());
        const seconds = quick ? 3 : 30;
        for (let event = 0; event < (seconds * 1000) / everyMs; event += 1) {
          const began = performance.now();
          running.recorder.output(Buffer.alloc(bytes, 'x'));
          waits.push(running.until(running.size()).then(() => void lags.push(performance.now() - began)));
          await new Promise((resolve) => setTimeout(resolve, everyMs));
        }
        await Promise.all(waits);
        running.stop();
        await running.recorder.close({ kind: 'exit', status: 0, signal: null });
        const p99 = percentile(lags, 99);
        measures.push({
          name: `lag, ${name}`,
          unit: 'ms',
          ours: lags,
          peers: [],
          goal: `p99 ${goalMs} ms`,
          met: p99 <= goalMs,
          note: `${lags.length} events of ${bytes} bytes, one each ${everyMs} ms: p50 ${percentile(lags, 50).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms; server in the same process`,
        });
      }
      return measures;
    } finally {
      await world.close();
    }
  },
};

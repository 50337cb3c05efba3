import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { DeviceKey } from '../../../src/lab/owner/device.ts';

export interface Flooded {
  /** Answers of each status. */
  counts: Record<string, number>;
  cpuMs: number;
}

/** Starts a flood from an address of loopback; `ended` tells what came of it. */
export async function startFlood(options: {
  address: string;
  seconds: number;
  from: string;
  claim: DeviceKey['jwk'];
}): Promise<{ ended: Promise<Flooded> }> {
  const orders = { ...options, port: Number(new URL(options.address).port) };
  const child = fork(path.join(import.meta.dirname, 'flooder.ts'), [JSON.stringify(orders)], { execArgv: [] });
  const [first] = (await once(child, 'message')) as [unknown];
  if (first !== 'started') throw new Error('the flood did not start');
  const ended = once(child, 'message').then(([flooded]) => flooded as Flooded);
  return { ended };
}

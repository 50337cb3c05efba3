import { Agent, request } from 'undici';
import { expect } from 'vitest';
import type { World } from '../live-world/world.ts';

/** Asks as a stranger until this machine's address has no request left. The world's `requestsPerMinute` should be few. */
export async function useUpAddress(world: World): Promise<void> {
  // Nothing worth protecting is sent.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  let status = 0;
  for (let at = 0; at < 20 && status !== 429; at += 1) {
    const answer = await request(`${world.server.address}/v1/me`, { dispatcher });
    status = answer.statusCode;
    await answer.body.dump();
  }
  await dispatcher.close();
  expect(status).toBe(429);
}

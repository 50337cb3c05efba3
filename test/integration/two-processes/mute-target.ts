import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { World } from '../live-world/world.ts';

export const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];

/** What listens where a target should, says that it is SSH, and nothing more: for tests of the wire alone. */
export async function startMuteTarget(): Promise<Server> {
  const target = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('SSH-2.0-here\r\n');
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  return target;
}

/** Applies a target of each name that is reached there. */
export async function applyMuteTargets(world: World, target: Server, names: readonly string[]): Promise<void> {
  const { port } = target.address() as { port: number };
  await world.apply(
    names.map((name) => ({ name, host: '127.0.0.1', port, logins: [{ name: 'deploy' }], hostKeys })),
    [`127.0.0.1:${port}`],
  );
}

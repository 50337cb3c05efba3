import { type PortMessage, portMessageSchema } from '../../shared/protocol/ipc.ts';

/** Hands MessagePorts from main to whoever asked for them, in whichever order port and asker come. */
export interface Ports {
  /** Resolves with the port of this kind and id when it is there. Each port is given once. */
  take(kind: PortMessage['kind'], id: string): Promise<MessagePort>;
  /** Forgets a port nobody will ask for any more. */
  forget(kind: PortMessage['kind'], id: string): void;
}

/**
 * Listens for the preload's `port` messages. Only messages that this very window sent to itself count: another frame or origin
 * cannot give us a port.
 */
export function makePorts(target: Window): Ports {
  const arrived = new Map<string, MessagePort>();
  const waiting = new Map<string, (port: MessagePort) => void>();
  target.addEventListener('message', (event) => {
    if (event.source !== target || event.origin !== target.location.origin) return;
    const message = portMessageSchema.safeParse(event.data);
    const port = event.ports[0];
    if (!message.success || port === undefined) return;
    const key = `${message.data.kind} ${message.data.id}`;
    const waiter = waiting.get(key);
    waiting.delete(key);
    if (waiter === undefined) arrived.set(key, port);
    else waiter(port);
  });
  return {
    take(kind, id) {
      const key = `${kind} ${id}`;
      const port = arrived.get(key);
      arrived.delete(key);
      if (port !== undefined) return Promise.resolve(port);
      return new Promise((resolve) => waiting.set(key, resolve));
    },
    forget(kind, id) {
      const key = `${kind} ${id}`;
      arrived.get(key)?.close();
      arrived.delete(key);
      waiting.delete(key);
    },
  };
}

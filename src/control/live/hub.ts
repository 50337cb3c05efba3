import type { ControlToLauncher } from '../../shared/protocol/control-channel.ts';
import type { Bus } from '../bus/bus.ts';

/** One launcher's control channel, as the rest of the server sees it. */
export interface Channel {
  readonly deviceId: string;
  readonly userId: string;
  /** False when the channel is closing. */
  send(message: ControlToLauncher): boolean;
  close(code: number, reason: string): void;
}

export type Changed = Extract<ControlToLauncher, { type: 'changed' }>['what'];

/** Who is connected to this process. */
export interface Hub {
  /** A device has one channel: an older one is superseded (4006). */
  attach(channel: Channel): void;
  detach(channel: Channel): void;
  isConnected(deviceId: string): boolean;
  /** Devices with a channel to this process. */
  connected(): string[];
  /** This device's channel of this process; null when it has none. */
  channelOf(deviceId: string): Channel | null;
  /** False when the device is not connected here. */
  send(deviceId: string, message: ControlToLauncher): boolean;
  /** Tells launchers to ask again, whichever process they are connected to; all of them, or those of one person. */
  changed(what: Changed, userId?: string): void;
  /** Tells those connected to this process alone. */
  changedHere(what: Changed, userId?: string): void;
  closeDevice(deviceId: string, code: number, reason: string): void;
  close(): void;
}

export function makeHub(options: { supersededCode: number; bus: Bus }): Hub {
  const channels = new Map<string, Channel>();

  function changedHere(what: Changed, userId?: string): void {
    for (const channel of channels.values()) {
      if (userId === undefined || channel.userId === userId) channel.send({ type: 'changed', what });
    }
  }

  const unsubscribe = options.bus.subscribe('changed', ({ what, userId }) => changedHere(what, userId ?? undefined));

  return {
    attach(channel) {
      const older = channels.get(channel.deviceId);
      channels.set(channel.deviceId, channel);
      older?.close(options.supersededCode, 'another channel of this device took over');
    },
    detach(channel) {
      if (channels.get(channel.deviceId) === channel) channels.delete(channel.deviceId);
    },
    isConnected: (deviceId) => channels.has(deviceId),
    connected: () => [...channels.keys()],
    channelOf: (deviceId) => channels.get(deviceId) ?? null,
    send: (deviceId, message) => channels.get(deviceId)?.send(message) ?? false,
    changed: (what, userId) => options.bus.publish('changed', { what, userId: userId ?? null }),
    changedHere,
    closeDevice(deviceId, code, reason) {
      channels.get(deviceId)?.close(code, reason);
    },
    close() {
      unsubscribe();
      for (const channel of [...channels.values()]) channel.close(1001, 'the server stops');
    },
  };
}

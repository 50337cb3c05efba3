import type { ControlToLauncher } from '../../shared/protocol/control-channel.ts';

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
  /** False when the device is not connected here. */
  send(deviceId: string, message: ControlToLauncher): boolean;
  /** Tells launchers to ask again; all of them, or those of one person. */
  changed(what: Changed, userId?: string): void;
  closeDevice(deviceId: string, code: number, reason: string): void;
  close(): void;
}

export function makeHub(options: { supersededCode: number }): Hub {
  const channels = new Map<string, Channel>();
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
    send: (deviceId, message) => channels.get(deviceId)?.send(message) ?? false,
    changed(what, userId) {
      for (const channel of channels.values()) {
        if (userId === undefined || channel.userId === userId) channel.send({ type: 'changed', what });
      }
    },
    closeDevice(deviceId, code, reason) {
      channels.get(deviceId)?.close(code, reason);
    },
    close() {
      for (const channel of [...channels.values()]) channel.close(1001, 'the server stops');
    },
  };
}

import { sql } from 'kysely';
import type { CoreContext } from '../context.ts';
import type { Channel, Hub } from './hub.ts';

/** A device has one control channel over all processes, the newest: the database numbers them, and a smaller number is superseded (4006). */
export interface OneChannel {
  /** Numbers a channel that was attached here, and lets the other processes close an older one. */
  claim(channel: Channel): Promise<void>;
  /** Closes what a process superseded that could not be heard. */
  look(): Promise<void>;
}

export function makeOneChannel(parts: { core: CoreContext; hub: Hub; supersededCode: number }): OneChannel {
  const { core, hub } = parts;
  const numbers = new WeakMap<Channel, number>();

  function closeOlder(deviceId: string, newest: number): void {
    const channel = hub.channelOf(deviceId);
    const number = channel === null ? undefined : numbers.get(channel);
    if (number !== undefined && number < newest)
      channel?.close(parts.supersededCode, 'another channel of this device took over');
  }

  core.bus.subscribe('channel-opened', ({ deviceId, number }) => closeOlder(deviceId, number));

  return {
    async claim(channel) {
      if (core.shared === null) return;
      const { deviceId } = channel;
      const { number } = await core.writer
        .insertInto('control_channels')
        .values({ device_id: deviceId, number: 1, process_id: core.bus.processId })
        .onConflict((conflict) =>
          conflict
            .column('device_id')
            .doUpdateSet({ number: sql<number>`control_channels.number + 1`, process_id: core.bus.processId }),
        )
        .returning('number')
        .executeTakeFirstOrThrow();
      numbers.set(channel, number);
      core.bus.publish('channel-opened', { deviceId, number });
    },
    async look() {
      if (core.shared === null) return;
      const rows = await core.shared.db
        .selectFrom('control_channels')
        .select(['device_id', 'number'])
        .where('device_id', '=', sql<string>`any(${hub.connected()}::text[])`)
        .execute();
      for (const row of rows) closeOlder(row.device_id, row.number);
    },
  };
}

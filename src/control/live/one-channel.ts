import { sql } from 'kysely';
import type { CoreContext } from '../context.ts';
import type { Channel, Hub } from './hub.ts';

/** A device has one control channel over all processes, the newest: the database numbers them, and a smaller number is superseded (4006). */
export interface OneChannel {
  /**
   * Numbers a channel that was attached here, and lets the other processes close an older one. Claims of a device take their turns, and one whose channel
   * has gone meanwhile gets no number: coming late it would count as newer than the channel that followed, and close it. Resolves to whether the channel
   * is this device's own now; nothing is to be answered on it before.
   */
  claim(channel: Channel): Promise<boolean>;
  /** Closes what a process superseded that could not be heard. */
  look(): Promise<void>;
}

export function makeOneChannel(parts: { core: CoreContext; hub: Hub; supersededCode: number }): OneChannel {
  const { core, hub } = parts;
  const numbers = new WeakMap<Channel, number>();
  /** By device: the claim that comes last. */
  const turns = new Map<string, Promise<void>>();

  function closeOlder(deviceId: string, newest: number): void {
    const channel = hub.channelOf(deviceId);
    const number = channel === null ? undefined : numbers.get(channel);
    if (number !== undefined && number < newest)
      channel?.close(parts.supersededCode, 'another channel of this device took over');
  }

  async function number(channel: Channel): Promise<boolean> {
    const { deviceId } = channel;
    // A connection first: waiting for one is what takes long.
    const claimed = await core.writer.connection().execute(async (db) => {
      if (hub.channelOf(deviceId) !== channel) return null;
      return db
        .insertInto('control_channels')
        .values({ device_id: deviceId, number: 1, process_id: core.bus.processId })
        .onConflict((conflict) =>
          conflict
            .column('device_id')
            .doUpdateSet({ number: sql<number>`control_channels.number + 1`, process_id: core.bus.processId }),
        )
        .returning('number')
        .executeTakeFirstOrThrow();
    });
    if (claimed === null) return false;
    numbers.set(channel, claimed.number);
    core.bus.publish('channel-opened', { deviceId, number: claimed.number });
    return true;
  }

  core.bus.subscribe('channel-opened', ({ deviceId, number }) => closeOlder(deviceId, number));

  return {
    claim(channel) {
      if (core.shared === null) return Promise.resolve(true);
      const { deviceId } = channel;
      const mine = (turns.get(deviceId) ?? Promise.resolve()).then(() => number(channel));
      const turn = mine.then(
        () => undefined,
        () => undefined,
      );
      turns.set(deviceId, turn);
      void turn.then(() => {
        if (turns.get(deviceId) === turn) turns.delete(deviceId);
      });
      return mine;
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

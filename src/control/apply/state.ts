import { type ApplyDocument, recordingRulesSchema } from '../../shared/protocol/control-api.ts';
import type { Reader } from '../store/database.ts';

/** What is in force, in the shape of the document that would make it so. */
export interface InForce {
  /** Null before the first apply. */
  organisation: ApplyDocument['organisation'] | null;
  version: number;
  people: ApplyDocument['people'];
  targets: ApplyDocument['targets'];
  policies: ApplyDocument['policies'];
}

export async function readInForce(reader: Reader): Promise<InForce> {
  const organisation = await reader.selectFrom('organisation').selectAll().executeTakeFirst();
  const people = await reader.selectFrom('people').selectAll().where('removed_at', 'is', null).execute();
  const targets = await reader.selectFrom('targets').selectAll().where('removed_at', 'is', null).execute();
  const policies = await reader.selectFrom('policies').selectAll().execute();
  return {
    organisation:
      organisation === undefined
        ? null
        : {
            name: organisation.name,
            breakGlassRecipient: organisation.break_glass_recipient,
            deviceKey: organisation.device_key,
            relayExceptions: organisation.relay_exceptions,
            sealedPasswords: organisation.sealed_passwords,
            recording: recordingRulesSchema.parse(organisation.recording),
          },
    version: organisation?.version ?? 0,
    people: people.map(({ id, name, roles, groups }) => ({ id, name, roles, groups })),
    targets: targets.map((row) => ({
      name: row.name,
      description: row.description,
      host: row.host,
      port: row.port,
      route: row.route,
      labels: row.labels,
      production: row.production,
      owner: row.owner,
      needs: row.needs,
      logins: row.logins,
      hostKeys: row.host_keys,
      limits: row.limits,
      recording: row.recording,
    })),
    policies: policies.map(({ id, cedar }) => ({ id, cedar })),
  };
}

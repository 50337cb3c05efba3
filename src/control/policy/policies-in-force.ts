import type { Reader } from '../store/database.ts';
import type { PolicyControl, PolicyText } from './policy.ts';

/**
 * Which version of people, targets and policies (`organisation.version`) this process decides by. Another process may have applied a newer one: who
 * remembers a decision beside a version asks for that version first.
 */
export interface PoliciesInForce {
  readonly version: number;
  /** A rule of this version names recordings, so two of the same person, target and login may differ. */
  readonly namesRecordings: boolean;
  /** Resolves when this process decides by that version or a newer one. */
  upTo(version: number): Promise<void>;
  /** What was applied in this process. `policies` null: they are as they were in the version before. */
  set(version: number, policies: readonly PolicyText[] | null): void;
}

export async function loadPolicies(reader: Reader, policy: PolicyControl): Promise<PoliciesInForce> {
  let known = -1;
  let inForce = '';
  let namesRecordings = false;
  let loading: Promise<void> = Promise.resolve();

  function use(version: number, policies: readonly PolicyText[]): void {
    const text = JSON.stringify([...policies].map(({ id, cedar }) => [id, cedar]).sort());
    // Loading them forgets every decision.
    if (text !== inForce) policy.setPolicies(policies);
    inForce = text;
    // A recording is named as Recording::"id". What only looks like that costs time, nothing else.
    namesRecordings = policies.some(({ cedar }) => /\bRecording\b/.test(cedar));
    known = version;
  }

  async function load(): Promise<void> {
    // In this order: policies that are newer than the version are loaded once more, older ones would be believed.
    const organisation = await reader.selectFrom('organisation').select('version').executeTakeFirst();
    const policies = await reader.selectFrom('policies').selectAll().execute();
    const version = organisation?.version ?? 0;
    if (version > known) use(version, policies);
  }

  await load();
  return {
    get version() {
      return known;
    },
    get namesRecordings() {
      return namesRecordings;
    },
    async upTo(version) {
      if (known >= version) return;
      const next = loading.then(() => (known >= version ? undefined : load()));
      loading = next.catch(() => undefined);
      await next;
    },
    set(version, policies) {
      if (policies !== null && version > known) use(version, policies);
      else if (policies === null && version === known + 1) known = version;
    },
  };
}

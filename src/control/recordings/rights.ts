import type { KeyedStream } from '../../shared/model/recording.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import { ownedResource } from '../live/session-store.ts';
import type { OwnedResource, PolicyRequest } from '../policy/policy.ts';

/** What rules may look at of a recording. */
export interface Judged {
  id: string;
  user_id: string;
  target_id: string;
  login: string;
}

const targetsAtOnce = 5000;

/**
 * What tells recordings apart for the rules in force: person, target and login, and which one it is only where a rule names recordings. So ten thousand are
 * decided by some hundred questions.
 */
export function classOf(core: CoreContext, recording: Judged): string {
  return core.inForce.namesRecordings
    ? recording.id
    : JSON.stringify([recording.user_id, recording.target_id, recording.login]);
}

/** Asks the same questions about each of these recordings. Answers by place: for each recording whether each question is allowed; all is denied of one whose target is not known. */
export async function decideRecordings(
  core: CoreContext,
  actor: Actor,
  recordings: readonly Judged[],
  questions: (resource: OwnedResource) => PolicyRequest[],
): Promise<boolean[][]> {
  const classes = new Map<string, Judged>();
  const keys = recordings.map((recording) => classOf(core, recording));
  for (const [index, key] of keys.entries()) {
    const recording = recordings[index];
    if (recording !== undefined && !classes.has(key)) classes.set(key, recording);
  }
  const targets = await targetsOf(core, [...new Set([...classes.values()].map(({ target_id }) => target_id))]);
  const asked: { key: string; requests: PolicyRequest[] }[] = [];
  for (const [key, recording] of classes) {
    const target = targets.get(recording.target_id);
    if (target === undefined) continue;
    // The same whichever of them is first: the engine remembers by it.
    const id = core.inForce.namesRecordings ? recording.id : 'any';
    asked.push({ key, requests: questions(ownedResource({ ...recording, id }, target)) });
  }
  const decisions = await core.policy.decideMany(
    actor,
    asked.flatMap(({ requests }) => requests),
  );
  const answers = new Map<string, boolean[]>();
  let at = 0;
  for (const { key, requests } of asked) {
    answers.set(
      key,
      requests.map((_, index) => decisions[at + index]?.allowed === true),
    );
    at += requests.length;
  }
  return keys.map((key) => answers.get(key) ?? []);
}

async function targetsOf(core: CoreContext, ids: string[]) {
  const found = [];
  for (let from = 0; from < ids.length; from += targetsAtOnce) {
    const rows = await core.reader
      .selectFrom('targets')
      .selectAll()
      .where('id', 'in', ids.slice(from, from + targetsAtOnce))
      .execute();
    found.push(...rows);
  }
  return new Map(found.map((row) => [row.id, row]));
}

export function unlocks(resource: OwnedResource, streams: readonly KeyedStream[]): PolicyRequest[] {
  return streams.map((stream) => ({ action: 'UnlockRecording', resource, context: { stream } }));
}

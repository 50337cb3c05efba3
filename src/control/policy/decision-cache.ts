import type { Decision, PolicyActor } from './policy.ts';

const maxPeople = 64;
const maxDecisionsPerPerson = 30_000;

/**
 * Decisions per person (as they are now: a changed role is another person here), for one version of the policies. The least recently seen
 * person goes first. Requests hold everything that decides, so a changed target has another key.
 */
export class DecisionCache {
  readonly #people = new Map<string, Map<string, Decision>>();

  forPerson(actor: PolicyActor): Map<string, Decision> {
    const key = JSON.stringify([actor.userId, actor.name, actor.roles, actor.groups]);
    const known = this.#people.get(key);
    const decisions = known === undefined || known.size > maxDecisionsPerPerson ? new Map<string, Decision>() : known;
    this.#people.delete(key);
    this.#people.set(key, decisions);
    if (this.#people.size > maxPeople) {
      const oldest = this.#people.keys().next().value;
      if (oldest !== undefined) this.#people.delete(oldest);
    }
    return decisions;
  }

  /** Maps handed out before are no longer read by anyone who asks later. */
  clear(): void {
    this.#people.clear();
  }
}

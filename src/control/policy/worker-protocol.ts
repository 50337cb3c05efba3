import type { CedarQuestion } from './entities.ts';
import type { Decision, PolicyText } from './policy.ts';

/** To the policy worker; it answers `decide` and `validate` with the same id. Messages are handled in order. */
export type ToWorker =
  | { type: 'policies'; policies: PolicyText[] }
  | { type: 'validate'; id: number; policies: PolicyText[] }
  | { type: 'decide'; id: number; questions: CedarQuestion[] };

/** `null` in place of a decision: the evaluation failed. */
export type FromWorker =
  | { type: 'policies-loaded'; error: string | null }
  | { type: 'validated'; id: number; problems: string[] }
  | { type: 'decided'; id: number; decisions: (Decision | null)[] };

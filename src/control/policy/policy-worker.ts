// Evaluates Cedar policies away from the server's own thread: a crash in the evaluator, or a slow policy, stops no request but those that
// wait for it. Started by engine.ts.
import { parentPort } from 'node:worker_threads';
import {
  type DetailedError,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { CedarQuestion } from './entities.ts';
import type { Decision, PolicyText } from './policy.ts';
import { cedarSchema } from './schema.ts';
import type { FromWorker, ToWorker } from './worker-protocol.ts';

const setName = 'current';
const schemaName = 'sallyport';

function asRecord(policies: PolicyText[]): Record<string, string> {
  return Object.fromEntries(policies.map((policy) => [policy.id, policy.cedar]));
}

function words(error: DetailedError): string {
  const label = error.sourceLocations?.find((location) => location.label !== null)?.label;
  return [error.message, label, error.help].filter((part) => part != null).join('; ');
}

/** Every reason why these policies may not be used; warnings count, since a policy that can never apply is a mistake. */
function problemsOf(policies: PolicyText[]): string[] {
  const answer = validate({ schema: cedarSchema, policies: { staticPolicies: asRecord(policies) } });
  if (answer.type === 'failure') return answer.errors.map(words);
  const errors = answer.validationErrors.map((found) => words(found.error));
  return errors.length > 0 ? errors : answer.validationWarnings.map((found) => words(found.error));
}

function decide(question: CedarQuestion): Decision | null {
  const answer = statefulIsAuthorized({
    ...question,
    preparsedPolicySetId: setName,
    preparsedSchemaName: schemaName,
    validateRequest: true,
  });
  if (answer.type === 'failure') return null;
  // A policy that fails while it is evaluated is skipped by Cedar: a forbid that fails would let through what it forbids.
  if (answer.response.diagnostics.errors.length > 0) return null;
  return { allowed: answer.response.decision === 'allow', policies: answer.response.diagnostics.reason };
}

function load(policies: PolicyText[]): string | null {
  const parsed = preparsePolicySet(setName, { staticPolicies: asRecord(policies) });
  return parsed.type === 'success' ? null : parsed.errors.map(words).join('; ');
}

function answer(message: ToWorker): FromWorker {
  switch (message.type) {
    case 'policies':
      return { type: 'policies-loaded', error: load(message.policies) };
    case 'validate':
      return { type: 'validated', id: message.id, problems: problemsOf(message.policies) };
    case 'decide':
      return { type: 'decided', id: message.id, decisions: message.questions.map(decide) };
  }
}

const schemaParsed = preparseSchema(schemaName, cedarSchema);
if (schemaParsed.type === 'failure')
  throw new Error(`the policy schema is invalid: ${schemaParsed.errors.map(words).join('; ')}`);
parentPort?.on('message', (message: ToWorker) => parentPort?.postMessage(answer(message)));

import { randomInt } from 'node:crypto';
import type { RecordingRules } from '../../shared/protocol/control-api.ts';
import type { GrantPayload } from '../../shared/protocol/signed.ts';
import type { TargetRow } from './session-store.ts';

/**
 * How a session to a target is recorded: what its row says, else the organisation's rules. Wires are kept where bytes go through the relay only. `chance`: whole numbers below `oneIn`, for
 * `sampled`.
 */
export function recordingOf(
  target: Pick<TargetRow, 'recording' | 'route' | 'reexchange_failed_at'>,
  rules: RecordingRules,
  chance: (oneIn: number) => number = (oneIn) => randomInt(oneIn),
): Pick<GrantPayload, 'recordMode' | 'evidence'> {
  const keep = target.recording.wire ?? rules.wire.keep;
  const wire = target.route === 'relay' && (keep === 'full' || (keep === 'sampled' && chance(rules.wire.oneIn) === 0));
  const anchors = (target.recording.anchors ?? rules.anchors) && target.reexchange_failed_at === null;
  return { recordMode: target.recording.mode ?? rules.mode, evidence: { anchors, wire } };
}

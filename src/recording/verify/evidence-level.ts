import { type EvidenceLevel, evidenceLevelOf } from '../../shared/model/session.ts';
import type { CheckList } from './checks.ts';
import type { CheckedAnchors } from './verify-anchors.ts';

export const levelNames: Record<EvidenceLevel, string> = {
  'anchored-with-wire': 'anchored with wire',
  anchored: 'anchored',
  'wire-only': 'wire only',
  'recorder-only': 'recorder only',
};

/** What must hold for each kind of evidence to count: an anchor or a wire that speaks against the record stands behind nothing. */
const anchorChecks = ['anchors', 'crossing'];
const wireChecks = ['wire', 'crossing'];

/** What stands behind the record, in words, by what was found to hold. Returns the level. */
export function sayLevel(
  anchors: CheckedAnchors,
  wire: { held: boolean; compared: boolean },
  list: CheckList,
): EvidenceLevel {
  const failed = [...new Set([...anchorChecks, ...wireChecks])].filter((name) => !list.holds(name));
  const counts = (names: string[]) => !names.some((name) => failed.includes(name));
  const found = { anchors: anchors.held > 0 && counts(anchorChecks), wire: wire.held && counts(wireChecks) };
  const level = evidenceLevelOf(found);
  const claimed: string[] = [];
  if (found.anchors && !anchors.opened) claimed.push('the anchors were not opened');
  if (found.wire && !wire.compared) claimed.push('the wire was not compared with the recording');
  const words = claimed.length === 0 ? levelNames[level] : `${levelNames[level]}, as it says: ${claimed.join(', ')}`;
  list.good(
    'evidence',
    failed.length === 0 ? words : `${words}; what does not hold counts for nothing: ${failed.join(', ')}`,
  );
  return level;
}

import { type EvidenceLevel, evidenceLevelOf } from '../../shared/model/session.ts';
import type { CheckList } from './checks.ts';
import type { CheckedAnchors } from './verify-anchors.ts';

export const levelNames: Record<EvidenceLevel, string> = {
  'anchored-with-wire': 'anchored with wire',
  anchored: 'anchored',
  'wire-only': 'wire only',
  'recorder-only': 'recorder only',
};

/** What stands behind the record, in words, by what was found to hold. Returns the level. */
export function sayLevel(
  anchors: CheckedAnchors,
  wire: { held: boolean; compared: boolean },
  list: CheckList,
): EvidenceLevel {
  const level = evidenceLevelOf({ anchors: anchors.held > 0, wire: wire.held });
  const claimed: string[] = [];
  if (anchors.held > 0 && !anchors.opened) claimed.push('the anchors were not opened');
  if (wire.held && !wire.compared) claimed.push('the wire was not compared with the recording');
  list.good(
    'evidence',
    claimed.length === 0 ? levelNames[level] : `${levelNames[level]}, as it says: ${claimed.join(', ')}`,
  );
  return level;
}

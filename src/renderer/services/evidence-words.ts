import type { RecordingView } from '../../shared/model/recording.ts';
import type { EvidenceLevel } from '../../shared/model/session.ts';
import { bytes, counted, longDay } from './format.ts';

export interface EvidenceWords {
  word: string;
  /** What it means, in one or two sentences. */
  means: string;
}

const signedFor = 'The target’s own host key has signed for this record.';
const recorderAlone =
  'The recorder signed what it saw. Neither the target’s host key nor a kept wire stands behind it.';

/** What stands behind a record, as it is said everywhere. */
export const evidenceWords: Readonly<Record<EvidenceLevel, EvidenceWords>> = {
  'anchored-with-wire': {
    word: 'Anchored with wire',
    means:
      'The target’s own host key has signed for this record, and the relay kept what crossed, so that both can be compared byte for byte.',
  },
  anchored: {
    word: 'Anchored',
    means: `${signedFor} What crossed the network was not kept beside it.`,
  },
  'wire-only': {
    word: 'Wire only',
    means:
      'The relay kept what crossed, so that the record can be compared with it. The target’s host key has signed for none of it.',
  },
  'recorder-only': {
    word: 'Recorder only',
    means: recorderAlone,
  },
};

/** The level of a running session with how many anchors it has by now. Pure. */
export function runningEvidence(level: EvidenceLevel, anchors: number): EvidenceWords {
  const { word, means } = evidenceWords[level];
  const many = anchors === 0 ? '' : `: ${counted(anchors, 'anchor')}`;
  const more =
    anchors === 0
      ? ''
      : ` An anchor is a key exchange in which the host key signs for the record as far as it goes then.`;
  return { word: `${word}${many}`, means: `${means}${more}` };
}

const dayOf = (at: string) => {
  const ms = Date.parse(at);
  return `${longDay(ms)} ${new Date(ms).getFullYear()}`;
};

/** What is kept of the wire of a recording; null where none was to be kept. Pure. */
export function wireWords(wire: RecordingView['wire']): string | null {
  if (wire === null) return null;
  if (wire.releasedAt !== null) return `Deleted ${dayOf(wire.releasedAt)}`;
  const kept = `${bytes(wire.bytesFromTarget)} from the target, ${bytes(wire.bytesToTarget)} to it`;
  return wire.open ? `Being kept: ${kept} so far` : kept;
}

/** What stands behind a stored recording, in sentences: its level, and what became of its wire. Pure. */
export function recordingEvidence(recording: Pick<RecordingView, 'evidence' | 'wire'>): EvidenceWords {
  const { word, means } = evidenceWords[recording.evidence];
  const releasedAt = recording.wire?.releasedAt ?? null;
  if (releasedAt === null) return { word, means };
  const level = recording.evidence;
  const left = level === 'anchored' || level === 'anchored-with-wire' ? signedFor : 'The recorder signed what it saw.';
  return {
    word,
    means: `${left} The wire that the relay had kept was deleted ${dayOf(releasedAt)}, when its time was over.`,
  };
}

/**
 * What stands behind a recording that is replayed: by what its check found to hold; until then (`checked` null) what its list says, with the words for that. Pure.
 */
export function replayEvidence(
  recording: Pick<RecordingView, 'evidence' | 'wire'> | null,
  checked: EvidenceLevel | null,
): EvidenceWords {
  if (checked !== null)
    return recording === null ? evidenceWords[checked] : recordingEvidence({ wire: recording.wire, evidence: checked });
  if (recording === null) return evidenceWords['recorder-only'];
  const { word, means } = recordingEvidence(recording);
  return { word: `${word}, as it says`, means: `${means} Whether that holds is not checked yet.` };
}

import type { RecordingView } from '../../../shared/model/recording.ts';

/** A recording for tests: Jonas Lindqvist on pay-db-03, ended by himself. */
export function makeRecording(sessionId: string, startedAt: string, rest: Partial<RecordingView> = {}): RecordingView {
  return {
    sessionId,
    startedAt,
    user: { id: 'jonas', name: 'Jonas Lindqvist' },
    device: { id: 'd', name: 'd' },
    target: { id: 't', name: 'pay-db-03', address: '10.0.0.1:22', production: true },
    login: 'deploy',
    route: 'relay',
    credential: 'certificate',
    reason: null,
    endedAt: startedAt,
    durationMs: null,
    state: 'complete',
    because: null,
    endReason: 'exit 0',
    killedBy: null,
    evidence: 'recorder-only',
    wire: null,
    segments: [],
    bytes: 0,
    journal: null,
    mayUnlock: [],
    review: {
      reviewed: null,
      hold: null,
      bookmarks: 0,
      findings: { open: 0, closed: 0, worst: null },
      may: { review: false, hold: false },
    },
    ...rest,
  };
}

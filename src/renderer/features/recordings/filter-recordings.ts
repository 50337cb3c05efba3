import type { RecordingView } from '../../../shared/model/recording.ts';

/** The recordings in which every word of `query` is found in person, target, login, reason, end or state; newest first. Pure. */
export function filterRecordings(recordings: readonly RecordingView[], query: string): RecordingView[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return recordings
    .filter((recording) => {
      const text = [
        recording.user.name,
        recording.target.name,
        recording.target.address,
        recording.target.production ? 'production' : '',
        recording.login,
        recording.reason ?? '',
        recording.endReason ?? '',
        recording.because ?? '',
        recording.state,
        recording.startedAt.slice(0, 10),
      ]
        .join('\n')
        .toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
}

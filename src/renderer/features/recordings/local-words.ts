import type { LocalRecording } from '../../../shared/protocol/ipc.ts';
import { bytes } from '../../services/format.ts';

/** What is becoming of a recording that is still here, in words. Pure. */
export function localWords(local: LocalRecording): string {
  switch (local.state) {
    case 'running':
      return 'Recording now';
    case 'waiting':
      return local.problem === null ? `Waiting, ${bytes(local.bytes)} to send` : 'Waiting for another try';
    case 'sending':
      return `Sending, ${bytes(local.bytes)} to go`;
    case 'stuck':
      return 'Stuck';
  }
}

/** How much of it is stored, 0 to 1, by what the store has and what is left here; null before anything is. Pure. */
export function sentShare(local: LocalRecording, storedBytes: number): number | null {
  if (local.state !== 'sending' || storedBytes === 0) return null;
  return storedBytes / (storedBytes + local.bytes);
}

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { StoredFiles } from './check-recording.ts';
import { RecordingCheckError } from './check-recording.ts';

/** The files of a recording in the control server's folder store, found by name: the checker reads them as an auditor with the disk would. */
export function storedFiles(dataFolder: string, sessionId: string): StoredFiles {
  const folder = path.join(dataFolder, 'recordings', sessionId);
  const all = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  function find(name: string): string {
    const found = all.find((each) => path.basename(each) === name);
    if (found === undefined) throw new RecordingCheckError(`the central store holds no ${name} of this recording`);
    return path.join(folder, found);
  }
  return { manifest: find('manifest'), signature: find('manifest.sig'), segment: find };
}

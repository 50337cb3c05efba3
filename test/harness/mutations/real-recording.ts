import type { KeyObject } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openRecorder } from '../../../src/session/recorder/open-recorder.ts';
import type { KeyedStream } from '../../../src/shared/model/recording.ts';
import {
  completeFolder,
  startControlledSession,
  unlockAll,
  type WholeWorld,
} from '../../integration/live-world/whole-recording.ts';
import { runInside } from '../session/session-host.ts';

/** The files of a recording's folder, by name. Never changed in place. */
export type Files = ReadonlyMap<string, Buffer>;

/** A finished recording of a session with a real sshd through the real relay, and every secret that an insider could have. */
export interface RealRecording {
  files: Files;
  identities: Record<KeyedStream, string>;
  serverKey: string;
  /** The private key that signed its manifest. */
  sessionKey: KeyObject;
}

/** What a recording is made of, and nothing else of its folder: `session.json` and the like say nothing. */
const isPart = (name: string) =>
  /^(manifest(\.sig)?|grant\.json|receipts\.json|keys\.json|journal|wire\.|\d{6}\.)/.test(name);

/**
 * Records a session of several output segments, with typing, resizes, receipts while it runs, anchors and the wire, and takes its folder as an export. The session
 * runs in this process, so that its signing key can be had.
 */
export async function makeRealRecording(whole: WholeWorld, marker: string): Promise<RealRecording> {
  let sessionKey: KeyObject | null = null;
  const child = runInside({
    openRecorder: (options) => {
      sessionKey = options.sessionKey;
      return openRecorder(options);
    },
  });
  const { world, device, sshd, reviewer } = whole;
  const session = await startControlledSession({
    world,
    device,
    target: 'web-01',
    login: sshd.login,
    reason: marker,
    child,
  });
  await session.sees(/[#$] $/);
  session.type(`stty -echo; PS1='$ '; echo begin-${marker}-$((40+2))\r`);
  await session.sees(new RegExp(`begin-${marker}-42`));
  session.resize(100, 30);
  session.type('seq 1 45000; echo half-$((1+1))\r');
  await session.sees(/half-2/);
  // The relay says once a second how far it keeps the wire: the receipt shall speak of all of the above.
  session.type('sleep 1.2; echo waited-$((1+3))\r');
  await session.sees(/waited-4/);
  await session.says('evidence', ({ anchors }) => anchors >= 2);
  await session.store();
  session.type('seq 45000 70000; echo rest-$((1+2))\r');
  await session.sees(/rest-3/);
  await session.says('evidence', ({ anchors }) => anchors >= 3);
  await session.store();
  session.type('exit\r');
  await session.ended();
  await session.store();
  const identities = await unlockAll(reviewer, session.sessionId);
  await completeFolder(device, session);
  if (sessionKey === null) throw new Error('there was no recorder');
  return { files: readFolder(session.folder), identities, serverKey: device.serverKey, sessionKey };
}

export function readFolder(folder: string): Files {
  const names = readdirSync(folder).filter(isPart).sort();
  return new Map(names.map((name) => [name, readFileSync(path.join(folder, name))]));
}

/** A folder that is made to hold now these files, now others; only what changed is written. */
export class WorkingFolder {
  readonly folder: string;
  private now: Files = new Map();

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  hold(files: Files): void {
    for (const name of this.now.keys()) if (!files.has(name)) rmSync(path.join(this.folder, name));
    for (const [name, bytes] of files)
      if (this.now.get(name) !== bytes) writeFileSync(path.join(this.folder, name), bytes);
    this.now = new Map(files);
  }
}

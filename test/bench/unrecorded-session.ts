/**
 * The session process with a recorder that keeps nothing, for one measurement alone: what recording costs. Built by the bench into its own copy of the
 * launcher; no product file knows it.
 */
import { generateKeyPairSync } from 'node:crypto';
import { publicKeyLine } from '../../src/recording/signatures/keys.ts';
import { keepYoungGenerationSmall } from '../../src/session/memory.ts';
import { openOwnerLink } from '../../src/session/owner/owner-link.ts';
import type { JournalHead, Recorder, SyncedHead } from '../../src/session/recorder/recorder.ts';
import { makeSession } from '../../src/session/session.ts';

function makeUnrecorded(): Recorder {
  const head: JournalHead = { outputBytes: 0, inputBytes: 0, frames: 0, chain: '0'.repeat(64) };
  const listeners: ((head: SyncedHead) => void)[] = [];
  // Leases live of heads that come.
  setInterval(() => {
    head.frames += 1;
    for (const listener of listeners) listener({ ...head, syncedAt: new Date().toISOString() });
  }, 1000).unref();
  return {
    output: (data) => (head.outputBytes += data.length),
    input: (data) => (head.inputBytes += data.length),
    resize: () => undefined,
    marker: () => undefined,
    exit: () => undefined,
    drained: () => null,
    head: () => ({ ...head }),
    onHead: (listener) => void listeners.push(listener),
    onSealed: () => undefined,
    onFailed: () => undefined,
    headOf: () => null,
    covered: () => ({ lines: 0, digest: '0'.repeat(64) }),
    keepAnchor: async () => undefined,
    receipt: () => undefined,
    sealOpen: async () => undefined,
    close: async () => ({ complete: false }),
  };
}

keepYoungGenerationSmall();
const link = openOwnerLink();
const sessionKey = generateKeyPairSync('ed25519').privateKey;
const session = makeSession({
  link,
  sessionKey,
  openRecorder: async () => makeUnrecorded(),
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
  exit: (code) => process.exit(code),
});
process.on('uncaughtException', session.crashed);
process.on('unhandledRejection', session.crashed);
link.listen(session);
link.send({ type: 'ready', sessionKey: publicKeyLine(sessionKey) });

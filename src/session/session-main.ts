/**
 * A session process: one SSH session, recorded before it is shown. Started by the launcher's main process (Electron's utilityProcess) or forked under
 * plain Node with `serialization: 'advanced'`. It speaks src/shared/protocol/session-control.ts with whoever started it and says nothing on stdout
 * or stderr. Composition root: nothing is decided here.
 */
import { generateKeyPairSync } from 'node:crypto';
import { publicKeyLine } from '../recording/signatures/keys.ts';
import { keepYoungGenerationSmall } from './memory.ts';
import { openOwnerLink } from './owner/owner-link.ts';
import { openRecorder } from './recorder/open-recorder.ts';
import { makeSession } from './session.ts';

keepYoungGenerationSmall();
const link = openOwnerLink();
const sessionKey = generateKeyPairSync('ed25519').privateKey;
const session = makeSession({
  link,
  sessionKey,
  openRecorder,
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
  exit: (code) => process.exit(code),
});

// Whatever goes wrong, the session ends and its record is closed: it never runs on unmanaged.
process.on('uncaughtException', session.crashed);
process.on('unhandledRejection', session.crashed);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, session.gone);

link.listen(session);
link.send({ type: 'ready', sessionKey: publicKeyLine(sessionKey) });

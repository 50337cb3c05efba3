/**
 * A replay process: one recording, fetched through its owner, verified, unlocked and decrypted here, served to the screen. Started by the launcher's
 * main process (Electron's utilityProcess) or forked under plain Node with `serialization: 'advanced'`. It speaks
 * src/shared/protocol/replay.ts and says nothing on stdout or stderr. Composition root: nothing is decided here.
 */
import { openOwnerChannel } from './channels.ts';
import { Replay } from './replay.ts';

const owner = openOwnerChannel();
const replay = new Replay({ owner, exit: () => process.exit(0) });

process.on('uncaughtException', (error) => replay.failed(error));
process.on('unhandledRejection', (error) => replay.failed(error));
owner.listen(replay);

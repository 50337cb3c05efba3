import { connect } from 'node:net';
import path from 'node:path';

/** Where the API listens for those on the machine. */
export function localSocketOf(dataFolder: string): string {
  return path.join(dataFolder, 'control.sock');
}

/** What Node's HTTP reader takes in at once: one buffer for all connections of a process, which is never cleared. */
const readerBytes = 65_536;
/** Lines before a request that a server leaves out (RFC 9112 section 2.2). */
const emptyLines = Buffer.from('\r\n'.repeat(readerBytes / 2));
const atMostMs = 1000;

/**
 * Makes this process read empty lines over its own local socket, so that its HTTP reader holds nothing any more of what it read before. Resolves when
 * they are read, or when the socket does not take them: the server stops. Never rejects.
 */
export function overwriteReader(dataFolder: string): Promise<void> {
  return new Promise((resolve) => {
    const connection = connect(localSocketOf(dataFolder));
    connection.setTimeout(atMostMs, () => connection.destroy());
    // The server closes its side when it has read to the end.
    connection.resume();
    connection.on('error', () => undefined);
    connection.once('close', () => resolve());
    connection.end(emptyLines);
  });
}

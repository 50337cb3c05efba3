import { mkdirSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { makeProof } from '../../../src/lab/owner/device.ts';
import { ControlChannel } from '../../../src/main/control-channel/channel.ts';
import { JournalFeed } from '../../../src/main/sync/journal-feed.ts';
import { openRecorder } from '../../../src/session/recorder/open-recorder.ts';
import { SallyportError } from '../../../src/shared/errors/result.ts';
import type { Session, World } from './world.ts';

/** A launcher's own channel and feed, for one session whose recorder runs here. */
export async function startRunningSession(world: World, session: Session) {
  const { client } = session.device;
  const spool = mkdtempSync(path.join(world.folder, 'spool-'));
  const folder = path.join(spool, session.id);
  mkdirSync(folder);
  const acknowledged = new Set<(offset: number) => void>();
  const said: string[] = [];
  const channel: ControlChannel = new ControlChannel({
    address: client.address,
    trustRoot: client.trustRoot,
    version: 'test',
    liveSessions: () => [session.id],
    means: {
      proof: (url) => makeProof(client.key, 'GET', url.replace(/^wss/, 'https')),
      unreachable: (error) => new SallyportError('SP-1003', String(error)),
      refusal: ({ status }) => new SallyportError('SP-1003', String(status)),
    },
    events: {
      message(message) {
        if (message.type !== 'frames-acknowledged') return;
        feed.acknowledged(message.sessionId, message.offset);
        for (const listener of [...acknowledged]) listener(message.offset);
      },
      online: () => feed.online([session.id]),
      connection: ({ state }) => said.push(state),
    },
  });
  const feed = new JournalFeed({
    spool,
    piece: (piece) => channel.sendPiece(piece),
    say: (message) => channel.send(message),
    log: () => undefined,
  });
  const recorder = await openRecorder({
    folder,
    grant: session.grant,
    grantSigned: session.grantSigned,
    sessionKey: session.key,
    sessionKeyCertificate: session.certificate,
    deviceKey: client.key.line,
    terminal: { cols: 80, rows: 24, term: 'xterm-256color' },
    software: 'sallyport test',
  });
  recorder.onHead(() => feed.grown(session.id));
  channel.start();
  const size = () => statSync(path.join(folder, 'journal')).size;
  return {
    recorder,
    channel,
    said,
    size,
    journal: () => readFileSync(path.join(folder, 'journal')),
    /** Resolves when the server has acknowledged that much of the journal's file. */
    until: (offset: number) =>
      new Promise<void>((resolve) => {
        const listener = (now: number) => {
          if (now < offset) return;
          acknowledged.delete(listener);
          resolve();
        };
        acknowledged.add(listener);
      }),
    stop() {
      feed.stop();
      channel.stop();
    },
  };
}

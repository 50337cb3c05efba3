import { controlChannel } from './control-channel.ts';
import { liftLock, listLocks } from './locks.ts';
import { loginSignature } from './login-signature.ts';
import { getOrder, killSession } from './orders.ts';
import {
  getJournal,
  getManifest,
  getRecording,
  getSegment,
  getTail,
  getWire,
  listRecordings,
  putJournal,
  putManifest,
  putSegment,
  unlock,
} from './recordings.ts';
import { relay } from './relay.ts';
import {
  addBookmark,
  addFinding,
  changeFinding,
  getNotes,
  noteExport,
  removeBookmark,
  search,
  setHold,
  setReviewed,
} from './review.ts';
import type { Route } from './route.ts';
import { sealedPassword } from './sealed-password.ts';
import { listSessions, openSession } from './sessions.ts';
import type { SocketRoute } from './socket.ts';

/** Sessions, orders, locks, recordings; and the control channel and the relay. */
export const sessionRoutes: readonly Route[] = [
  openSession,
  loginSignature,
  sealedPassword,
  listSessions,
  killSession,
  getOrder,
  listLocks,
  liftLock,
  putSegment,
  putManifest,
  putJournal,
  listRecordings,
  getRecording,
  getManifest,
  getSegment,
  getJournal,
  getTail,
  getWire,
  unlock,
  search,
  getNotes,
  addBookmark,
  removeBookmark,
  addFinding,
  changeFinding,
  setReviewed,
  setHold,
  noteExport,
];
export const socketRoutes = [controlChannel, relay] as const satisfies readonly SocketRoute[];
export type SocketPath = (typeof socketRoutes)[number]['path'];

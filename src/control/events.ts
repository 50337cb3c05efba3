import { EventEmitter } from 'node:events';

/** What the parts of the server tell each other after the fact (the change is already in the database). */
export interface ControlEventMap {
  /** Devices lost their right to be here: close their sockets, end their sessions. */
  'devices-revoked': [{ deviceIds: readonly string[]; userId: string; because: string }];
  /** An access request was revoked: end the sessions that were opened under it. */
  'access-ended': [{ requestId: string }];
  /** People, targets or policies changed: what anyone may see may be different now. */
  applied: [{ version: number }];
}

export type ControlEvents = EventEmitter<ControlEventMap>;

export function createEvents(): ControlEvents {
  return new EventEmitter<ControlEventMap>();
}

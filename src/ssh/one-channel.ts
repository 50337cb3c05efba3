import type { Client } from 'ssh2';
import { SallyportError } from '../shared/errors/result.ts';
import { type Handler, protocolOf } from './ssh2-internals.ts';

/** What a target did that no honest one does, in words that follow its name. */
export type Stray =
  | 'sent on a channel that is not open'
  | 'sent more than it had been allowed to'
  | 'said twice how the program ended';

/** No channel has this number (RFC 4254 section 5.1 would allow it; ssh2 does not). */
const noNumber = 0xffff_ffff;

interface OpenChannel {
  incoming: { window: number; state: string };
}

/**
 * Holds a target to the one channel of a session, so that what crossed and what is recorded are the same bytes in the same order. Data beside the output
 * (SSH_MSG_CHANNEL_EXTENDED_DATA) is read as output, where it came: two streams would lose the order. What ssh2 would pass over in silence, or keep without
 * bound, is handed to `strayed` and goes no further: RFC 4254 sections 5.2 and 6.10. Call it when the client has been told to connect. Throws SP-9001.
 */
export function holdToOneChannel(client: Client, strayed: (what: Stray) => void): void {
  const protocol = protocolOf(client);
  const channels = (client as unknown as { _chanMgr?: { get(number: number): unknown } })._chanMgr;
  const { _handlers: handlers } = protocol;
  const inner = (name: string): Handler => {
    const handler = handlers[name];
    if (handler === undefined || typeof channels?.get !== 'function')
      throw new SallyportError(
        'SP-9001',
        'The SSH library is not built as this version of Sallyport expects. No connection was made. Reinstall Sallyport.',
      );
    return handler;
  };
  const channelOf = (number: unknown) => (number === noNumber ? undefined : channels?.get(Number(number)));
  let ours: unknown = null;
  let exits = 0;

  const confirmed = inner('CHANNEL_OPEN_CONFIRMATION');
  handlers.CHANNEL_OPEN_CONFIRMATION = (self, info, ...rest) => {
    const { recipient } = info as { recipient: unknown };
    // ssh2 keeps the one who waits for a channel in its place until it is open.
    if (ours !== null || typeof channelOf(recipient) !== 'function')
      return strayed('sent on a channel that is not open');
    ours = recipient;
    return confirmed(self, info, ...rest);
  };
  for (const name of ['CHANNEL_WINDOW_ADJUST', 'CHANNEL_REQUEST', 'CHANNEL_CLOSE']) {
    const known = inner(name);
    handlers[name] = (self, number, ...rest) => {
      if (ours === null || number !== ours) return strayed('sent on a channel that is not open');
      if (name === 'CHANNEL_REQUEST' && (rest[0] === 'exit-status' || rest[0] === 'exit-signal')) exits += 1;
      if (exits > 1) return strayed('said twice how the program ended');
      return known(self, number, ...rest);
    };
  }
  const data = inner('CHANNEL_DATA');
  const output: Handler = (self, number, bytes) => {
    const channel = channelOf(number) as OpenChannel | undefined;
    if (number !== ours || channel === undefined || channel.incoming.state !== 'open')
      return strayed('sent on a channel that is not open');
    if ((bytes as Uint8Array).length > channel.incoming.window) return strayed('sent more than it had been allowed to');
    return data(self, number, bytes);
  };
  handlers.CHANNEL_DATA = output;
  handlers.CHANNEL_EXTENDED_DATA = output;
}

import type { Connection } from 'ssh2';
import { type Protocol, watchExchanges } from '../../../src/ssh/ssh2-internals.ts';

/** What a target does when it is asked to exchange keys again. */
export type ExchangeRefusal = 'closes' | 'resets' | 'says so' | 'stalls';

/** Makes one connection of an ssh2 server refuse its exchange number `at` (1 is the first) and all later ones. */
export function refuseExchange(connection: Connection, at: number, how: ExchangeRefusal): void {
  const { _protocol: protocol, _sock: socket } = connection as unknown as {
    _protocol: Protocol & { disconnect(reason: number): void };
    _sock: { resetAndDestroy(): void };
  };
  let count = 0;
  watchExchanges(protocol, (exchange) => {
    count += 1;
    if (count < at) return;
    (exchange as unknown as { parse(): void }).parse = () => undefined;
    if (how === 'closes') connection.end();
    if (how === 'resets') socket.resetAndDestroy();
    // SSH_DISCONNECT_PROTOCOL_ERROR (RFC 4253 section 11.1)
    if (how === 'says so') protocol.disconnect(2);
  });
}

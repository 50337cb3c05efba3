import { SallyportError } from '../../shared/errors/result.ts';
import type { GrantPayload } from '../../shared/protocol/signed.ts';
import type { Anchors } from '../anchors.ts';
import { addressOf, type Wire } from './wire.ts';

/** How long a target may take for a second key exchange, in milliseconds. */
const timeoutMs = 5000;

/** What counts against the target itself, whoever hears of it first. */
const ownWords = new Set(['SP-2031', 'SP-2032', 'SP-9001']);

/** What ended a connection. */
export interface Lost {
  error: unknown;
  /** The target said something that ended it (SSH_MSG_DISCONNECT, or what SSH does not allow here); its connection did not just break. */
  saidSo: boolean;
}

/**
 * Has the host key sign the grant, before there is any channel. Rejects with SP-2045 when the target does not exchange keys a second time, with what ended the connection
 * when that was something else. The connection is closed then.
 */
export async function anchorGrant(options: {
  anchors: Pick<Anchors, 'anchorGrant'>;
  grant: GrantPayload;
  wire: Wire;
  lost: Promise<Lost>;
}): Promise<void> {
  const { anchors, grant, wire } = options;
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(cannot(grant, 'stalled')), timeoutMs);
  });
  try {
    await Promise.race([anchors.anchorGrant(), stalled, options.lost.then((lost) => throwLost(lost, options))]);
  } catch (error) {
    wire.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function throwLost(lost: Lost, options: { grant: GrantPayload; wire: Wire }): Promise<never> {
  const { error, saidSo } = lost;
  const { grant, wire } = options;
  if (error instanceof SallyportError && ownWords.has(error.code)) throw error;
  if (saidSo) throw cannot(grant, 'closed');
  const end = await wire.closed;
  // On a direct way a target that hangs up at once looks like a network that failed; through the relay the relay tells them apart.
  if (end.kind === 'ended' || (end.kind === 'network' && grant.route === 'direct')) throw cannot(grant, 'closed');
  throw error;
}

function cannot(grant: GrantPayload, how: 'stalled' | 'closed'): SallyportError {
  const what =
    how === 'closed'
      ? 'closed the connection when it was asked to exchange keys again'
      : `did not answer within ${timeoutMs / 1000} s when it was asked to exchange keys again`;
  return new SallyportError(
    'SP-2045',
    `${grant.target.name} ${what}, so its host key could not stand behind the record. Nothing was opened. It was noted: connect again, and the session runs without anchors and says so.`,
    { facts: { address: addressOf(grant), how } },
  );
}

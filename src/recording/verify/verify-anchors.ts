import { SallyportError } from '../../shared/errors/result.ts';
import type { GrantPayload } from '../../shared/protocol/signed.ts';
import type { Anchor } from '../../shared/record/anchors.ts';
import type { AnchorLine } from '../../shared/record/manifest.ts';
import {
  checkAnchorClaims,
  checkAnchorSecret,
  exchangeKeys,
  openAnchorSecret,
  parseAnchor,
} from '../evidence/anchor.ts';
import type { CheckList } from './checks.ts';
import type { OpenableRecording } from './source.ts';
import { partPlace, storedFault } from './verify-parts.ts';

export type ExchangeKeys = ReturnType<typeof exchangeKeys>;

export interface CheckedAnchors {
  /** Anchors of which everything that was looked at holds. */
  held: number;
  /** Whether their secrets were opened: without that the host key's signature is over what the launcher says. */
  opened: boolean;
  /** The keys of each exchange, in order; only with the identities of both streams. */
  exchanges: ExchangeKeys[];
}

/** All anchors are of one connection. What changes between them, or null. */
function differsFromFirst(first: Anchor, anchor: Anchor): string | null {
  for (const key of ['sshSessionId', 'clientVersion', 'serverVersion', 'hostKey'] as const)
    if (first[key] !== anchor[key]) return `its ${key} is not that of the first anchor: it is of another connection`;
  return null;
}

/**
 * Checks every anchor: the stored bytes, that it is for this grant or for this manifest as far as it went, that a host key of the grant signed. With identities
 * of output and input also opens each secret, rebuilds the exchange hash and checks the host key's signature over it.
 */
export async function checkAnchors(
  recording: OpenableRecording,
  grant: GrantPayload | null,
  list: CheckList,
): Promise<CheckedAnchors> {
  const { manifest, identities } = recording;
  const { output, input } = identities;
  const opening = output === undefined || input === undefined ? null : { output, input };
  const result: CheckedAnchors = { held: 0, opened: opening !== null, exchanges: [] };
  let first: Anchor | null = null;
  for (const line of manifest.anchors) {
    const place = partPlace('anchor', line);
    const stored = await recording.source.segment('anchor', line.seq);
    const damage = storedFault(line, stored);
    if (damage !== null || stored === null) {
      list.bad('anchors', place, damage ?? 'is missing');
      continue;
    }
    try {
      const anchor = parseAnchor(stored);
      const fault =
        claimsFault(recording, grant, line, anchor) ?? (first === null ? null : differsFromFirst(first, anchor));
      first ??= anchor;
      const secretFault = fault ?? (opening === null ? null : await openExchange(anchor, opening, result));
      if (secretFault === null) result.held += 1;
      else list.bad('anchors', place, secretFault);
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      list.bad('anchors', place, error.message);
    }
  }
  if (list.holds('anchors')) list.good('anchors', inWords(recording, result));
  return result;
}

function claimsFault(
  { manifest }: OpenableRecording,
  grant: GrantPayload | null,
  line: AnchorLine,
  anchor: Anchor,
): string | null {
  if (grant === null) return 'cannot be checked: the grant that names the host keys is not the one the server signed';
  return checkAnchorClaims(anchor, {
    session: manifest.header.session,
    seq: line.seq,
    subject: line.subject,
    lines: line.lines,
    digest: line.subject === 'grant' ? manifest.header.grant : (manifest.heads[line.lines] ?? ''),
    hostKeys: grant.hostKeys,
  });
}

async function openExchange(
  anchor: Anchor,
  identities: { output: string; input: string },
  result: CheckedAnchors,
): Promise<string | null> {
  const secret = await openAnchorSecret(anchor, identities);
  try {
    const fault = checkAnchorSecret(anchor, secret);
    if (fault === null) result.exchanges.push(...keysOf(anchor, secret));
    return fault;
  } finally {
    secret.fill(0);
  }
}

/** None for a cipher that no wire is kept under: a session that went to its target directly may have agreed on one. */
function keysOf(anchor: Anchor, secret: Buffer): ExchangeKeys[] {
  try {
    return [exchangeKeys(anchor, secret)];
  } catch (error) {
    if (error instanceof TypeError) return [];
    throw error;
  }
}

function inWords({ manifest }: OpenableRecording, { held, opened }: CheckedAnchors): string {
  if (held === 0)
    return manifest.header.evidence.anchors ? 'none, although the grant asks for them' : 'none, as granted';
  const heads = manifest.anchors.filter((line) => line.subject === 'head').length;
  const covered = manifest.anchors.findLast((line) => line.subject === 'head')?.lines ?? 0;
  const what = `${held} (${held - heads} for the grant, ${heads} for the manifest up to line ${covered})`;
  return opened
    ? `${what}: the target's host key signed each of them`
    : `${what} name what they should; not opened: that needs the keys of output and input`;
}

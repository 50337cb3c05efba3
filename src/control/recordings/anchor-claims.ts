import { checkAnchorClaims, parseAnchor } from '../../recording/evidence/anchor.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { GrantPayload } from '../../shared/protocol/signed.ts';
import type { Manifest } from '../../shared/record/manifest.ts';
import { partFile } from '../../shared/record/parts.ts';
import type { ObjectStore } from './object-store.ts';

/**
 * Checks the anchors of a manifest from `first` on as far as that goes without their secrets: each is for this grant, or for this manifest as far as it
 * went, and a host key of the grant signed what it claims. Returns what does not hold, in words, or null. Throws SP-5010.
 */
export async function anchorFault(
  store: Pick<ObjectStore, 'get'>,
  manifest: Manifest,
  grant: GrantPayload,
  first: number,
): Promise<string | null> {
  const session = manifest.header.session;
  for (const { seq, subject, lines } of manifest.anchors.slice(first)) {
    const stored = await store.get(`${session}/${partFile('anchor', seq)}`);
    if (stored === null) return `anchor ${seq} is not stored`;
    const digest = subject === 'grant' ? manifest.header.grant : (manifest.heads[lines] ?? '');
    const fault = claimFault(stored, { session, seq, subject, lines, digest, hostKeys: grant.hostKeys });
    if (fault !== null) return `anchor ${seq} is none: ${fault}`;
  }
  return null;
}

function claimFault(stored: Buffer, claims: Parameters<typeof checkAnchorClaims>[1]): string | null {
  try {
    return checkAnchorClaims(parseAnchor(stored), claims);
  } catch (error) {
    if (error instanceof SallyportError) return error.message;
    throw error;
  }
}

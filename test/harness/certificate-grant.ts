import type { GrantCredential, GrantPayload } from '../../src/shared/protocol/signed.ts';

/** The certificate of a grant that must have one. Throws when the login is made another way. */
export function certificateOf(
  grant: Pick<GrantPayload, 'credential'>,
): Extract<GrantCredential, { kind: 'certificate' }> {
  if (grant.credential.kind !== 'certificate') throw new Error(`the grant's login is by ${grant.credential.kind}`);
  return grant.credential;
}

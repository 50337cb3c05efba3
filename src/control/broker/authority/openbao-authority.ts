import { z } from 'zod';
import { blobOfLine, keyOfBlob, lineOfBlob, publicKeyLine } from '../../../recording/signatures/keys.ts';
import { SallyportError } from '../../../shared/errors/result.ts';
import type { OpenBao } from '../vault/openbao/openbao.ts';
import { VaultError } from '../vault/openbao/problem.ts';
import { type CertificateCheck, checkCertificate } from './check-certificate.ts';
import type { CertificateRequest, SshAuthority } from './ssh-authority.ts';

const authoritySchema = z.object({ data: z.object({ public_key: z.string().max(16_384) }) });
const roleSchema = z.object({ data: z.object({ key_type: z.string() }) });
const signedSchema = z.object({ data: z.object({ signed_key: z.string().max(65_536) }) });

/** An authority that answered with another certificate than the one it was asked for. */
export class CertificateRefused extends SallyportError {
  readonly check: CertificateCheck;

  constructor(check: CertificateCheck) {
    super(
      'SP-5006',
      `The vault answered with another certificate than the one it was asked for (${check}), so it was not used and nothing was logged in. Tell your administrator: the role in OpenBao differs from docs/operations.md, its clock is off by more than a minute, or something stands in the place of OpenBao.`,
      { facts: { check } },
    );
    this.name = 'CertificateRefused';
    this.check = check;
  }
}

export interface OpenBaoAuthorityOptions {
  openbao: OpenBao;
  mount: string;
  role: string;
  /** The wall clock: certificates carry it. */
  now(): Date;
}

async function readAuthority({ openbao, mount }: OpenBaoAuthorityOptions): Promise<Buffer> {
  const path = `${mount}/config/ca`;
  const answer = await openbao.call({ method: 'GET', path }).catch((error: unknown) => {
    // An SSH mount without an authority answers 400.
    throw error instanceof VaultError && error.problem === 'refused' ? new VaultError('missing', { path }) : error;
  });
  const parsed = authoritySchema.safeParse(answer.body);
  if (answer.status === 404 || !parsed.success) throw new VaultError('missing', { path, status: answer.status });
  try {
    const blob = blobOfLine(parsed.data.data.public_key);
    keyOfBlob(blob);
    return blob;
  } catch {
    throw new VaultError('unexpected', { path });
  }
}

async function checkRole({ openbao, mount, role }: OpenBaoAuthorityOptions): Promise<void> {
  const path = `${mount}/roles/${role}`;
  const answer = await openbao.call({ method: 'GET', path });
  if (answer.status === 404) throw new VaultError('missing', { path, status: 404 });
  const parsed = roleSchema.safeParse(answer.body);
  if (!parsed.success || parsed.data.data.key_type !== 'ca') throw new VaultError('unexpected', { path });
}

/**
 * An authority whose key never leaves OpenBao (`ssh` secrets engine): it signs public keys that the broker made. Its public key is read now and stays
 * the pinned one of this process. Throws SP-5006.
 */
export async function openOpenBaoAuthority(options: OpenBaoAuthorityOptions): Promise<SshAuthority> {
  const { openbao, mount, role } = options;
  const authority = await readAuthority(options);
  await checkRole(options);
  return {
    publicKey: lineOfBlob(authority),
    async certify(request) {
      const now = Math.floor(options.now().getTime() / 1000);
      const path = `${mount}/sign/${role}`;
      const answer = await openbao.call({ method: 'POST', path, body: signBody(request, now) });
      const parsed = signedSchema.safeParse(answer.body);
      if (answer.status === 404) throw new VaultError('missing', { path, status: 404 });
      if (!parsed.success) throw new VaultError('unexpected', { path });
      const blob = Buffer.from(parsed.data.data.signed_key.trim().split(/\s+/)[1] ?? '', 'base64');
      const refused = checkCertificate(blob, request, { authority, now: Math.floor(options.now().getTime() / 1000) });
      if (refused !== null) throw new CertificateRefused(refused);
      return blob;
    },
  };
}

/** The body of `ssh/sign/ROLE`. The vault dates the beginning itself (the role's `not_before_duration`). */
function signBody(request: CertificateRequest, now: number) {
  return {
    public_key: publicKeyLine(request.publicKey),
    cert_type: 'user',
    valid_principals: request.principals.join(','),
    key_id: request.keyId,
    ttl: `${request.validBefore - now}s`,
    extensions: { 'permit-pty': '' },
  };
}

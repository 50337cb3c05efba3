import { z } from 'zod';
import { SallyportError } from '../errors/result.ts';

/**
 * An invite carries the server's address, the SHA-256 of its authority's certificate (DER) and a single-use code, as one pasteable word:
 * `sallyport-` + base64url(JSON). A managed device has address and trust root from its policy file and takes the eight-character code alone.
 */
export const inviteSchema = z.object({
  v: z.literal(0),
  /** https origin, no trailing slash */
  address: z.url(),
  /** lower-case hex SHA-256 of the authority's DER certificate */
  trustRoot: z.string().regex(/^[0-9a-f]{64}$/),
  code: z.string(),
});
export type Invite = z.infer<typeof inviteSchema>;

const prefix = 'sallyport-';

/** Eight characters of Crockford's base 32 (no I, L, O, U), shown as XXXX-XXXX. */
export const codeAlphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Upper-cases, drops separators, maps the letters people confuse. Returns eight characters or null. */
export function normaliseCode(text: string): string | null {
  const code = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return /^[0-9A-HJKMNP-TV-Z]{8}$/.test(code) ? code : null;
}

export function formatCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

export function encodeInvite(invite: Invite): string {
  return prefix + btoa(JSON.stringify(invite)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/** Throws SP-1001 when the text is not an invite. */
export function decodeInvite(text: string): Invite {
  const trimmed = text.trim().replace(/\s+/g, '');
  try {
    if (!trimmed.startsWith(prefix)) throw new Error('prefix');
    const invite = inviteSchema.parse(
      JSON.parse(atob(trimmed.slice(prefix.length).replace(/-/g, '+').replace(/_/g, '/'))),
    );
    const code = normaliseCode(invite.code);
    if (code === null || !invite.address.startsWith('https://')) throw new Error('content');
    return { ...invite, code };
  } catch {
    throw new SallyportError(
      'SP-1001',
      'This is not a whole invite. Copy all of it from the message, from "sallyport-" to its end, and paste it again.',
    );
  }
}

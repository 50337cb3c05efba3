import type { KeyObject } from 'node:crypto';
import type { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Namespace, Signed } from '../../shared/protocol/signed.ts';
import { signSsh, verifySsh } from './sshsig.ts';

/** Makes a signed document of a value: its JSON text and the signature over exactly that text. */
export function signDocument(options: { privateKey: KeyObject; namespace: Namespace; value: unknown }): Signed {
  const payload = JSON.stringify(options.value);
  return {
    payload,
    signature: signSsh({ privateKey: options.privateKey, namespace: options.namespace, message: payload }),
  };
}

/**
 * Verifies a signed document against a pinned key (OpenSSH line) and parses it. Throws SP-1007 when the signature is not that key's for that
 * namespace, or the payload has another shape: what is not signed is never looked at.
 */
export function openDocument<T>(options: {
  signed: Signed;
  publicKey: string;
  namespace: Namespace;
  schema: z.ZodType<T>;
}): T {
  const { signed, publicKey, namespace, schema } = options;
  if (!verifySsh({ publicKey, namespace, message: signed.payload, signature: signed.signature })) {
    throw new SallyportError(
      'SP-1007',
      `The signature on a ${namespace.split('@')[0]} is not by the server this device was enrolled with. Nothing was opened. Ask your administrator whether the server's key has changed.`,
    );
  }
  const parsed = schema.safeParse(parseJson(signed.payload));
  if (!parsed.success)
    throw new SallyportError(
      'SP-1007',
      `A signed ${namespace.split('@')[0]} has an unknown shape. The server may be newer than this launcher: update it.`,
    );
  return parsed.data;
}

/** Undefined for what is no JSON, which no schema of a document takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

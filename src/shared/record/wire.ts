import { z } from 'zod';
import { digestSchema } from './manifest.ts';

/**
 * The wire: what crossed the relay, byte for byte, kept by the relay itself. Two files of a recording, one per direction, from the first byte of the launcher's
 * connection on (after a handover: from its own new keys on). In clear: identification and first key exchange; then packets of AES-GCM with their lengths in
 * clear (RFC 5647, as OpenSSH names it).
 */
export const wireDirections = ['to-target', 'from-target'] as const;
export type WireDirection = (typeof wireDirections)[number];

export function wireFile(direction: WireDirection): string {
  return `wire.${direction}`;
}

const directionHead = z.object({
  /** How many bytes of the direction are kept, and the digest of exactly these: `head -c N wire.to-target | sha256sum`. */
  bytes: z.number().int().nonnegative(),
  sha256: digestSchema,
});

/** How far the wire was kept at a moment; signed for in every receipt. `closed`: nothing more comes. */
export const wireHeadSchema = z.object({
  toTarget: directionHead,
  fromTarget: directionHead,
  closed: z.boolean(),
});
export type WireHead = z.infer<typeof wireHeadSchema>;

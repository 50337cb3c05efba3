import { z } from 'zod';

/**
 * The JSON text of an `m` event (version 1). `kind` says which fact; `text` is for a person. A reader shows markers of unknown kinds by
 * their text, or as they stand when they are not JSON.
 */
export const markerSchema = z.object({
  kind: z.string().max(40),
  text: z.string().max(1000),
  /**
   * The next so many bytes of the output stream did not come from the target's channel: words before the login, or ours. Whoever compares the record
   * with the wire leaves them out.
   */
  bytes: z.number().int().positive().optional(),
});
export type Marker = z.infer<typeof markerSchema>;

/** The target's words before the login: the only kind whose `bytes` count. */
export const bannerKind = 'banner';

/** The kind that the recorder itself writes: how the session ended, when it was not the shell's own exit. All kinds: docs/recording-format.md. */
export const endedKind = 'ended';

export function markerText(marker: Marker): string {
  const { kind, text, bytes } = marker;
  return JSON.stringify({ kind, text: text.slice(0, 1000), bytes });
}

/** Text for a person, from the data of an `m` event. Never throws. */
export function readMarker(data: string): Marker {
  try {
    const parsed = markerSchema.safeParse(JSON.parse(data));
    if (parsed.success) return parsed.data;
  } catch {
    // Not JSON: another program's marker, shown as it stands.
  }
  return { kind: 'text', text: data.slice(0, 1000) };
}

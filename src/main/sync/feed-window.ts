/**
 * How many bytes of one journal may be under way. What the launcher says goes over the same socket, after the pieces that were sent before: a window that the link carries
 * in a moment holds up no head and no confirmation. It grows while acknowledgements come quickly and shrinks when they do not. Bytes and milliseconds.
 */
export const windowAtLeast = 16_384;
export const windowAtFirst = 131_072;
const quickMs = 250;
const slowMs = 750;

/** The window after an acknowledgement that came `afterMs` after its piece was sent. Pure. */
export function nextWindow(window: number, afterMs: number, atMost: number): number {
  if (afterMs <= quickMs) return Math.min(atMost, window * 2);
  return afterMs >= slowMs ? Math.max(windowAtLeast, Math.floor(window / 2)) : window;
}

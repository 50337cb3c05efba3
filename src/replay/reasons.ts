/** Why a recording is incomplete, in one sentence; null when there is no reason. */
export function inWords(reasons: readonly string[]): string | null {
  return reasons.length === 0 ? null : reasons.join('; ').slice(0, 1900);
}

/** A pattern for LIKE and ILIKE, with their default escape, that finds `part` as it is anywhere in a text. */
export function likePattern(part: string): string {
  return `%${part.replace(/[\\%_]/g, '\\$&')}%`;
}

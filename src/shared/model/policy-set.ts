export interface NamedPolicy {
  id: string;
  /** The comment above it. */
  words: string;
  cedar: string;
}

const named = /^@id\("([^"\\]+)"\)\s*$/;

/**
 * The policies of a .cedar file: each begins with a line `@id("...")` of its own (a Cedar annotation, which names it here), and the comment lines right
 * above belong to it. Throws an Error that names the line for a policy without one.
 */
export function parsePolicySet(text: string): NamedPolicy[] {
  const policies: NamedPolicy[] = [];
  let words: string[] = [];
  let current: { id: string; words: string; lines: string[] } | null = null;
  const finish = (): void => {
    if (current !== null)
      policies.push({ id: current.id, words: current.words, cedar: current.lines.join('\n').trimEnd() });
    current = null;
  };
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const id = named.exec(line)?.[1];
    if (id !== undefined) {
      finish();
      current = { id, words: words.join(' '), lines: [] };
      words = [];
    } else if (line.startsWith('//')) {
      words.push(line.slice(2).trim());
    } else if (line.trim() === '') {
      words = [];
    } else if (current === null) {
      throw new Error(`line ${index + 1}: a policy begins with a line @id("its name")`);
    } else {
      current.lines.push(line);
      // A statement ends here; what follows needs a name of its own.
      if (line.trimEnd().endsWith(';')) finish();
    }
  }
  finish();
  return policies;
}

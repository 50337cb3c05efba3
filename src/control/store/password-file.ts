import { lstat, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** Its message ends a sentence that says what cannot be done for it. */
export class PasswordFileError extends Error {}

/** What a line of a password file is looked up by. */
export interface PasswordFor {
  host: string;
  port: number;
  database: string;
  user: string;
}

/** The fields of one line `host:port:database:user:password` (PostgreSQL, "The Password File"): backslash escapes a colon or itself. */
function fieldsOf(line: string): string[] {
  return [...line.matchAll(/((?:\\.|[^:\\])*)(:|$)/g)]
    .slice(0, 5)
    .map((match) => (match[1] ?? '').replace(/\\(.)/g, '$1'));
}

/** The password of the first line that fits; null when none does. A socket's folder counts as localhost, as it does for PostgreSQL's own programs. */
export function passwordIn(text: string, wanted: PasswordFor): string | null {
  const host = wanted.host.startsWith('/') ? 'localhost' : wanted.host;
  const values = [host, String(wanted.port), wanted.database, wanted.user];
  for (const line of text.split(/\r?\n/)) {
    if (line === '' || line.startsWith('#')) continue;
    const fields = fieldsOf(line);
    if (values.every((value, index) => fields[index] === '*' || fields[index] === value)) return fields[4] ?? null;
  }
  return null;
}

/**
 * The password for a connection from the file that PGPASSFILE names, or ~/.pgpass; read at every connection, so that a changed password needs no
 * restart. Undefined when there is none (peer, certificate). Throws `PasswordFileError` for
 * a file that is open to others or was named and cannot be read.
 */
export async function findPassword(
  wanted: PasswordFor,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const file = environment.PGPASSFILE ?? path.join(os.homedir(), '.pgpass');
  let text: string;
  try {
    const facts = await lstat(file);
    if (facts.isFile() && (facts.mode & 0o077) !== 0) {
      throw new PasswordFileError(
        `the password file ${file} is open to others and was not used. Close it: chmod 0600 ${file}`,
      );
    }
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof PasswordFileError) throw error;
    if (environment.PGPASSFILE === undefined) return undefined;
    throw new PasswordFileError(
      `the file that PGPASSFILE names (${file}) cannot be read. Make it readable for the server's user alone`,
      { cause: error },
    );
  }
  return passwordIn(text, wanted) ?? undefined;
}

/**
 * The launcher's own log: one JSON line per event on stderr. Only names, ids, codes and times: never a message's content, a key, a code or what
 * was typed. The type keeps strangers' objects out.
 */
export type LogFacts = Record<string, string | number | boolean | null>;

export type Log = (event: string, facts?: LogFacts) => void;

export function makeLog(write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  return (event, facts = {}) => {
    write(`${JSON.stringify({ at: new Date().toISOString(), event, ...facts })}\n`);
  };
}

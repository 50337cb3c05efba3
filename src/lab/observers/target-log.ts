import { existsSync, readFileSync, statSync } from 'node:fs';
import { waitUntil } from './wait.ts';

/** A login that sshd accepted, from its own words (OpenSSH, auth.c: "Accepted publickey for ... ED25519-CERT ..."). */
export interface AcceptedLogin {
  at: string;
  login: string;
  /** The client's port: names the connection in every later line. */
  port: number;
  /** The certificate's key id, "person session target". */
  keyId: string;
  authority: string;
}

export interface TargetLog {
  mark(): number;
  /** The certificate login for this session, or null. */
  acceptedLogin(mark: number, sessionId: string, limitMs: number): Promise<AcceptedLogin | null>;
  /** When sshd saw that connection end, and its words. */
  closed(mark: number, port: number, limitMs: number): Promise<{ at: string; words: string } | null>;
  linesSince(mark: number): { at: string; text: string }[];
}

const accepted =
  /^Accepted publickey for (\S+) from \S+ port (\d+) ssh2: ED25519-CERT \S+ ID (.+) \(serial \d+\) CA ED25519 (\S+)/;

function endsConnection(text: string, port: number): boolean {
  return (
    new RegExp(`\\bport ${port}\\b`).test(text) &&
    /^(Connection (closed|reset)|Disconnected from|Received disconnect|Read error|Close session|Timeout)/.test(text)
  );
}

/** Reads the log that the lab writes of a target: each of sshd's lines with the time when it came. */
export function readTargetLog(file: string): TargetLog {
  function linesSince(mark: number): { at: string; text: string }[] {
    if (!existsSync(file)) return [];
    return readFileSync(file)
      .subarray(mark)
      .toString('utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => ({ at: line.slice(0, 24), text: line.slice(25) }));
  }
  function findLogin(mark: number, sessionId: string): AcceptedLogin | null {
    for (const { at, text } of linesSince(mark)) {
      const [, login, port, keyId, authority] = accepted.exec(text) ?? [];
      if (
        login === undefined ||
        port === undefined ||
        keyId === undefined ||
        authority === undefined ||
        !keyId.includes(sessionId)
      )
        continue;
      return { at, login, port: Number(port), keyId, authority };
    }
    return null;
  }
  return {
    mark: () => (existsSync(file) ? statSync(file).size : 0),
    linesSince,
    acceptedLogin: (mark, sessionId, limitMs) => waitUntil(() => findLogin(mark, sessionId), limitMs),
    closed: (mark, port, limitMs) =>
      waitUntil(() => {
        const line = linesSince(mark).find(({ text }) => endsConnection(text, port));
        return line === undefined ? null : { at: line.at, words: line.text };
      }, limitMs),
  };
}

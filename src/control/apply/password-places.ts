import { blobOfLine, fingerprint } from '../../recording/signatures/keys.ts';
import type { ApplyDocument } from '../../shared/protocol/control-api.ts';
import { canonical } from './difference.ts';

type Target = ApplyDocument['targets'][number];

/** The machine that the passwords of a target's logins go to. */
export interface PasswordPlace {
  target: string;
  host: string;
  port: number;
  /** Fingerprints. */
  hostKeys: string[];
}

function placeOf({ name, host, port, hostKeys, logins }: Target): PasswordPlace | null {
  if (logins.every(({ credential }) => credential === 'certificate')) return null;
  return { target: name, host, port, hostKeys: hostKeys.map((line) => fingerprint(blobOfLine(line))).sort() };
}

/**
 * Where passwords go after an apply that they did not go before. A target that was removed and comes back counts as new: it is the name that a password
 * is stored under.
 */
export function newPasswordPlaces(before: readonly Target[], after: readonly Target[]): PasswordPlace[] {
  const known = new Set(before.map((target) => canonical(placeOf(target))));
  return after.flatMap((target) => placeOf(target) ?? []).filter((place) => !known.has(canonical(place)));
}

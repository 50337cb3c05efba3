/** One thing that was looked at, for a person: what it is, whether it holds, and what was found. */
export interface Check {
  name: string;
  ok: boolean;
  /** It is no fault but not whole either: something is absent. */
  lacking?: true;
  detail: string;
}

/** The first place that does not hold. */
export interface BadPlace {
  where: string;
  what: string;
}

/** Collects checks in order and keeps the first bad place. */
export class CheckList {
  readonly checks: Check[] = [];
  firstBad: BadPlace | null = null;
  /** Why the recording is not whole although what is there may hold. */
  readonly missing: string[] = [];

  good(name: string, detail: string): void {
    this.checks.push({ name, ok: true, detail });
  }

  bad(name: string, where: string, what: string): void {
    this.checks.push({ name, ok: false, detail: `${where}: ${what}` });
    this.firstBad ??= { where, what };
  }

  /** Notes that something is absent: no fault, but not whole either. */
  lacks(name: string, what: string): void {
    this.checks.push({ name, ok: true, lacking: true, detail: what });
    this.missing.push(what);
  }

  /** Whether everything under that name held so far. */
  holds(name: string): boolean {
    return this.checks.every((check) => check.name !== name || check.ok);
  }
}

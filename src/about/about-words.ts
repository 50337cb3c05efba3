import type { AboutBridge, LicenceEntry } from '../shared/protocol/about.ts';

type Facts = ReturnType<AboutBridge['facts']>;

/** The facts as the window lists them; what is empty is left out. Pure. */
export function factLines(facts: Facts): { what: string; value: string }[] {
  return [
    { what: 'Electron', value: facts.electron },
    { what: 'Chromium', value: facts.chrome },
    { what: 'Node.js', value: facts.node },
    { what: 'System', value: `${facts.platform} ${facts.arch}` },
    { what: 'This device', value: facts.device },
    { what: 'Server', value: facts.server === '' ? 'Not enrolled' : facts.server },
    { what: 'Organisation', value: facts.organisation },
  ].filter(({ value }) => value !== '');
}

/** The same as text, for a report. Pure. */
export function factsText(facts: Facts): string {
  const lines = factLines(facts).map(({ what, value }) => `${what}: ${value}`);
  return [`${facts.name} ${facts.version}`, ...lines].join('\n');
}

/** Entries whose name or licence holds every word. Pure. */
export function matching(entries: readonly LicenceEntry[], search: string): LicenceEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(({ name, version, licence }) => {
    const text = `${name} ${version} ${licence}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

import type { ReplaySurvey } from './replay-source.ts';

export type Mark = ReplaySurvey['marks'][number];

const sentence = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** The recorder's bare facts of a login (fingerprint, cipher, key exchange) in words; null when the text is another. */
function loggedIn(text: string): string | null {
  const [, key, cipher, kex] = /^(SHA256:\S+) (\S+) (\S+)$/.exec(text) ?? [];
  if (key === undefined || cipher === undefined || kex === undefined) return null;
  const plain = (name: string) => name.replace(/@.*$/, '');
  return `logged in; host key ${key}, ${plain(cipher)}, ${plain(kex).replace(/-sha\d+$/, '')}`;
}

/** A mark as it is said: the record keeps sizes and statuses bare. Pure. */
export function markWords(mark: Mark): string {
  switch (mark.kind) {
    case 'resize':
      return `Resized to ${mark.text.replace(/^(\d+)x(\d+)$/, '$1 × $2')}`;
    case 'exit':
      return /^-?\d+$/.test(mark.text) ? `The shell exited with status ${mark.text}` : sentence(mark.text);
    case 'marker':
      return sentence(loggedIn(mark.text) ?? mark.text);
    // A typed line: what it says is what it was.
    case 'input':
      return mark.text;
  }
}

/** True for the mark that says that a kill ended it. */
export function isKill(mark: Mark): boolean {
  return mark.kind === 'marker' && mark.text.startsWith('killed by ');
}

/** What a mark is about, where it shows more than its kind. */
export type MarkSubject = Mark['kind'] | 'kill' | 'watch' | 'freeze';

/** Pure. */
export function subjectOf(mark: Mark): MarkSubject {
  if (isKill(mark)) return 'kill';
  if (mark.kind !== 'marker') return mark.kind;
  if (watching.test(mark.text)) return 'watch';
  return /^(?:no contact|contact) with the control server\b|^frozen\b/i.test(mark.text) ? 'freeze' : 'marker';
}

const watching = /^(.+?) (starts|started|stops|stopped) watching\b/;

/** Someone who watched, and from when to when. */
export interface Watch {
  name: string;
  fromMs: number;
  toMs: number;
}

/** Who watched, by what the record says; whoever did not stop watched to its end. Pure. */
export function watchesOf(marks: readonly Mark[], durationMs: number): Watch[] {
  const watches: Watch[] = [];
  const open = new Map<string, Watch>();
  for (const mark of marks) {
    const [, name, what] = mark.kind === 'marker' ? (watching.exec(mark.text) ?? []) : [];
    if (name === undefined || what === undefined) continue;
    if (what.startsWith('start')) {
      const watch = { name, fromMs: mark.atMs, toMs: durationMs };
      if (!open.has(name)) watches.push(watch);
      open.set(name, open.get(name) ?? watch);
    } else {
      const watch = open.get(name);
      if (watch !== undefined) watch.toMs = mark.atMs;
      open.delete(name);
    }
  }
  return watches;
}

/** A mark in the list of marks, with how many it stands for. */
export type ListedMark = Mark & { times: number };

/** Marks as they are listed: sizes that follow each other with nothing else between are one, at the first's time with the last's size. Pure. */
export function listMarks(marks: readonly Mark[]): ListedMark[] {
  const listed: ListedMark[] = [];
  for (const mark of marks) {
    const before = listed.at(-1);
    if (mark.kind === 'resize' && before?.kind === 'resize') {
      before.text = mark.text;
      before.times += 1;
    } else listed.push({ ...mark, times: 1 });
  }
  return listed;
}

/** A listed mark in words. Pure. */
export function listedWords(mark: ListedMark): string {
  return mark.times === 1 ? markWords(mark) : `${markWords(mark)}, in ${mark.times} steps`;
}

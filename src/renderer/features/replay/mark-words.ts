import type { ReplayOpened } from './replay-source.ts';

export type Mark = ReplayOpened['marks'][number];

const sentence = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** A mark as it is said: the record keeps sizes and statuses bare. Pure. */
export function markWords(mark: Mark): string {
  switch (mark.kind) {
    case 'resize':
      return `Resized to ${mark.text.replace(/^(\d+)x(\d+)$/, '$1 × $2')}`;
    case 'exit':
      return /^-?\d+$/.test(mark.text) ? `The shell exited with status ${mark.text}` : sentence(mark.text);
    case 'marker':
      return sentence(mark.text);
    // A typed line: what it says is what it was.
    case 'input':
      return mark.text;
  }
}

/** True for the mark that says that a kill ended it. */
export function isKill(mark: Mark): boolean {
  return mark.kind === 'marker' && mark.text.startsWith('killed by ');
}

import { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs';
import { type Charset, insideOf } from './xterm-inside.ts';

/** Final bytes that may designate a character set (SCS) and that xterm has a table for. */
const finals = ['0', 'A', '4', 'C', '5', 'R', 'Q', 'K', 'Y', 'E', '6', 'Z', 'H', '7', '='];

let names: Map<Charset, string> | null = null;

/** The final byte that designates a table; `B` for ASCII. xterm's tables are the same objects in every terminal, so one that is asked tells all. */
export function charsetName(charset: Charset): string {
  if (charset === undefined) return 'B';
  if (names === null) {
    const { _charsetService: service, _inputHandler: handler } = insideOf(new Terminal({ allowProposedApi: true }));
    names = new Map();
    for (const final of finals) {
      handler.parse(`\x1b(${final}`);
      if (service.charset !== undefined && !names.has(service.charset)) names.set(service.charset, final);
    }
  }
  return names.get(charset) ?? 'B';
}

/** What has to be written under a table so that these characters stand on the screen. */
export function underCharset(chars: string, charset: Charset): string {
  if (charset === undefined) return chars;
  const table = new Map(Object.entries(charset).map(([from, to]) => [to, from]));
  return Array.from(chars, (char) => table.get(char) ?? char).join('');
}

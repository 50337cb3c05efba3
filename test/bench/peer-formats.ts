import { gzipSync } from 'node:zlib';
import type { TypedEvent } from './workloads.ts';

/** The same events as others keep them, written after their formats' definitions. gzip at its usual level 6. */

function gzip(text: string | Buffer): number {
  return gzipSync(text, { level: 6 }).length;
}

/** asciicast v2 (docs.asciinema.org/manual/asciicast/v2): absolute seconds with microseconds. */
export function asciicastV2(events: readonly TypedEvent[]): string {
  const header = JSON.stringify({
    version: 2,
    width: 120,
    height: 36,
    timestamp: 1_764_000_000,
    env: { TERM: 'xterm-256color' },
  });
  return `${header}\n${events.map(([ms, code, text]) => JSON.stringify([ms / 1000, code, text])).join('\n')}\n`;
}

/** ttyrec: seconds, microseconds and length as 32 bit little-endian, then the output. It keeps no input. */
export function ttyrec(events: readonly TypedEvent[]): Buffer {
  return Buffer.concat(
    events.flatMap(([ms, code, text]) => {
      if (code === 'i') return [];
      const head = Buffer.alloc(12);
      const data = Buffer.from(text);
      head.writeUInt32LE(1_764_000_000 + Math.floor(ms / 1000), 0);
      head.writeUInt32LE((ms % 1000) * 1000, 4);
      head.writeUInt32LE(data.length, 8);
      return [head, data];
    }),
  );
}

/** tlog's JSON messages (tlog, doc/log_format): the texts of about 2 KB together, with a string of timings, as its default payload limit does. */
export function tlog(events: readonly TypedEvent[]): string {
  const messages: string[] = [];
  let from = 0;
  let id = 1;
  const common = {
    ver: '2.3',
    host: 'web-01',
    rec: '5f0e0c9be2c24d9c9bbd9a3a0c6a4f55-3c1a-1b2c3d',
    user: 'ops',
    term: 'xterm-256color',
    session: 3,
  };
  while (from < events.length) {
    const first = events[from]?.[0] ?? 0;
    let timing = '=120x36';
    let input = '';
    let output = '';
    let last = first;
    while (from < events.length && input.length + output.length < 2048) {
      const [ms, code, text] = events[from] ?? [0, 'o', ''];
      if (ms > last) timing += `+${ms - last}`;
      last = ms;
      timing += `${code === 'i' ? '<' : '>'}${[...text].length}`;
      if (code === 'i') input += text;
      else output += text;
      from += 1;
    }
    messages.push(
      JSON.stringify({
        ...common,
        id,
        pos: first,
        time: 1_764_000_000 + first / 1000,
        timing,
        in_txt: input,
        in_bin: [],
        out_txt: output,
        out_bin: [],
      }),
    );
    id += 1;
  }
  return `${messages.join('\n')}\n`;
}

export function peerSizes(events: readonly TypedEvent[]): { name: string; bytes: number }[] {
  return [
    { name: 'asciicast v2, gzip', bytes: gzip(asciicastV2(events)) },
    { name: 'ttyrec, gzip (no input)', bytes: gzip(ttyrec(events)) },
    { name: 'tlog, gzip', bytes: gzip(tlog(events)) },
  ];
}

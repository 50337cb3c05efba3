import { type Damage, damaged, damages, flipped, makeRandom } from './damage.ts';
import { framesOf, linesOf, packetsOf } from './pieces.ts';
import type { Files, RealRecording } from './real-recording.ts';

/** One way to damage a recording, and what a verification must name. */
export interface Mutation {
  /** What is hit: `output segment`, `manifest line anchor`, `wire.to-target packet`... */
  of: string;
  damage: Damage;
  what: string;
  /** What the first bad place, or else the reason why it is not whole, must match. */
  place: RegExp;
  /** The damaged files; null where this damage changes nothing there. Made anew at each call: all at once would be gigabytes. */
  files: () => Files | null;
}

type Random = (below: number) => number;

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function withFile(files: Files, name: string, bytes: Buffer | null): Files {
  const changed = new Map(files);
  if (bytes === null) changed.delete(name);
  else changed.set(name, bytes);
  return changed;
}

/** Every damage to every piece of one file. */
function* inFile(
  { files }: RealRecording,
  other: RealRecording,
  random: Random,
  options: { name: string; of: (piece: Buffer) => string; split: (file: Buffer) => Buffer[]; place: RegExp },
): Generator<Mutation> {
  const { name, place, split } = options;
  const [row, others] = [split(files.get(name) ?? Buffer.alloc(0)), split(other.files.get(name) ?? Buffer.alloc(0))];
  for (const [at, piece] of row.entries()) {
    for (const damage of damages) {
      const seed = random(2 ** 32);
      yield {
        of: options.of(piece),
        damage,
        what: `${damage} ${name}, piece ${at}`,
        place,
        files: () => {
          const changed = damaged(row, at, damage, others, makeRandom(seed));
          return changed === null ? null : withFile(files, name, Buffer.concat(changed));
        },
      };
    }
  }
}

/** Every damage to a file of its own: segments, anchors. Its row is the files of its kind. */
function* ofFiles({ files }: RealRecording, other: RealRecording, random: Random): Generator<Mutation> {
  const kindOf = (name: string) => name.replace(/^\d+\./, '');
  const parts = [...files.keys()].filter((name) => /^\d{6}\./.test(name));
  for (const name of parts) {
    const bytes = files.get(name) ?? Buffer.alloc(0);
    const same = parts.filter((each) => kindOf(each) === kindOf(name) && each !== name);
    const neighbour = same[random(same.length || 1)];
    const put = (damage: Damage, now: Buffer | null | undefined, changed = withFile(files, name, now ?? null)) => ({
      of: `file ${kindOf(name)}`,
      damage,
      what: `${damage} ${name}`,
      place: new RegExp(`\\(${escaped(name)}\\)`),
      files: () => changed,
    });
    yield put('truncate', bytes.subarray(0, -1));
    yield put('truncate', bytes.subarray(0, random(bytes.length)));
    yield put('drop', null);
    yield put('duplicate', Buffer.concat([bytes, bytes]));
    yield put('flip', flipped(bytes, random));
    const foreign = other.files.get(name);
    if (foreign !== undefined) yield put('splice', foreign);
    if (neighbour === undefined) continue;
    const [first = name] = [name, neighbour].sort();
    yield put('substitute', files.get(neighbour));
    yield {
      ...put('reorder', null, withFile(withFile(files, name, files.get(neighbour) ?? null), neighbour, bytes)),
      place: new RegExp(`\\(${escaped(first)}\\)`),
    };
  }
}

interface SignedText {
  payload: string;
  signature: string;
}

/** Damage inside a signed document: its text, or its signature. */
function* inSigned(document: SignedText, other: SignedText, random: Random): Generator<[Damage, SignedText, string]> {
  for (const key of ['payload', 'signature'] as const) {
    const bytes = Buffer.from(document[key]);
    const put = (text: string): SignedText => ({ ...document, [key]: text });
    yield ['flip', put(flipped(bytes, (below) => (below === 8 ? random(7) : random(below))).toString('utf8')), key];
    yield ['truncate', put(document[key].slice(0, random(document[key].length))), key];
    yield ['splice', put(other[key]), key];
    yield ['drop', put(''), key];
    yield ['duplicate', put(document[key] + document[key]), key];
  }
}

const asJson = (value: unknown) => Buffer.from(JSON.stringify(value));

function* ofDocuments({ files }: RealRecording, other: RealRecording, random: Random): Generator<Mutation> {
  const read = <T>(from: Files, name: string) => JSON.parse(from.get(name)?.toString() ?? 'null') as T;
  const grants = [files, other.files].map((each) => read<SignedText>(each, 'grant.json')) as [SignedText, SignedText];
  const make = (name: string, value: unknown) => withFile(files, name, asJson(value));
  for (const [damage, grant, key] of inSigned(...grants, random))
    yield {
      of: `grant ${key}`,
      damage,
      what: `${damage} ${key} of the grant`,
      place: /^grant/,
      files: () => make('grant.json', grant),
    };
  yield {
    of: 'grant',
    damage: 'splice',
    what: 'splice the grant',
    place: /^grant|^manifest header/,
    files: () => make('grant.json', grants[1]),
  };
  yield {
    of: 'grant',
    damage: 'drop',
    what: 'drop the grant',
    place: /grant\.json/,
    files: () => withFile(files, 'grant.json', null),
  };
  const [receipts, others] = [files, other.files].map((each) => read<SignedText[]>(each, 'receipts.json')) as [
    SignedText[],
    SignedText[],
  ];
  const place = /^receipt/;
  for (const [at, receipt] of receipts.entries()) {
    const foreign = others[at] ?? receipt;
    for (const [damage, changed, key] of inSigned(receipt, foreign, random))
      yield {
        of: `receipt ${key}`,
        damage,
        what: `${damage} ${key} of receipt ${at + 1}`,
        place,
        files: () => make('receipts.json', receipts.with(at, changed)),
      };
    const rows = receipts.map(asJson);
    for (const damage of ['drop', 'duplicate', 'reorder', 'substitute', 'splice'] as const) {
      const row = damaged(rows, at, damage, others.map(asJson), random);
      if (row === null) continue;
      const changed = row.map((each) => JSON.parse(each.toString()) as SignedText);
      // Nothing after the last receipt can name it: without it the recording is not vouched for to its end.
      const last = damage === 'drop' && at === receipts.length - 1;
      yield {
        of: 'receipt',
        damage,
        what: `${damage} receipt ${at + 1}`,
        place: last ? /^the server received/ : place,
        files: () => make('receipts.json', changed),
      };
    }
  }
}

/** Every damage of every kind to everything that a finished recording consists of. */
export function* mutations(recording: RealRecording, other: RealRecording, seed: number): Generator<Mutation> {
  const random = makeRandom(seed);
  const manifestLine = (line: Buffer) => {
    const word = line.toString('latin1').split(' ')[0] ?? '';
    return `manifest line ${['segment', 'anchor', 'receipt', 'end'].includes(word) ? word : 'of the header'}`;
  };
  yield* inFile(recording, other, random, { name: 'manifest', of: manifestLine, split: linesOf, place: /^manifest/ });
  yield* inFile(recording, other, random, {
    name: 'manifest.sig',
    of: () => 'manifest.sig',
    split: linesOf,
    place: /^manifest$/,
  });
  yield* ofFiles(recording, other, random);
  yield* ofDocuments(recording, other, random);
  for (const name of ['wire.to-target', 'wire.from-target'])
    yield* inFile(recording, other, random, {
      name,
      of: () => `${name} packet`,
      split: packetsOf,
      place: new RegExp(`^${escaped(name)}$`),
    });
  yield* inFile(recording, other, random, {
    name: 'journal',
    of: () => 'journal frame',
    split: framesOf,
    place: /^journal/,
  });
}

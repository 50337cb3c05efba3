import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restoreScreen, ScreenModel } from './screen-model.ts';

const size = { cols: 12, rows: 5 };

function draw(model: ScreenModel, text: string): void {
  model.write(Buffer.from(text, 'utf8'));
}

/** A terminal that drew this, and the one that its keyframe makes. Throws where there is none. */
function both(text: string): [ScreenModel, ScreenModel] {
  const model = new ScreenModel(size);
  draw(model, text);
  const keyframe = model.keyframe();
  if (keyframe === null) throw new Error(`no keyframe after ${JSON.stringify(text)}`);
  return [model, restoreScreen(keyframe)];
}

describe('a keyframe', () => {
  // Each: what was drawn, and what is drawn afterwards and would come out otherwise if the keyframe had left something out.
  it.each([
    ['colours and styles', '\x1b[1;3;31;44mred\x1b[0;4:3;58;5;9mcurly\x1b[38;2;1;2;3;9mrgb', 'go on\r\nnext'],
    ['an erased background', '\x1b[45m\x1b[2J\x1b[2;3Hx', '\x1b[Kyy'],
    ['wide and combining characters', '漢字e\u0301🎉x', '\u0301!'],
    ['a mark that joins what was last written', 'abc', '\u0308'],
    ['a character to repeat', 'abc', '\x1b[4b'],
    ['no character to repeat', 'abc\x1b[m', '\x1b[4b'],
    ['a pending wrap', '123456789012', 'x'],
    ['a pending wrap under other attributes', '123456789012\x1b[7m', 'x'],
    ['lines that wrap', 'a long line that goes on and on for many rows and more', '\x1b[?45h\b\b\b'],
    ['a scroll region', 'a\r\nb\r\nc\r\nd\r\ne\x1b[2;4r', '\x1b[4;1H\n\n!'],
    ['origin mode', '\x1b[2;4r\x1b[?6hx', '\x1b[9;9Hy\x1b[1;1Hz'],
    ['tab stops', '\x1b[3g\x1b[4G\x1bH\x1b[9G\x1bH\r', '\ta\tb\tc'],
    ['a saved cursor', '\x1b[3;4H\x1b[35m\x1b7\x1b[0m\x1b[1;1H', '\x1b8x'],
    ['a saved cursor under an underline', '\x1b[4;32m\x1b7\x1b[0m', '\x1b8x'],
    ['a saved cursor in a link', '\x1b]8;;http://x/\x1b\\\x1b7\x1b]8;;\x1b\\', 'x'],
    ['a saved cursor where the line would wrap', '123456789012\x1b7\r', '\x1b8x'],
    ['line drawing', '\x1b(0lqqk', 'qx\x1b(Bq'],
    ['a second character set', '\x1b)0\x0eqq', 'q\x0fq'],
    ['a character set that was saved', '\x1b(0\x1b7\x1b(Bq', '\x1b8q'],
    ['a character set that was restored', '\x1b(0\x1b7\x1b(Bq\x1b8', 'q\x0fq'],
    ['insert mode', 'hello\x1b[1;3H\x1b[4h', 'XY'],
    ['insert mode after a character', 'hello\x1b[1;2H\x1b[4hX', 'Y'],
    ['no wrapping', '\x1b[?7l', '1234567890123456'],
    ['a new line mode', '\x1b[20h', 'a\nb'],
    ['the alternate screen', 'main\x1b[2;2H\x1b[?1049h\x1b[43m\x1b[2Jalt', 'x\x1b[?1049lback'],
    ['the alternate screen that was left', '\x1b[?47h\x1b[2;5H\x1b[31m\x1b7\x1b[?47l', '\x1b[?47h\x1b8x'],
    ['remains of a wide character', '\x1b[32m漢\x1b[1;2Hx\x1b[1;11H漢\x1b[1;11Hy', 'z'],
    ['a link', 'a\x1b]8;id=1;http://x/\x1b\\link', 'more\x1b]8;;\x1b\\end'],
    ['protected cells', '\x1b[1"qsafe\x1b[0"qnot', '\x1b[?2J'],
    ['an underline colour that waits', '\x1b[58;5;3m', '\x1b[4mx'],
    ['a screen filled with E', '\x1b#8', 'x'],
    ['bytes that are no characters', '\xff\xfe', 'x'],
  ])('keeps %s', (_what, before, after) => {
    const [model, restored] = both(before);
    expect(model.differenceFrom(restored)).toBeNull();
    draw(model, after);
    draw(restored, after);
    expect(model.differenceFrom(restored)).toBeNull();
  });

  it.each([
    ['application cursor keys', '\x1b[?1h'],
    ['the application keypad', '\x1b='],
    ['bracketed paste', '\x1b[?2004h'],
    ['mouse reports', '\x1b[?1003;1006h'],
    ['focus reports', '\x1b[?1004h'],
    ['a hidden cursor', '\x1b[?25l'],
    ['a cursor style', '\x1b[6 q'],
    ['reverse wraparound', '\x1b[?45h'],
    ['synchronised output', '\x1b[?2026h'],
    ['a blinking cursor', '\x1b[?12h'],
    ['a title', '\x1b]2;a title\x07'],
    ['colours of the palette', '\x1b]4;3;#102030\x07\x1b]11;rgb:ff/00/80\x07'],
  ])('keeps %s, and a terminal that was used before gets exactly that', (_what, text) => {
    const [model, restored] = both(text);
    expect(model.differenceFrom(restored)).toBeNull();
    const plain = new ScreenModel(size);
    // The comparison sees it at all.
    expect(model.differenceFrom(plain)).not.toBeNull();
    const keyframe = plain.keyframe();
    draw(model, keyframe?.init ?? '');
    expect(model.differenceFrom(plain)).toBeNull();
  });

  it('is not given inside a character or a sequence', () => {
    const model = new ScreenModel(size);
    for (const part of [[0xe2], [0x1b], [0x1b, 0x5b, 0x33], [0x1b, 0x5d, 0x30]]) {
      model.write(Uint8Array.from(part));
      expect(model.keyframe()).toBeNull();
      draw(model, '\x18');
      expect(model.keyframe()).not.toBeNull();
    }
  });

  it('is bounded, and so is what a target can make it do', () => {
    const model = new ScreenModel(size);
    const began = performance.now();
    draw(model, 'a\x1b[2147483647b漢\x1b[2147483647b');
    for (const final of ['S', 'T', 'L', 'M', 'I', 'Z']) draw(model, `\x1b[2147483647${final}`);
    expect(performance.now() - began).toBeLessThan(1000);
    expect(new ScreenModel({ cols: 1000, rows: 500 }).keyframe()).toBeNull();
  });

  it('has no more marks on a character than it can carry, however they come', () => {
    const model = new ScreenModel(size);
    for (const text of [`x${'\u0301'.repeat(5)}`, '\u0301'.repeat(300_000), 'y漢', '\u0308'.repeat(20)])
      draw(model, text);
    const line = model.inside._bufferService.buffers.active.lines.get(0);
    expect([0, 1, 2].map((column) => line?.getString(column).length)).toEqual([9, 1, 9]);
  });

  it('keeps no more links than may stand on a screen, and goes on with new ones when the old are gone', () => {
    const model = new ScreenModel({ cols: 100, rows: 50 });
    const linked = (count: number, name: string) =>
      Array.from({ length: count }, (_, at) => `\x1b]8;;http://${name}/${at}\x1b\\${name}`).join('');
    const held = () => (Reflect.get(model, 'links') as Map<number, unknown>).size;
    draw(model, linked(5000, 'a'));
    expect(held()).toBe(4096);
    draw(model, `\x1b]8;;\x1b\\\x1b[2J\x1b[H${linked(1, 'b')}`);
    expect(held()).toBeLessThan(10);
    expect(model.keyframe()?.init).toContain('http://b/0');
    draw(model, `\x1b]8;;http://${'c'.repeat(3000)}\x1b\\d`);
    expect(model.keyframe()?.init).not.toContain('ccc');
  });

  it('repeats a character as often as it would show', () => {
    for (const [text, width] of [
      ['a', 1],
      ['漢', 2],
    ] as const) {
      for (let more = 0; more < 14; more += 1) {
        const counted = new ScreenModel(size);
        const written = new ScreenModel(size);
        const count = 2 * (size.cols / width) * (size.rows + 1) + 40 + more;
        draw(counted, `xy${text}\x1b[${count}b\x1b[m`);
        draw(written, `xy${text}${text.repeat(count)}\x1b[m`);
        expect(counted.differenceFrom(written)).toBeNull();
      }
    }
  });
});

const number = fc.integer({ min: 0, max: 14 });
const piece = fc.oneof(
  fc.constantFrom(
    'a',
    'hello world ',
    '漢字',
    'e\u0301',
    '🎉',
    '\u0308',
    'q',
    '\r',
    '\n',
    '\r\n',
    '\b',
    '\t',
    '\x0e',
    '\x0f',
  ),
  fc.constantFrom(
    '\x1b7',
    '\x1b8',
    '\x1bD',
    '\x1bM',
    '\x1bE',
    '\x1bH',
    '\x1b(0',
    '\x1b(B',
    '\x1b)0',
    '\x1b#8',
    '\x1b=',
  ),
  fc.constantFrom('\x1b[s', '\x1b[u', '\x1b[!p', '\x1b[4h', '\x1b[4l', '\x1b[0m', '\x1b[3g', '\x1b[1"q', '\x1b[0"q'),
  fc
    .tuple(fc.constantFrom(6, 7, 12, 25, 45, 47, 1047, 1048, 1049, 2004), fc.constantFrom('h', 'l'))
    .map(([mode, set]) => `\x1b[?${mode}${set}`),
  fc.tuple(number, number, fc.constantFrom('H', 'r')).map(([a, b, final]) => `\x1b[${a};${b}${final}`),
  fc.tuple(number, fc.constantFrom(...'ABCDGdJKXPLMST@bIZ')).map(([a, final]) => `\x1b[${a}${final}`),
  fc.tuple(number, fc.constantFrom('?J', '?K')).map(([a, final]) => `\x1b[?${a % 3}${final.slice(1)}`),
  fc
    .tuple(number, fc.constantFrom('@', 'A', "'}", "'~"))
    .map(([a, final]) => `\x1b[${a}${final.length === 1 ? ` ${final}` : final}`),
  fc
    .array(
      fc.constantFrom(
        '1',
        '3',
        '4',
        '4:3',
        '7',
        '9',
        '21',
        '22',
        '24',
        '31',
        '42',
        '39',
        '49',
        '38;5;200',
        '48;2;1;2;3',
        '58;5;7',
        '59',
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map((codes) => `\x1b[${codes.join(';')}m`),
  fc.constantFrom('\x1b]8;;http://a/\x1b\\', '\x1b]8;id=x;http://b/\x1b\\', '\x1b]8;;\x1b\\', '\x1b]2;t\x07'),
  fc.tuple(fc.integer({ min: 2, max: 16 }), fc.integer({ min: 1, max: 7 })).map(([cols, rows]) => ({ cols, rows })),
);
const runs = Number(process.env.SALLYPORT_FUZZ_RUNS ?? 200);

describe('any output', () => {
  it('goes on from a keyframe as it would have gone on', () => {
    let asked = 0;
    let given = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.array(piece, { maxLength: 40 }), (before, after) => {
        const model = new ScreenModel(size);
        const take = (to: ScreenModel, one: (typeof before)[number]) => {
          if (typeof one === 'string') draw(to, one);
          else to.resize(one);
        };
        for (const one of before) take(model, one);
        const keyframe = model.keyframe();
        asked += 1;
        if (keyframe === null) return;
        given += 1;
        const restored = restoreScreen(keyframe);
        for (const one of after) {
          take(model, one);
          take(restored, one);
          expect(model.differenceFrom(restored)).toBeNull();
        }
      }),
      { numRuns: runs },
    );
    // What no sequence can say is rare even in noise.
    console.log(`keyframes for ${given} of ${asked} random screens`);
    expect(given / asked).toBeGreaterThan(0.8);
  });
});

import type { InsideAttributes, InsideExtended } from './xterm-inside.ts';

/** Bits of a cell's `fg` and `bg` in xterm 6 (its buffer/Constants). Colours: 24 bits of value and 2 of mode below the flags. */
const colorValue = 0xff_ffff;
const colorMode = 0x300_0000;
const palette16 = 0x100_0000;
const palette256 = 0x200_0000;
const rgb = 0x300_0000;
const foregroundFlags = { inverse: 2 ** 26, bold: 2 ** 27, underline: 2 ** 28, blink: 2 ** 29, invisible: 2 ** 30 };
const strikethrough = 2 ** 31;
const backgroundFlags = { italic: 2 ** 26, dim: 2 ** 27, extended: 2 ** 28, protected: 2 ** 29, overline: 2 ** 30 };

/** A cell's attributes as far as they mean something: what is drawn, and what erasing respects. */
export interface Attributes {
  /** As SGR numbers, `39` and `49` being the defaults. */
  foreground: string;
  background: string;
  /** SGR numbers of the flags, ascending, underlining aside. */
  flags: number[];
  protected: boolean;
  /** The style that is drawn: 0 none, 1 single, ... as SGR 4:n says. */
  underline: number;
  /** As xterm keeps it: mode and value; 0 is the colour of the text. */
  underlineColor: number;
  link: number;
}

export const plain: Attributes = {
  foreground: '39',
  background: '49',
  flags: [],
  protected: false,
  underline: 0,
  underlineColor: 0,
  link: 0,
};

function color(value: number, base: number): string {
  switch (value & colorMode) {
    case palette16: {
      const index = value & 0xff;
      return String(index < 8 ? base + index : base + 60 + index - 8);
    }
    case palette256:
      return `${base + 8};5;${value & 0xff}`;
    case rgb:
      return `${base + 8};2;${(value >>> 16) & 0xff};${(value >>> 8) & 0xff};${value & 0xff}`;
    default:
      return String(base + 9);
  }
}

/** Reads xterm's attributes. Underline style and link count only where the cell says that it has them. */
export function attributesOf({ fg, bg, extended }: InsideAttributes): Attributes {
  const has = (value: number, bit: number) => (value & bit) !== 0;
  const flags: number[] = [];
  if (has(fg, foregroundFlags.bold)) flags.push(1);
  if (has(bg, backgroundFlags.dim)) flags.push(2);
  if (has(bg, backgroundFlags.italic)) flags.push(3);
  if (has(fg, foregroundFlags.blink)) flags.push(5);
  if (has(fg, foregroundFlags.inverse)) flags.push(7);
  if (has(fg, foregroundFlags.invisible)) flags.push(8);
  if (has(fg, strikethrough)) flags.push(9);
  if (has(bg, backgroundFlags.overline)) flags.push(53);
  const isExtended = has(bg, backgroundFlags.extended);
  const style = isExtended ? rawUnderline(extended) : 1;
  return {
    foreground: color(fg, 30),
    background: color(bg, 40),
    flags,
    protected: has(bg, backgroundFlags.protected),
    underline: has(fg, foregroundFlags.underline) ? style : 0,
    underlineColor: isExtended ? extended.underlineColor : 0,
    link: isExtended ? extended.urlId : 0,
  };
}

/** The style below a link's own underline, which xterm answers instead while a link is open. */
export function rawUnderline(extended: InsideExtended): number {
  return (Number(Reflect.get(extended, '_ext')) >>> 26) & 7;
}

export function sameAttributes(left: Attributes, right: Attributes): boolean {
  return (
    left.foreground === right.foreground &&
    left.background === right.background &&
    left.protected === right.protected &&
    left.underline === right.underline &&
    left.underlineColor === right.underlineColor &&
    left.link === right.link &&
    left.flags.length === right.flags.length &&
    left.flags.every((flag, index) => flag === right.flags[index])
  );
}

function underlineSgr({ underline, underlineColor }: Attributes): string[] {
  const out: string[] = [];
  if ((underlineColor & colorMode) === rgb) {
    const value = underlineColor & colorValue;
    out.push(`58:2::${value >>> 16}:${(value >>> 8) & 0xff}:${value & 0xff}`);
  } else if ((underlineColor & colorMode) !== 0) {
    out.push(`58:5:${underlineColor & 0xff}`);
  }
  // After the colour: the style is what makes xterm keep both.
  if (underline > 0) out.push(underline === 1 ? '4' : `4:${underline}`);
  return out;
}

/** SGR (ECMA-48 8.3.117) and DECSCA that lead from one set of attributes to another, the link aside. */
export function sgr(from: Attributes, to: Attributes): string {
  const shield = from.protected === to.protected ? '' : `\x1b[${to.protected ? 1 : 0}"q`;
  const drawn = { ...to, link: 0 };
  if (sameAttributes({ ...from, link: 0, protected: to.protected }, drawn)) return shield;
  const sums = [
    '0',
    ...to.flags.map(String),
    ...underlineSgr(to),
    ...(to.foreground === '39' ? [] : [to.foreground]),
    ...(to.background === '49' ? [] : [to.background]),
  ];
  // SGR 0 also ends DECSCA's protection in xterm: it clears the whole of `bg`.
  const reset = to.protected ? '\x1b[1"q' : '';
  return `\x1b[${sums.join(';')}m${reset}`;
}

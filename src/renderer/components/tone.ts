import css from './primitives.module.css';

/** The state families of the tokens. */
export type Tone = 'accent' | 'press' | 'held' | 'strict' | 'ended' | 'quiet';

const text: Record<Tone, string | undefined> = {
  accent: css.toneAccent,
  press: css.tonePress,
  held: css.toneHeld,
  strict: css.toneStrict,
  ended: css.toneEnded,
  quiet: css.toneQuiet,
};

/** The class that colours text and icons in a tone. */
export function toneText(tone: Tone): string | undefined {
  return text[tone];
}

/** The class for a soft fill in a tone, with its text. */
export function toneFill(tone: Tone): string | undefined {
  return css[tone];
}

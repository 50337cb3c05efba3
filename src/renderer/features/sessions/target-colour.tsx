import type { Memory, targetColours } from '../../../shared/protocol/ipc.ts';
import css from './target-colour.module.css';

export type ColourName = (typeof targetColours)[number];

/** The colour that the person gave a target; null where they gave none. */
export function colourOf(memory: Memory, targetId: string): ColourName | null {
  return memory.colours[targetId] ?? null;
}

/** A thin line in a target's colour. It stands beside the marks of state and production and never in their place. */
export function TargetColour(props: { colour: ColourName; tall?: boolean }) {
  return (
    <span
      className={props.tall === true ? css.tall : css.line}
      style={{ background: `var(--target-${props.colour})` }}
      aria-hidden="true"
    />
  );
}

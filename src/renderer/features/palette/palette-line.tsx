import { Columns2, History, Play, SquareTerminal, Star, User } from 'lucide-react';
import type { ReactNode } from 'react';
import { ArchIcon } from '../../components/icons/icons.tsx';
import { cx, HatchBlock, Keys } from '../../components/primitives.tsx';
import { testIds } from '../../test-ids.ts';
import type { Line, LineIcon } from './lines.ts';
import type { Marks } from './match.ts';
import css from './palette.module.css';

const icons: Record<LineIcon, ReactNode> = {
  connect: <ArchIcon size={16} />,
  session: <SquareTerminal size={16} strokeWidth={1.5} aria-hidden="true" />,
  split: <Columns2 size={16} strokeWidth={1.5} aria-hidden="true" />,
  history: <History size={16} strokeWidth={1.5} aria-hidden="true" />,
  person: <User size={16} strokeWidth={1.5} aria-hidden="true" />,
  action: <Play size={14} strokeWidth={1.6} aria-hidden="true" />,
  star: <Star size={15} strokeWidth={1.5} aria-hidden="true" />,
};

const tones: Record<Line['tone'], string | undefined> = {
  plain: undefined,
  strict: css.strict,
  press: css.press,
  kept: css.kept,
};

function Marked(props: { text: string; marks: Marks }) {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const [from, to] of props.marks) {
    if (from > at) parts.push(props.text.slice(at, from));
    parts.push(
      <mark key={from} className={css.mark}>
        {props.text.slice(from, to)}
      </mark>,
    );
    at = to;
  }
  parts.push(props.text.slice(at));
  return <>{parts}</>;
}

export function PaletteLine(props: {
  id: string;
  line: Line;
  chosen: boolean;
  onChoose: () => void;
  onRun: (split: boolean) => void;
}) {
  const { line } = props;
  const named = line.lead !== '' || line.tail !== '' || line.icon === 'connect';
  return (
    // The field above keeps the focus, takes the keys and points here with aria-activedescendant.
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <div
      id={props.id}
      role="option"
      tabIndex={-1}
      aria-selected={props.chosen}
      className={cx(css.line, props.chosen && css.chosen)}
      data-testid={testIds.paletteLine}
      data-line={line.id}
      onMouseDown={(event) => event.preventDefault()}
      onMouseMove={props.onChoose}
      onClick={(event) => props.onRun(event.ctrlKey || event.metaKey)}
    >
      <span className={css.icon}>{icons[line.icon]}</span>
      <span className={cx(css.name, line.mono && css.mono)}>
        {line.lead}
        <span className={cx(named && css.strong)}>
          <Marked text={line.name} marks={line.marks} />
        </span>
        {line.tail}
      </span>
      {line.production ? (
        <span className={css.hatch}>
          <HatchBlock named />
        </span>
      ) : null}
      <span className={cx(css.note, tones[line.tone])}>{line.note}</span>
      {line.keys !== null ? (
        <span className={css.lineKeys}>
          <Keys of={line.keys} />
        </span>
      ) : props.chosen ? (
        <span className={css.lineKeys}>
          <Keys of="Enter" />
        </span>
      ) : null}
    </div>
  );
}

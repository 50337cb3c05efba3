import { ChevronRight, CornerDownLeft, Text } from 'lucide-react';
import type { SearchHit } from '../../../shared/model/review.ts';
import { cx, HatchBlock } from '../../components/primitives.tsx';
import { position, when } from '../../services/format.ts';
import { testIds } from '../../test-ids.ts';
import { type HitGroup, markedPieces, startOfShown } from './hit-groups.ts';
import css from './hits.module.css';

/** A text with the searched words marked; a long beginning is cut so that the first mark is seen. */
export function MarkedText(props: { text: string; marks: SearchHit['marks'] }) {
  const from = startOfShown(props.marks);
  return (
    <>
      {from === 0 ? null : '…'}
      {markedPieces(props.text, props.marks)
        .filter((piece) => piece.at + piece.text.length > from)
        .map((piece) => {
          const text = piece.at < from ? piece.text.slice(from - piece.at) : piece.text;
          return piece.marked ? <mark key={piece.at}>{text}</mark> : <span key={piece.at}>{text}</span>;
        })}
    </>
  );
}

/** The recording that the lines under it are from. */
export function HitSession(props: { group: HitGroup; mine: boolean; now: number }) {
  const { first, hits } = props.group;
  return (
    <div className={css.hitSession} aria-hidden="true">
      <span className={css.target}>
        {first.target.production ? <HatchBlock /> : null}
        <span className={css.name}>{first.target.name}</span>
        <span className={css.dim}>{first.login}</span>
      </span>
      {props.mine ? null : <b>{first.user.name}</b>}
      <span className={css.dim}>{when(Date.parse(first.startedAt), props.now)}</span>
      {hits.length < 2 ? null : <span className={css.dim}>{hits.length} lines</span>}
    </div>
  );
}

/** A line that was found, at its moment. */
export function HitRow(props: {
  id: string;
  hit: SearchHit;
  selected: boolean;
  mine: boolean;
  now: number;
  onChoose: () => void;
  onOpen: () => void;
  onCopy: () => void;
}) {
  const { hit } = props;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the search field keeps the focus and handles the keys
    <div
      id={props.id}
      role="option"
      tabIndex={-1}
      aria-selected={props.selected}
      className={cx(css.hit, props.selected && css.selected)}
      data-testid={testIds.searchHit}
      data-session-id={hit.sessionId}
      data-kind={hit.kind}
      data-at-ms={hit.atMs}
      onMouseDown={(event) => event.preventDefault()}
      onClick={props.onChoose}
      onDoubleClick={props.onOpen}
    >
      <span className={css.hitAt}>{position(hit.atMs)}</span>
      <span className={css.hitKind}>
        {hit.kind === 'command' ? (
          <ChevronRight size={13} strokeWidth={2} aria-hidden="true" />
        ) : (
          <Text size={12} strokeWidth={1.6} aria-hidden="true" />
        )}
      </span>
      <span className={cx(css.hitText, hit.kind === 'output' && css.hitOutput)} title={hit.text}>
        <MarkedText text={hit.text} marks={hit.marks} />
      </span>
      {/* A reader hears the line alone, without the recording above it. */}
      <span className="visually-hidden">
        , {hit.kind === 'command' ? 'command' : 'output'}, {hit.target.name}
        {hit.target.production ? ', production' : ''}
        {props.mine ? '' : `, ${hit.user.name}`}, {when(Date.parse(hit.startedAt), props.now)}
      </span>
      {props.selected ? (
        <span className={css.act}>
          {/* For the pointer; keys have Ctrl C, and the foot says so. */}
          {/* biome-ignore lint/a11y/noStaticElementInteractions: see above */}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: see above */}
          <span className={css.copy} title="Copy the line (Ctrl C)" onClick={props.onCopy}>
            Copy
          </span>
          <CornerDownLeft size={12} strokeWidth={2} aria-hidden="true" />
          Replay from here
        </span>
      ) : null}
    </div>
  );
}

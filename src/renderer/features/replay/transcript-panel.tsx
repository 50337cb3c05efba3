import { Button } from '@mantine/core';
import { Copy } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import type { TranscriptLine } from '../../../shared/protocol/replay.ts';
import { cx, IconButton, Keys } from '../../components/primitives.tsx';
import { counted, position } from '../../services/format.ts';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { Marked, placesOf } from './marked.tsx';
import { type OpenReplay, useDerived } from './open-replay.ts';
import css from './transcript.module.css';
import type { ReplayActions } from './use-replay-actions.ts';
import { VirtualList } from './virtual-list.tsx';

const lineHeight = 18;

function Line(props: {
  line: TranscriptLine | undefined;
  now: boolean;
  query: string;
  current: boolean;
  tabIndex: 0 | -1;
  onSeek: (ms: number) => void;
  onCopy: (ms: number) => void;
}) {
  const { line, now } = props;
  if (line === undefined)
    return (
      <span className={css.line}>
        <span className={css.time}>…</span>
        <span />
      </span>
    );
  const text = <Marked text={line.text} places={placesOf(line.text, props.query)} current={props.current} />;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a press on a line is a shorter way to its button
    <div
      className={cx(css.line, now && css.now)}
      onMouseUp={(event) => {
        const selection = document.getSelection();
        const onButton = event.target instanceof Element && event.target.closest('button') !== null;
        if (event.button === 0 && !onButton && selection?.isCollapsed !== false) props.onSeek(line.atMs);
      }}
    >
      <button
        type="button"
        data-row-focus={true}
        tabIndex={props.tabIndex}
        className={css.time}
        aria-label={`${position(line.atMs)}, go there`}
        aria-current={now ? 'true' : undefined}
        onClick={() => props.onSeek(line.atMs)}
      >
        {position(line.atMs)}
      </button>
      {line.kind === 'command' ? (
        <>
          <h3 className={cx(css.command, 'selectable')}>{text}</h3>
          <IconButton
            label="Copy this command with its output"
            className={css.copy}
            tabIndex={props.tabIndex}
            onClick={() => props.onCopy(line.atMs)}
          >
            <Copy size={13} strokeWidth={1.7} aria-hidden="true" />
          </IconButton>
        </>
      ) : line.kind === 'gap' ? (
        <p className={css.gap}>No text from here: {line.text}</p>
      ) : (
        <p className={cx(css.text, line.alternate && css.alternate, 'selectable')}>{text}</p>
      )}
    </div>
  );
}

/** Why there is no text, and whom to ask. */
function Closed() {
  return (
    <div className={css.closed} data-testid={testIds.replayTranscriptClosed}>
      <h3 className={css.closedTitle}>The text of this recording is not open to you</h3>
      <p>
        Text has readers of its own. You may play what your rules let you open; for the text, and to search in it, ask
        whoever writes the access rules for the right to open text.
      </p>
    </div>
  );
}

/** The whole text as a document, for reading, for copying, and for those who hear the screen. */
export function TranscriptPanel(props: { replay: OpenReplay; actions: ReplayActions }) {
  const { replay, actions } = props;
  const { transcript, player } = replay;
  const { total } = useStore(transcript.state);
  const search = useStore(replay.search.state);
  const [range, setRange] = useState({ from: 0, to: 0 });
  const [at, setAt] = useState(-1);
  const seconds = useDerived(player.state, (state) => Math.floor(state.positionMs / 500));
  const onRange = useCallback((from: number, to: number) => setRange({ from, to }), []);
  useEffect(() => void transcript.want(range.from, range.to), [transcript, range]);
  // biome-ignore lint/correctness/useExhaustiveDependencies(seconds): where we are may be in another line now
  // biome-ignore lint/correctness/useExhaustiveDependencies(total): more lines were read
  useEffect(() => {
    let gone = false;
    void transcript.indexAt(player.state.get().positionMs).then((index) => {
      if (!gone) setAt(index);
    });
    return () => {
      gone = true;
    };
  }, [transcript, player, seconds, total]);
  const hit = search.hits[search.index];
  if (total === null) return <Closed />;
  if (total === 0)
    return (
      <p className={css.quiet}>
        {replay.survey?.finished === true
          ? 'Nothing could be read on the screen of this session.'
          : 'Reading the text.'}
      </p>
    );
  return (
    <section className={css.transcript} aria-label="Transcript" data-testid={testIds.replayTranscript}>
      <div className={css.tools}>
        <span className={css.count}>{counted(total, 'line')}</span>
        <Button
          size="xs"
          data-testid={testIds.replayCopyOutput}
          onClick={() => void actions.copyOutput(player.state.get().positionMs)}
          rightSection={<Keys of="C" />}
        >
          Copy command and output
        </Button>
        <Button size="xs" onClick={() => void actions.copyAll()}>
          Copy all
        </Button>
      </div>
      <VirtualList
        label="Lines of the transcript"
        count={total}
        measured={true}
        heightOf={() => lineHeight}
        keyOf={(index) => index}
        follow={at}
        reveal={hit}
        revealAt={hit?.line}
        onRange={onRange}
        className={css.lines}
        render={(index, tabIndex) => (
          <Line
            line={transcript.get(index)}
            now={index === at}
            query={search.asked}
            current={hit?.line === index}
            tabIndex={tabIndex}
            onSeek={actions.seek}
            onCopy={(ms) => void actions.copyOutput(ms)}
          />
        )}
      />
    </section>
  );
}

import { Button } from '@mantine/core';
import { Search } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { RecordingView } from '../../../shared/model/recording.ts';
import type { Me } from '../../../shared/protocol/control-api.ts';
import { Foot } from '../../components/foot.tsx';
import { cx, Empty, ErrorCard, Keys } from '../../components/primitives.tsx';
import { detailsOf, titleOf } from '../../errors/words.ts';
import { useNow } from '../../services/now.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { filterRecordings } from './filter-recordings.ts';
import { LocalRows } from './local-rows.tsx';
import { PurposeDialog } from './purpose-dialog.tsx';
import { RecordingRow } from './recording-row.tsx';
import css from './recordings.module.css';

const listId = 'recordings-list';
const optionId = (sessionId: string) => `recording-${sessionId}`;
const skeleton = [420, 380, 460, 400, 440, 360] as const;

/** The list, or why there is none. */
function Body(props: { shownCount: number; query: string; onClear: () => void; children: ReactNode }) {
  const { app, recordings } = useServices();
  const state = useStore(recordings.state);
  if (state.recordings === null && state.problem === null) {
    return (
      <div
        className={css.scroll}
        role="status"
        aria-busy="true"
        aria-label="Loading recordings"
        style={{ marginTop: 42 }}
      >
        {skeleton.map((width) => (
          <div key={width} className={css.loadingRow}>
            <span style={{ width }} />
          </div>
        ))}
      </div>
    );
  }
  if (state.recordings === null && state.problem !== null) {
    const { problem } = state;
    const title = titleOf(problem.code);
    return (
      <div className={css.centre}>
        <ErrorCard
          title={title}
          problem={problem}
          onCopy={() => void app.copy(detailsOf(title, problem))}
          action={
            <Button variant="filled" onClick={() => void recordings.load()}>
              Try again
            </Button>
          }
        />
      </div>
    );
  }
  if (state.recordings?.length === 0) {
    return (
      <div className={css.centre}>
        <Empty title="No recordings yet">
          Every session is recorded. The first one you open appears here a moment later, and stays.
        </Empty>
      </div>
    );
  }
  if (props.shownCount === 0) {
    return (
      <div className={css.centre}>
        <Empty title="No recording matches" actions={<Button onClick={props.onClear}>Clear the filter</Button>}>
          None has <b>{props.query}</b> in its person, target, login, reason or end.
        </Empty>
      </div>
    );
  }
  return props.children;
}

export function RecordingsList(props: { shown: boolean; me: Me | null }) {
  const { recordings, navigation } = useServices();
  const state = useStore(recordings.state);
  const now = useNow(30_000);
  const input = useRef<HTMLInputElement>(null);
  const [query, setQuery] = useState('');
  const [chosenId, setChosenId] = useState<string | null>(null);
  const [asking, setAsking] = useState<RecordingView | null>(null);
  const shown = useMemo(() => filterRecordings(state.recordings ?? [], query), [state.recordings, query]);
  const at = Math.max(
    0,
    shown.findIndex((recording) => recording.sessionId === chosenId),
  );
  const chosen = shown[at] ?? null;

  useEffect(() => {
    if (!props.shown) return;
    input.current?.focus();
    void recordings.load();
  }, [props.shown, recordings]);

  const open = (recording: RecordingView) => {
    setChosenId(recording.sessionId);
    if (recording.user.id === props.me?.user.id) navigation.openReplay(recording.sessionId, 'Replay of my own session');
    else setAsking(recording);
  };
  const choose = (next: number) => {
    const recording = shown[Math.min(shown.length - 1, Math.max(0, next))];
    if (recording === undefined) return;
    setChosenId(recording.sessionId);
    document.getElementById(optionId(recording.sessionId))?.scrollIntoView({ block: 'nearest' });
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 12,
      PageUp: at - 12,
    };
    const move = event.ctrlKey || event.altKey ? undefined : moves[event.key];
    if (move !== undefined) choose(move);
    else if (event.key === 'Enter' && chosen !== null) open(chosen);
    else if (event.key === 'Escape') setQuery('');
    else return;
    event.preventDefault();
  };

  const total = state.recordings?.length ?? 0;
  return (
    <>
      <div className={css.list}>
        <div className={css.searchBox}>
          <Search size={17} strokeWidth={1.7} aria-hidden="true" />
          <input
            ref={input}
            className={css.searchInput}
            type="text"
            role="combobox"
            aria-label="Filter recordings"
            aria-expanded="true"
            aria-autocomplete="list"
            aria-controls={listId}
            aria-activedescendant={chosen === null ? undefined : optionId(chosen.sessionId)}
            placeholder="Filter by person, target, login, reason or end"
            spellCheck={false}
            autoComplete="off"
            maxLength={200}
            value={query}
            data-testid={testIds.recordingsFilter}
            onChange={(event) => setQuery(event.currentTarget.value)}
            onKeyDown={onKey}
          />
          {state.recordings === null ? null : (
            <span className={css.count} aria-live="polite">
              <b>{shown.length.toLocaleString('en')}</b>
              {shown.length === total
                ? ` recording${total === 1 ? '' : 's'}`
                : ` of ${total.toLocaleString('en')} recordings`}
            </span>
          )}
          {query === '' ? null : <Keys of="Esc" />}
        </div>
        <LocalRows local={state.local} />
        <Body shownCount={shown.length} query={query} onClear={() => setQuery('')}>
          <div className={cx(css.head, css.columns)} aria-hidden="true">
            <span>Started</span>
            <span>Target</span>
            <span>Login</span>
            <span>Person</span>
            <span>Length</span>
            <span>Size</span>
            <span>End</span>
            <span>Proof</span>
            <span>Record</span>
          </div>
          <div id={listId} role="listbox" tabIndex={-1} aria-label="Recordings" className={cx(css.scroll, css.columns)}>
            {shown.map((recording) => (
              <RecordingRow
                key={recording.sessionId}
                id={optionId(recording.sessionId)}
                recording={recording}
                selected={recording === chosen}
                now={now}
                onChoose={() => setChosenId(recording.sessionId)}
                onOpen={() => open(recording)}
              />
            ))}
          </div>
        </Body>
      </div>
      <Foot
        keys={[
          ['↑ ↓', 'choose'],
          ['↵', 'replay'],
          ['Esc', 'clear the filter'],
        ]}
      />
      <PurposeDialog
        recording={asking}
        onCancel={() => setAsking(null)}
        onOpen={(purpose) => {
          const recording = asking;
          setAsking(null);
          if (recording !== null) navigation.openReplay(recording.sessionId, purpose);
        }}
      />
    </>
  );
}

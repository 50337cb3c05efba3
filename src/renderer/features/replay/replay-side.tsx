import { Search, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import type { RecordingView } from '../../../shared/model/recording.ts';
import { cx, IconButton, Keys } from '../../components/primitives.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { CommandsPanel, MarksPanel, useMarks } from './commands-panel.tsx';
import { Details } from './details.tsx';
import { FindingsPanel } from './findings-panel.tsx';
import { change, type OpenReplay, type SideTab, sideTabs } from './open-replay.ts';
import type { SearchState } from './replay-search.ts';
import css from './side.module.css';
import { TranscriptPanel } from './transcript-panel.tsx';
import { useCommands } from './use-moments.ts';
import type { ReplayActions } from './use-replay-actions.ts';

/** "5 of 6", "6 hits", "No hit"; with a plus while the recording is still being read. Pure. */
export function countWords(search: SearchState): string {
  const text = search.text.trim();
  if (text === '' || search.asked !== text.slice(0, 200)) return '';
  const more = search.finished ? '' : '+';
  if (search.total === 0) return search.finished ? 'No hit' : 'None yet';
  const total = `${search.total.toLocaleString('en')}${more}`;
  if (search.index >= 0) return `${(search.index + 1).toLocaleString('en')} of ${total}`;
  return search.total === 1 && search.finished ? '1 hit' : `${total} hits`;
}

function SearchField(props: { replay: OpenReplay; actions: ReplayActions }) {
  const { replay, actions } = props;
  const search = useStore(replay.search.state);
  const { onlyHits } = useStore(replay.ui);
  const { total } = useStore(replay.transcript.state);
  const input = useRef<HTMLInputElement>(null);
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Enter') actions.stepHit(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') {
      if (search.text === '') input.current?.blur();
      else replay.search.clear();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const closed = total === null;
  return (
    <search className={css.search}>
      <div className={css.field}>
        <Search size={15} strokeWidth={1.7} aria-hidden="true" />
        <input
          ref={input}
          className={css.input}
          aria-label="Search in this recording"
          placeholder={closed ? 'Its text is not open to you' : 'Search commands and output'}
          disabled={closed}
          maxLength={200}
          spellCheck={false}
          value={search.text}
          data-testid={testIds.replaySearch}
          onChange={(event) => replay.search.setText(event.currentTarget.value)}
          onKeyDown={onKey}
        />
        <span className={css.count} role="status" data-testid={testIds.replaySearchCount}>
          {countWords(search)}
        </span>
        {search.text === '' ? (
          <Keys of="/" />
        ) : (
          <>
            <span className={css.inField}>
              <Keys of="↵" />
            </span>
            <span className={css.besideField}>
              <Keys of="N" />
            </span>
            <IconButton
              label="Clear the search"
              onClick={() => {
                replay.search.clear();
                input.current?.focus();
              }}
            >
              <X size={14} aria-hidden="true" />
            </IconButton>
          </>
        )}
      </div>
      {search.asked === '' || search.total === 0 ? null : (
        <label className={css.only}>
          <input
            type="checkbox"
            checked={onlyHits}
            onChange={(event) => change(replay.ui, { onlyHits: event.currentTarget.checked, tab: 'commands' })}
          />
          Only commands with hits
          {search.total > search.hits.length
            ? `; the first ${search.hits.length.toLocaleString('en')} hits are listed`
            : ''}
        </label>
      )}
    </search>
  );
}

const tabNames: Readonly<Record<SideTab, string>> = {
  commands: 'Commands',
  transcript: 'Transcript',
  marks: 'Marks',
  details: 'Details',
};

function Tabs(props: { replay: OpenReplay }) {
  const { replay } = props;
  const { tab } = useStore(replay.ui);
  const { notes } = useStore(replay.notes.state);
  const commands = useCommands(replay);
  const marks = useMarks(replay);
  const counts: Partial<Record<SideTab, number>> = {
    commands: commands.length,
    marks: marks.length + (notes?.bookmarks.length ?? 0) + (notes?.findings.length ?? 0),
  };
  const list = useRef<HTMLDivElement>(null);
  const onKey = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = sideTabs[(sideTabs.indexOf(tab) + by + sideTabs.length) % sideTabs.length] ?? 'commands';
    change(replay.ui, { tab: next });
    list.current?.querySelector<HTMLElement>(`#replay-tab-${next}`)?.focus();
  };
  return (
    <div ref={list} className={css.tabs} role="tablist" aria-label="Beside the recording" onKeyDown={onKey}>
      {sideTabs.map((each) => (
        <button
          key={each}
          type="button"
          role="tab"
          id={`replay-tab-${each}`}
          aria-selected={each === tab}
          aria-controls="replay-panel"
          tabIndex={each === tab ? 0 : -1}
          className={cx(css.tab, each === tab && css.tabOn)}
          onClick={() => change(replay.ui, { tab: each })}
        >
          {tabNames[each]}
          {counts[each] === undefined ? null : (
            <span className={css.tabCount}>{counts[each]?.toLocaleString('en')}</span>
          )}
        </button>
      ))}
    </div>
  );
}

/** Search, what happened in its order, the text, the facts, and what reviewers wrote. */
export function ReplaySide(props: {
  recording: RecordingView | null;
  replay: OpenReplay | null;
  actions: ReplayActions | null;
  open: boolean;
}) {
  const { recording, replay, actions } = props;
  const side = useRef<HTMLElement>(null);
  useEffect(() => {
    // As a sheet it has just come over what had the focus.
    if (props.open && getComputedStyle(side.current ?? document.body).position === 'absolute')
      side.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
  }, [props.open]);
  if (replay === null || actions === null)
    return (
      <aside ref={side} className={cx(css.side, props.open && css.sideOpen)} aria-label="Details">
        <Details recording={recording} opened={null} />
      </aside>
    );
  return (
    <aside ref={side} className={cx(css.side, props.open && css.sideOpen)} aria-label="Beside the recording">
      <SearchField replay={replay} actions={actions} />
      <Tabs replay={replay} />
      <Panel replay={replay} actions={actions} />
    </aside>
  );
}

function Panel(props: { replay: OpenReplay; actions: ReplayActions }) {
  const { replay, actions } = props;
  const { tab } = useStore(replay.ui);
  return (
    <>
      <div className={css.panel} role="tabpanel" id="replay-panel" aria-labelledby={`replay-tab-${tab}`}>
        {tab === 'commands' ? <CommandsPanel replay={replay} actions={actions} /> : null}
        {tab === 'transcript' ? <TranscriptPanel replay={replay} actions={actions} /> : null}
        {tab === 'marks' ? <MarksPanel replay={replay} actions={actions} /> : null}
        {tab === 'details' ? <Details recording={replay.recording} opened={replay.opened} /> : null}
      </div>
      {tab === 'commands' || tab === 'marks' ? <FindingsPanel replay={replay} actions={actions} /> : null}
    </>
  );
}

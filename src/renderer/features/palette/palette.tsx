import { Search } from 'lucide-react';
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Me } from '../../../shared/protocol/control-api.ts';
import { Keys } from '../../components/primitives.tsx';
import { mainWindow } from '../../services/layout/layout.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { type Line, paletteGroups } from './lines.ts';
import { type PaletteMode, readQuery } from './match.ts';
import css from './palette.module.css';
import { PaletteLine } from './palette-line.tsx';
import { usePaletteWorld } from './use-palette-world.ts';
import { useRunLine } from './use-run-line.ts';

const listId = 'palette-list';
const lineId = (at: number) => `palette-line-${at}`;

const places: Record<PaletteMode, string> = {
  all: 'in everything',
  actions: 'in actions',
  people: 'in people',
  history: 'in my history',
};

/** Why there is nothing, in one line. */
function nothingWords(mode: PaletteMode, text: string): string {
  if (mode === 'history' && text.length < 2) return 'Type two letters to search the sessions that were yours.';
  if (mode === 'history') return 'No command of yours has these words.';
  if (mode === 'people')
    return text === ''
      ? 'No recording of anybody is known here yet.'
      : 'Nobody by that name has a recording that you may see.';
  if (mode === 'actions') return 'No action has these words.';
  return 'No target, session or action has these words.';
}

/** The whole list, to be found from the keyboard: which line comes `by` further, at the ends on from the other one. */
function stepped(at: number, by: number, count: number): number {
  if (count === 0) return 0;
  if (by === 1 || by === -1) return (at + by + count) % count;
  return Math.min(count - 1, Math.max(0, at + by));
}

function Body(props: { me: Me | null; before: Element | null }) {
  const { navigation } = useServices();
  const { paletteText } = useStore(navigation.place);
  const [query, setQuery] = useState(paletteText);
  const [at, setAt] = useState(0);
  const [opened, setOpened] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const { mode, words } = readQuery(query);
  const world = usePaletteWorld({
    mode,
    text: words,
    me: props.me,
    opened,
    inTerminal: props.before?.closest('.xterm') != null,
  });
  const groups = useMemo(() => paletteGroups(mode, words, world), [mode, words, world]);
  const lines = useMemo(() => groups.flatMap((group) => group.lines), [groups]);
  const run = useRunLine(props.before);
  const chosenAt = Math.min(at, Math.max(0, lines.length - 1));
  const chosen = lines[chosenAt];

  useLayoutEffect(() => input.current?.focus(), []);
  useEffect(() => {
    if (chosenAt === 0) list.current?.scrollTo({ top: 0 });
    else document.getElementById(lineId(chosenAt))?.scrollIntoView({ block: 'nearest' });
  }, [chosenAt]);

  const others = chosen?.act.do === 'connect' && chosen.icon === 'connect' ? chosen.act.target : null;
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (by !== undefined && !event.altKey) setAt(stepped(chosenAt, by, lines.length));
    else if (event.key === 'Enter') {
      if (chosen !== undefined) run(chosen, event.ctrlKey || event.metaKey);
    } else if (event.key === 'Tab') {
      // Nothing else here takes the focus.
      if (others !== null && others.logins.length > 1) setOpened(others.id === opened ? null : others.id);
    } else if (event.key === 'Escape') {
      navigation.setDialog(null);
    } else return;
    event.preventDefault();
  };

  let place = -1;
  const lineOf = (line: Line) => {
    place += 1;
    const here = place;
    return (
      <PaletteLine
        key={line.id}
        id={lineId(here)}
        line={line}
        chosen={here === chosenAt}
        onChoose={() => setAt(here)}
        onRun={(split) => run(line, split)}
      />
    );
  };

  return (
    <>
      <div className={css.head}>
        <Search size={17} strokeWidth={1.7} aria-hidden="true" />
        <input
          ref={input}
          className={css.input}
          type="text"
          role="combobox"
          aria-label="Go to a target, a session or an action"
          aria-expanded="true"
          aria-autocomplete="list"
          aria-controls={listId}
          aria-activedescendant={chosen === undefined ? undefined : lineId(chosenAt)}
          placeholder="Go to a target, a session or an action"
          spellCheck={false}
          autoComplete="off"
          maxLength={200}
          value={query}
          data-testid={testIds.paletteInput}
          onChange={(event) => {
            setQuery(event.currentTarget.value);
            setAt(0);
            setOpened(null);
          }}
          onKeyDown={onKey}
        />
        <span className={css.place}>{places[mode]}</span>
      </div>
      <div ref={list} id={listId} className={css.list} role="listbox" aria-label="What there is to go to">
        {groups.map((group) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options, not of fields
          <div key={group.name} role="group" aria-label={group.name} className={css.group}>
            <div className={css.groupName} aria-hidden="true">
              {group.name}
            </div>
            {group.lines.map(lineOf)}
          </div>
        ))}
      </div>
      {lines.length === 0 ? <p className={css.nothing}>{nothingWords(mode, words)}</p> : null}
      <span className="visually-hidden" role="status">
        {lines.length === 0 ? nothingWords(mode, words) : `${lines.length} found`}
      </span>
      <Hints me={props.me} others={others !== null && others.logins.length > 1} />
    </>
  );
}

function Hint(props: { keys: string; children: string }) {
  return (
    <span className={css.hint}>
      <Keys of={props.keys} />
      {props.children}
    </span>
  );
}

function Hints(props: { me: Me | null; others: boolean }) {
  const views = props.me?.views;
  return (
    <div className={css.foot}>
      <Hint keys="↑ ↓">choose</Hint>
      <Hint keys="Enter">run</Hint>
      {props.others ? <Hint keys="Tab">other logins</Hint> : null}
      <span className={css.footEnd}>
        <Hint keys=">">actions only</Hint>
        {views?.includes('recordings') === true ? <Hint keys="@">people</Hint> : null}
        {views?.includes('history') === false ? null : <Hint keys="/">my history</Hint>}
      </span>
    </div>
  );
}

/** The palette while it is open. It gives the focus back to what had it, unless what was chosen has taken it. */
function OpenPalette(props: { me: Me | null }) {
  const { navigation, sessions } = useServices();
  const box = useRef<HTMLDivElement>(null);
  // Opened from a detached window, it gives the focus back to that one (features/sessions/call-main.ts), not to a pane of this.
  const [before] = useState(() => (sessions.tabs.get().layout.front === mainWindow ? document.activeElement : null));
  useLayoutEffect(() => {
    const inside = box.current;
    return () => {
      const lost = document.activeElement === document.body || inside?.contains(document.activeElement) === true;
      if (lost && before instanceof HTMLElement) before.focus();
    };
  }, [before]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Esc does the same from the keyboard
    <div
      className={css.scrim}
      onMouseDown={(event) => {
        event.preventDefault();
        if (event.target === event.currentTarget) navigation.setDialog(null);
        else if (event.target instanceof HTMLInputElement) event.target.focus();
      }}
    >
      <div
        ref={box}
        role="dialog"
        aria-modal="true"
        aria-label="Command palette"
        className={css.palette}
        data-testid={testIds.palette}
      >
        <Body me={props.me} before={before} />
      </div>
    </div>
  );
}

/** Everything that can be gone to or done, by typing. */
export function Palette(props: { me: Me | null }) {
  const { navigation } = useServices();
  const { dialog } = useStore(navigation.place);
  return dialog === 'palette' ? <OpenPalette me={props.me} /> : null;
}

import { Menu } from '@mantine/core';
import { Search } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { TargetView } from '../../../shared/model/target.ts';
import type { Enrolled } from '../../app/person-panel.tsx';
import { Foot } from '../../components/foot.tsx';
import { cx, Keys } from '../../components/primitives.tsx';
import { coversNeeds, defaultLogin } from '../../services/connect-service.ts';
import { useNow } from '../../services/now.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { ConnectDialogs } from './connect-dialogs.tsx';
import { CoverMenu } from './cover-menu.tsx';
import { FilterBar } from './filter-bar.tsx';
import { type Filter, filterChoices, groupHits, indexTargets, searchTargets } from './search.ts';
import { targetCommands } from './target-commands.ts';
import { TargetList, type TargetListHandle } from './target-list.tsx';
import { TargetPanel } from './target-panel.tsx';
import css from './targets.module.css';
import { TargetsBody } from './targets-body.tsx';

const listId = 'targets-list';
/** From this width of the window on the panel has its place beside the list (targets.module.css). */
const besideFrom = 1180;
const optionId = (targetId: string) => `target-${targetId}`;

/** Under the row that the menu belongs to. */
function menuPlace(rowId: string | null): { left: number; top: number } {
  const row = rowId === null ? null : document.getElementById(rowId)?.getBoundingClientRect();
  return row == null
    ? { left: 116, top: 200 }
    : { left: row.left + 44, top: Math.min(row.bottom, window.innerHeight - 220) };
}

/** What Enter does at the chosen target. */
function enterWords(chosen: TargetView | null): string {
  if (chosen === null) return 'connect';
  const login = defaultLogin(chosen)?.name;
  if (login === undefined) return 'why there is no login';
  return chosen.lock === null ? `connect as ${login}` : 'why it is locked';
}

export function TargetsView(props: { shown: boolean; enrolment: Enrolled }) {
  const { app, targets, sessions, navigation, connect, memory, settings, commands } = useServices();
  const state = useStore(targets.state);
  const running = useStore(sessions.sessions);
  const { sheet, newSessions } = useStore(navigation.place);
  const now = useNow(30_000);
  const { cover, busy } = useStore(connect.state);
  const { favourites } = useStore(memory.state);
  const { density } = useStore(settings.settings);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<TargetListHandle>(null);
  const views = props.enrolment.me?.views;
  const [query, setQuery] = useState('');
  const [filters, setFilters] = useState<Filter[]>([]);
  const [chosenId, setChosenId] = useState<string | null>(null);
  const [loginMenu, setLoginMenu] = useState(false);
  const [labelMenu, setLabelMenu] = useState(false);

  const index = useMemo(() => indexTargets(state.targets ?? []), [state.targets]);
  const hits = useMemo(() => searchTargets(index, query, filters), [index, query, filters]);
  const groups = useMemo(() => groupHits(hits, favourites), [hits, favourites]);
  const choices = useMemo(() => filterChoices(hits, filters), [hits, filters]);
  const ordered = useMemo(() => groups.flatMap((group) => group.hits), [groups]);
  const at = Math.max(
    0,
    ordered.findIndex((hit) => hit.target.id === chosenId),
  );
  const chosen = ordered[at]?.target ?? null;
  const login = chosen === null ? undefined : defaultLogin(chosen)?.name;
  const starred = useMemo(() => new Set(favourites), [favourites]);
  const covers = useMemo(
    () => hits.filter((hit) => coversNeeds(hit.target.needs, cover, now)).length,
    [hits, cover, now],
  );
  const toggleFavourite = (target: TargetView) => {
    const others = favourites.filter((id) => id !== target.id);
    memory.change({ favourites: starred.has(target.id) ? others : [...others, target.id] });
  };
  const runningAt = useMemo(() => {
    const counts = new Map<string, number>();
    for (const session of running.values()) {
      if (session.state.state !== 'ended') counts.set(session.targetId, (counts.get(session.targetId) ?? 0) + 1);
    }
    return counts;
  }, [running]);

  useEffect(() => {
    if (props.shown) input.current?.focus();
  }, [props.shown]);

  useEffect(() => {
    if (newSessions === 0) return;
    setQuery('');
    setFilters([]);
    setChosenId(null);
    list.current?.reveal(0);
    input.current?.focus();
  }, [newSessions]);

  const doing = useRef({ chosen, toggleFavourite });
  doing.current = { chosen, toggleFavourite };
  useEffect(() => {
    if (!props.shown) return;
    return commands.register(
      targetCommands({
        chosen: () => doing.current.chosen,
        connect: (target, place) => connect.begin(target, null, place),
        favourite: (target) => doing.current.toggleFavourite(target),
        loginMenu: () => setLoginMenu(true),
        labelMenu: () => setLabelMenu(true),
        focusSearch: () => input.current?.focus(),
        reload: () => void targets.load(true),
      }),
    );
  }, [props.shown, commands, connect, targets]);

  // Whoever may look and connect nowhere has come for the recordings. Once, and not over what the person has already begun.
  const { targets: loaded } = state;
  const settled = useRef(false);
  useEffect(() => {
    if (loaded === null || views === undefined || settled.current) return;
    settled.current = true;
    const bystander = loaded.length > 0 && loaded.every((target) => target.logins.length === 0);
    if (bystander && views.includes('recordings') && navigation.place.get().view === 'targets') {
      navigation.go('recordings');
    }
  }, [loaded, views, navigation]);

  const choose = (next: number) => {
    const clamped = Math.min(ordered.length - 1, Math.max(0, next));
    const hit = ordered[clamped];
    if (hit === undefined) return;
    setChosenId(hit.target.id);
    list.current?.reveal(clamped);
  };

  const change = (text: string) => {
    setQuery(text);
    setChosenId(null);
    list.current?.reveal(0);
  };

  const onKey = (event: React.KeyboardEvent<HTMLInputElement>) => {
    const field = event.currentTarget;
    const atEnd = field.selectionStart === field.value.length && field.selectionEnd === field.value.length;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 12,
      PageUp: at - 12,
    };
    const move = event.ctrlKey || event.altKey ? undefined : moves[event.key];
    if (move !== undefined) choose(move);
    else if (event.key === 'Enter' && chosen !== null)
      connect.begin(chosen, null, event.ctrlKey || event.metaKey ? 'right' : 'tab');
    else if (event.key === 'ArrowRight' && atEnd && login !== undefined && !event.shiftKey) setLoginMenu(true);
    else if (event.key === '#' && choices.length > 0) setLabelMenu(true);
    else if (event.key === 'Escape') {
      // Beside the list the panel covers nothing, so Esc means the search.
      if (sheet && window.innerWidth < besideFrom) navigation.setSheet(false);
      else if (query !== '') change('');
      else setFilters([]);
    } else return;
    event.preventDefault();
  };

  const total = state.targets?.length ?? 0;

  return (
    <>
      <div className={cx(css.layout, sheet && css.layoutAlone)}>
        <div className={css.list}>
          <div className={css.searchBox}>
            <Search size={17} strokeWidth={1.7} aria-hidden="true" />
            <input
              ref={input}
              className={css.searchInput}
              type="text"
              role="combobox"
              aria-label="Search targets"
              aria-expanded={hits.length > 0}
              aria-autocomplete="list"
              aria-controls={hits.length > 0 ? listId : undefined}
              aria-activedescendant={chosen === null ? undefined : optionId(chosen.id)}
              placeholder="Search by name, address, label or login"
              spellCheck={false}
              autoComplete="off"
              maxLength={200}
              value={query}
              data-testid={testIds.targetsSearch}
              onChange={(event) => change(event.currentTarget.value)}
              onKeyDown={onKey}
            />
            {state.targets === null ? null : (
              <span className={css.count} aria-live="polite">
                <b>{hits.length.toLocaleString('en')}</b>
                {hits.length === total
                  ? ` target${total === 1 ? '' : 's'}`
                  : ` of ${total.toLocaleString('en')} targets`}
              </span>
            )}
            {query === '' && filters.length === 0 ? null : <Keys of="Esc" />}
          </div>
          <FilterBar
            chosen={filters}
            choices={choices}
            menuOpen={labelMenu}
            onMenu={(open) => {
              setLabelMenu(open);
              if (!open) input.current?.focus();
            }}
            onChange={(next) => {
              setFilters(next);
              setChosenId(null);
              input.current?.focus();
            }}
          >
            {cover !== null && cover.untilMs > now ? (
              <CoverMenu cover={cover} covers={covers} onDrop={connect.dropCover} />
            ) : null}
          </FilterBar>
          <Menu
            opened={loginMenu}
            onChange={(open) => {
              setLoginMenu(open);
              if (!open) input.current?.focus();
            }}
            position="bottom-start"
          >
            <Menu.Target>
              {/* Names the menu and is no control itself: the key that opens it is the search field's. */}
              <span className="visually-hidden" aria-hidden="true">
                Logins
              </span>
            </Menu.Target>
            <Menu.Dropdown style={menuPlace(chosen === null ? null : optionId(chosen.id))}>
              <Menu.Label>Connect to {chosen?.name} as</Menu.Label>
              {chosen?.logins.map((login) => (
                <Menu.Item
                  key={login.name}
                  disabled={chosen.lock !== null}
                  onClick={() => connect.begin(chosen, login.name)}
                >
                  {login.name}
                  {login.isDefault ? <span className={css.default}>default</span> : null}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
          <TargetsBody
            empty={hits.length === 0}
            query={query}
            onClear={() => {
              change('');
              setFilters([]);
              input.current?.focus();
            }}
            enrolment={props.enrolment}
          >
            <TargetList
              ref={list}
              listId={listId}
              optionId={optionId}
              groups={groups}
              chosenId={chosen?.id ?? null}
              runningAt={runningAt}
              now={now}
              roomier={density === 'comfortable' ? 4 : 0}
              favourites={starred}
              cover={cover}
              onFavourite={toggleFavourite}
              onChoose={(target) => setChosenId(target.id)}
              onConnect={(target) => connect.begin(target, null)}
              onCopy={(text) => void app.copy(text)}
            />
          </TargetsBody>
        </div>
        <TargetPanel
          target={chosen}
          userId={props.enrolment.me?.user.id ?? null}
          now={now}
          open={sheet}
          busy={busy}
          favourite={chosen !== null && starred.has(chosen.id)}
          cover={cover}
          onFavourite={() => chosen !== null && toggleFavourite(chosen)}
          onCopy={(text) => void app.copy(text)}
          onConnect={(login) => chosen !== null && connect.begin(chosen, login)}
        />
      </div>
      <Foot
        keys={[
          ['↑ ↓', 'choose'],
          ['↵', enterWords(chosen)],
          ...(login === undefined ? [] : [['→', 'other login'] as const]),
          ['#', 'filter by label'],
          ['Ctrl D', 'favourite'],
          ['Ctrl ↵', 'open in a split'],
          ['Ctrl .', 'details'],
        ]}
      />
      <ConnectDialogs />
    </>
  );
}

import { Menu } from '@mantine/core';
import { Check } from 'lucide-react';
import { type Memory, targetColours } from '../../../shared/protocol/ipc.ts';
import { Keys } from '../../components/primitives.tsx';
import { mainWindow, placeOf } from '../../services/layout/layout.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import {
  attachTab,
  copyFact,
  detachTab,
  isLarge,
  moveToSide,
  paneCount,
  splitPane,
  tabsBeside,
  toggleLarge,
} from './pane-actions.ts';
import { paneId } from './session-tab.tsx';
import css from './tab-menu.module.css';
import { tabMenu } from './tab-menu-state.ts';
import { type ColourName, colourOf } from './target-colour.tsx';

const colourNames: Record<ColourName, string> = {
  stone: 'Stone',
  moss: 'Moss',
  sea: 'Sea',
  sky: 'Sky',
  plum: 'Plum',
  clay: 'Clay',
  sand: 'Sand',
};

function withColour(colours: Memory['colours'], targetId: string, colour: ColourName | null): Memory['colours'] {
  const { [targetId]: _before, ...others } = colours;
  return colour === null ? others : { ...others, [targetId]: colour };
}

/** What can be done with a tab. One for each window; it opens at the pointer or under the head of the tab's pane. */
export function TabMenu(props: { windowId: string; page: Document }) {
  const services = useServices();
  const { sessions, sessionUi, memory } = services;
  const open = useStore(tabMenu);
  const { tabs, layout } = useStore(sessions.tabs);
  const views = useStore(sessions.sessions);
  const remembered = useStore(memory.state);
  const tab = open === null ? undefined : tabs.find((each) => each.key === open.key);
  const place = tab === undefined ? null : placeOf(layout, tab.key);
  const shown = open !== null && tab !== undefined && place?.window.id === props.windowId;
  const view = tab === undefined ? undefined : views.get(tab.sessionId);
  const targetId = view?.targetId ?? tab?.waiting?.targetId ?? '';
  const colour = colourOf(remembered, targetId);
  const close = () => {
    tabMenu.set(null);
    // The keys go back to where they went before.
    if (view?.state.state === 'open') sessions.terminal(view.id).screen.focus();
    else if (tab !== undefined) props.page.getElementById(paneId(tab.key))?.focus();
  };
  const below = () => {
    const pane = tab === undefined ? null : props.page.getElementById(paneId(tab.key));
    const more = pane?.querySelector('[data-testid="tab-menu"]')?.getBoundingClientRect();
    const box = more ?? pane?.getBoundingClientRect();
    return { x: box?.right ?? 200, y: more?.bottom ?? (box?.top ?? 100) + 8 };
  };
  const at = shown ? (open.at ?? below()) : { x: 0, y: 0 };
  const key = tab?.key ?? '';
  const detached = place !== null && place.window.id !== mainWindow;
  const running = view !== undefined && view.state.state !== 'ended';
  const item = (title: string, keys: string | null, run: () => void, disabled = false) => (
    <Menu.Item
      key={title}
      disabled={disabled}
      rightSection={keys === null ? undefined : <Keys of={keys} />}
      onClick={run}
    >
      {title}
    </Menu.Item>
  );
  return (
    <Menu
      opened={shown}
      onClose={close}
      position={open?.at == null ? 'bottom-end' : 'bottom-start'}
      offset={4}
      width={300}
      returnFocus={false}
      portalProps={{ target: props.page.body }}
    >
      <Menu.Target>
        <span className={css.anchor} style={{ left: at.x, top: at.y }} aria-hidden="true" />
      </Menu.Target>
      <Menu.Dropdown aria-label={`Tab ${view?.targetName ?? tab?.waiting?.targetName ?? ''}`}>
        {view === undefined ? null : (
          <>
            {item('Split right', 'Ctrl Shift D', () => {
              sessions.show(key);
              void splitPane(services, view, 'right');
            })}
            {item('Split down', 'Ctrl Shift E', () => {
              sessions.show(key);
              void splitPane(services, view, 'down');
            })}
          </>
        )}
        {tabsBeside(services, key) > 0 ? (
          <>
            {item('Move to a pane on the right', null, () => moveToSide(services, key, 'right'))}
            {item('Move to a pane below', null, () => moveToSide(services, key, 'down'))}
          </>
        ) : null}
        {paneCount(services, key) > 1
          ? item(isLarge(services, key) ? 'All panes again' : 'This pane alone', 'Ctrl Shift Enter', () =>
              toggleLarge(services, key),
            )
          : null}
        {detached
          ? item('Back to the main window', 'Ctrl Shift B', () => attachTab(services, key))
          : item('To a window of its own', 'Ctrl Shift N', () => detachTab(services, key))}
        <Menu.Divider />
        <Menu.Label>Colour of this target</Menu.Label>
        <div className={css.colours}>
          {[null, ...targetColours].map((each) => (
            <Menu.Item
              key={each ?? 'none'}
              aria-label={`${each === null ? 'No colour' : colourNames[each]}${colour === each ? ', chosen' : ''}`}
              title={each === null ? 'No colour' : colourNames[each]}
              className={css.colour}
              closeMenuOnClick={false}
              onClick={() => memory.change({ colours: withColour(remembered.colours, targetId, each) })}
            >
              <span
                className={each === null ? css.none : css.swatch}
                style={each === null ? undefined : { background: `var(--target-${each})` }}
              >
                {colour === each ? <Check size={12} strokeWidth={2.6} aria-hidden="true" /> : null}
              </span>
            </Menu.Item>
          ))}
        </div>
        <Menu.Divider />
        {view === undefined ? null : (
          <>
            {item(`Copy address ${view.address}`, null, () => void copyFact(services, view.address))}
            {item(
              'Copy session id',
              null,
              () => void copyFact(services, view.sessionId ?? ''),
              view.sessionId === null,
            )}
            <Menu.Divider />
          </>
        )}
        {running
          ? item('Disconnect: end this session', 'Ctrl Shift X', () => sessions.disconnect(view.id))
          : item('Close this tab', 'Ctrl W', () => tab !== undefined && sessionUi.closeTab(tab))}
      </Menu.Dropdown>
    </Menu>
  );
}

import { MantineThemeProvider } from '@mantine/core';
import { useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import type { Connection } from '../../../shared/protocol/ipc.ts';
import type { CommandGroup } from '../../commands/command.ts';
import { commandFor, keyContext } from '../../commands/dispatch.ts';
import { isMac } from '../../commands/use-commands.ts';
import { type Box, focusedGroup, mainWindow, type WindowLayout } from '../../services/layout/layout.ts';
import { withBox, withFront } from '../../services/layout/layout-moves.ts';
import { useServices } from '../../services/services.tsx';
import { activeSession } from '../../services/session-ui.ts';
import { useStore } from '../../services/store.ts';
import { useCallMain } from './call-main.ts';
import css from './detached-window.module.css';
import { LayoutView } from './layout-view.tsx';
import { openPage, type Page } from './open-page.ts';
import { attachWindow } from './pane-actions.ts';
import { SessionDialogs } from './session-dialogs.tsx';
import { TabMenu } from './tab-menu.tsx';

/** How often a window is asked where it is: the system tells of a move nowhere. */
const lookMs = 1000;

/** The commands that a window of sessions has. */
const groupsHere: ReadonlySet<CommandGroup> = new Set(['general', 'sessions', 'terminal']);

const boxOf = (page: Window): Box => ({
  left: page.screenX,
  top: page.screenY,
  width: page.innerWidth,
  height: page.innerHeight,
});
const sameBox = (a: Box | null, b: Box) =>
  a !== null && a.left === b.left && a.top === b.top && a.width === b.width && a.height === b.height;

/** Set when this page goes: its windows go with it, and that is no wish of the person. */
let leaving = false;
window.addEventListener('pagehide', () => {
  leaving = true;
});

/** Hears keys and focus of a window, as the main one's are heard. */
function usePageEvents(page: Page | null, id: string): void {
  const services = useServices();
  const { app, sessions, commands } = services;
  useEffect(() => {
    if (page === null) return;
    const ends = new AbortController();
    const options = { signal: ends.signal, capture: true };
    const used = () => sessions.arrange((layout) => withFront(layout, id));
    page.window.addEventListener(
      'keydown',
      (event) => {
        // A command acts on the window that the key came to, also where the system told of no focus.
        used();
        const ended = activeSession(sessions)?.view.state.state === 'ended';
        const context = keyContext(page.document, { mac: isMac(app), ended });
        // A list or a replay that the main window shows is not what keys mean here.
        const here = commands.all.get().filter(({ group }) => groupsHere.has(group));
        const command = commandFor(event, here, context);
        if (command !== null) {
          event.preventDefault();
          event.stopPropagation();
          command.run();
        } else if (event.key === 'Escape' && page.document.querySelector('[role="dialog"], [role="menu"]') !== null) {
          // Dialogs and menus listen at the main window for it; its commands do not mean one that a page made.
          document.documentElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
        }
      },
      options,
    );
    page.window.addEventListener(
      'mousedown',
      (event) => {
        const inside = event.target instanceof page.window.Element && event.target.closest('[role="menu"]') !== null;
        // A press beside a menu closes it: what hears of that listens in the main window.
        if (!inside) document.documentElement.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
      },
      options,
    );
    page.window.addEventListener('focus', used, options);
    page.window.addEventListener(
      'pagehide',
      () => {
        if (!leaving) attachWindow(services, id);
      },
      options,
    );
    const timer = setInterval(() => {
      const box = boxOf(page.window);
      const before = sessions.tabs.get().layout.windows.find((each) => each.id === id)?.box ?? null;
      if (!page.window.closed && !sameBox(before, box)) sessions.arrange((layout) => withBox(layout, id, box));
    }, lookMs);
    return () => {
      ends.abort();
      clearInterval(timer);
    };
  }, [page, id, app, sessions, commands, services]);
}

/** A window of its own for tabs: the main page draws into it, so ports, keys and state stay where they are. */
export function DetachedWindow(props: { layout: WindowLayout; connection: Connection['state']; now: number }) {
  const services = useServices();
  const { sessions } = services;
  const [page, setPage] = useState<Page | null>(null);
  const { tabs, layout } = useStore(sessions.tabs);
  const views = useStore(sessions.sessions);
  const { id } = props.layout;

  // biome-ignore lint/correctness/useExhaustiveDependencies(props.layout.box): where it opens; afterwards the window is where the person puts it
  useEffect(() => {
    let opened: Page | null = null;
    let gone = false;
    void openPage(props.layout.box).then((made) => {
      if (gone) made?.close();
      else if (made === null) attachWindow(services, id);
      else {
        opened = made;
        setPage(made);
      }
    });
    return () => {
      gone = true;
      // After React has taken its elements out of it.
      queueMicrotask(() => opened?.close());
    };
  }, [id, services]);

  usePageEvents(page, id);
  useCallMain(page, id);

  const key = focusedGroup(props.layout)?.active;
  const tab = tabs.find((each) => each.key === key);
  const view = tab === undefined ? undefined : views.get(tab.sessionId);
  const name = view ?? tab?.waiting ?? null;
  // Of what the server said; a title that the target sends goes nowhere.
  const title =
    name === null ? 'Sallyport' : `${name.production ? 'Production: ' : ''}${name.targetName}, ${name.login}`;
  useEffect(() => {
    if (page !== null) page.document.title = title;
  }, [page, title]);

  const front = layout.front === id;
  useEffect(() => {
    if (page !== null && front && !page.document.hasFocus()) page.window.focus();
  }, [page, front]);

  if (page === null) return null;
  return createPortal(
    <MantineThemeProvider theme={{ components: { Portal: { defaultProps: { target: page.document.body } } } }}>
      <main className={css.page}>
        <LayoutView window={props.layout} shown={true} connection={props.connection} now={props.now} />
      </main>
      <TabMenu windowId={id} page={page.document} />
      <SessionDialogs windowId={id} />
    </MantineThemeProvider>,
    page.root,
  );
}

/** The main window is the one that is used when it gets the focus, or when none other has it. */
export function useMainFront(): void {
  const { sessions, navigation } = useServices();
  useEffect(() => {
    const used = () => {
      // Opened over a detached session, the palette is about that one (call-main.ts).
      if (navigation.place.get().dialog !== 'palette') sessions.arrange((layout) => withFront(layout, mainWindow));
    };
    // Keys that a detached window hands on (Escape) are not typed here.
    const typed = (event: KeyboardEvent) => {
      if (event.isTrusted) used();
    };
    window.addEventListener('focus', used);
    window.addEventListener('keydown', typed, true);
    return () => {
      window.removeEventListener('focus', used);
      window.removeEventListener('keydown', typed, true);
    };
  }, [sessions, navigation]);
}

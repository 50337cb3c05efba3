import { useEffect } from 'react';
import { mainWindow } from '../../services/layout/layout.ts';
import { withFront } from '../../services/layout/layout-moves.ts';
import { type Services, useServices } from '../../services/services.tsx';
import type { Page } from './open-page.ts';

/** So long a desktop may take to move the focus. */
const settleMs = 500;

/**
 * Brings the main window to the front when what a person did in a detached one is answered there: a view, a dialog, the palette, a tab. The keys would go on
 * to the detached terminal else: what is meant for the palette or as a reason would be typed into a shell. The palette is about the session that it was
 * opened over, so that window stays the one in front of its commands, and gets the focus back.
 */
export function callMain(services: Services, page: Pick<Page, 'window' | 'document'>, id: string): () => void {
  const { app, navigation, connect, sessions } = services;
  const call = () => {
    if (page.document.hasFocus()) app.windowDo('front');
  };
  const asks = () => connect.state.get().ask !== null || connect.state.get().failed !== null;
  let before = navigation.place.get();
  let front = sessions.tabs.get().layout.front;
  let asked = asks();
  /** The window has closed; another may have its id. */
  let gone = false;
  /** The view under the palette while it is open. */
  let under = before.view;

  const goBack = () => {
    if (gone || sessions.tabs.get().layout.front !== id) return;
    const { view, dialog } = navigation.place.get();
    const stay = () => sessions.arrange((layout) => withFront(layout, mainWindow));
    if (dialog !== null || view !== under || asks()) {
      stay();
      return;
    }
    page.window.focus();
    // A desktop need not give a window the focus that asks for it; commands must mean the window that has it.
    setTimeout(() => {
      if (!gone && !page.document.hasFocus() && sessions.tabs.get().layout.front === id) stay();
    }, settleMs);
  };
  const stops = [
    navigation.place.subscribe(() => {
      const now = navigation.place.get();
      if (now.dialog === 'palette' && before.dialog !== 'palette') under = before.view;
      // What the line of the palette does comes after it has closed.
      if (now.dialog !== 'palette' && before.dialog === 'palette') setTimeout(goBack);
      if (now !== before && (now.dialog !== null || now.view !== 'sessions')) call();
      before = now;
    }),
    connect.state.subscribe(() => {
      const now = asks();
      if (now && !asked) call();
      asked = now;
    }),
    sessions.tabs.subscribe(() => {
      const now = sessions.tabs.get().layout.front;
      if (now === mainWindow && front !== mainWindow) call();
      front = now;
    }),
  ];
  return () => {
    gone = true;
    for (const stop of stops) stop();
  };
}

/** `callMain` while the window is there. */
export function useCallMain(page: Page | null, id: string): void {
  const services = useServices();
  useEffect(() => (page === null ? undefined : callMain(services, page, id)), [page, id, services]);
}

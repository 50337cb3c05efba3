import { useEffect, useRef, useState } from 'react';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { fittingFontSize } from '../../terminal/cells.ts';
import { TerminalScreen } from '../../terminal/terminal-screen.ts';
import { testIds } from '../../test-ids.ts';

import { ReplayPlayer } from './replay-player.ts';
import type { ReplayOpened, ReplaySource } from './replay-source.ts';
import css from './view.module.css';

/** Where the recorded screen is taller than the room: the line with the cursor stays in sight. */
function follow(room: HTMLElement, screen: TerminalScreen): void {
  const spare = room.scrollHeight - room.clientHeight;
  if (spare <= 0) return;
  const line = room.scrollHeight / screen.size().rows;
  const at = screen.cursorRow() * line;
  if (at < room.scrollTop || at + 2 * line > room.scrollTop + room.clientHeight) {
    room.scrollTop = at + 2 * line - room.clientHeight;
  }
}

/**
 * The screen that a recording is played on, in its own size of cells. It has no way to send anything: nothing listens to what a
 * terminal would answer.
 */
export function ReplayScreen(props: {
  source: ReplaySource;
  opened: ReplayOpened;
  onPlayer: (player: ReplayPlayer) => void;
}) {
  const { app, settings, replayScreen } = useServices();
  const { source, opened, onPlayer } = props;
  const host = useRef<HTMLDivElement>(null);
  const [cells, setCells] = useState({ cols: opened.cols, rows: opened.rows });
  const [screen, setScreen] = useState<TerminalScreen | null>(null);
  const wanted = useStore(settings.settings).fontSize;

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const made = new TerminalScreen({
      scheme: settings.scheme.get(),
      fontSize: settings.settings.get().fontSize,
      cells: { cols: opened.cols, rows: opened.rows },
      scrollback: 10_000,
      isReserved: () => true,
    });
    made.setInputAllowed(false);
    made.attach(element);
    made.setLabel('Replayed screen, nothing can be typed here');
    made.setShown(true);
    replayScreen.set(made);
    setScreen(made);
    const copySelected = () => {
      // A hit that was found is selected too: only what was selected by hand is copied.
      const text = settings.settings.get().copyOnSelect ? made.selection() : '';
      if (text !== '') void app.copy(text);
    };
    element.addEventListener('mouseup', copySelected);
    const resize = (cols: number, rows: number) => {
      made.resize(cols, rows);
      setCells({ cols, rows });
    };
    onPlayer(
      new ReplayPlayer(opened, source, {
        restart: (cols, rows) => {
          made.reset();
          resize(cols, rows);
        },
        resize,
        draw: (data) =>
          new Promise((resolve) =>
            made.write(data, () => {
              follow(element, made);
              resolve();
            }),
          ),
      }),
    );
    return () => {
      element.removeEventListener('mouseup', copySelected);
      replayScreen.set(null);
      made.dispose();
    };
  }, [source, opened, onPlayer, app, settings, replayScreen]);

  useEffect(() => {
    const element = host.current;
    if (element === null || screen === null) return;
    const resize = () => {
      const room = { width: element.clientWidth - 14, height: element.clientHeight };
      if (room.width > 0) screen.setFontSize(fittingFontSize(room, cells, wanted));
    };
    resize();
    const observer = new ResizeObserver(resize);
    observer.observe(element);
    return () => observer.disconnect();
  }, [screen, cells, wanted]);

  return (
    <section ref={host} className={css.screen} aria-label="Replayed terminal" data-testid={testIds.replayTerminal} />
  );
}

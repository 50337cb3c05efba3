import { useEffect, useRef } from 'react';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import type { SessionTerminal } from '../../terminal/session-terminal.ts';
import { testIds } from '../../test-ids.ts';
import css from './session-pane.module.css';

/** When no frame has come by then, the screen takes its room without one. */
const lateMs = 120;

/** The place of a session's screen in the page. The screen itself outlives it. */
export function TerminalHost(props: {
  sessionId: string;
  name: string;
  terminal: SessionTerminal;
  /** The window that it is in: a screen moves with its tab. */
  windowId: string;
  shown: boolean;
  focus: boolean;
  dead: boolean;
}) {
  const { app, settings, sessionUi, sessions, navigation, connect } = useServices();
  const { copyOnSelect, fontSize } = useStore(settings.settings);
  const state = useStore(app.state);
  const { dialog } = useStore(navigation.place);
  const { ask, failed } = useStore(connect.state);
  const { paste, closing, problem } = useStore(sessionUi.state);
  const questions = [dialog, ask, failed, paste, closing, problem, state?.quitAsked ?? null];
  const covered = questions.some((question) => question !== null);
  const host = useRef<HTMLDivElement>(null);
  const { screen } = props.terminal;
  const { layout } = useStore(sessions.tabs);

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    screen.attach(element);
    // Frames of the window that it is in: those of a covered one may stand still.
    const page = element.ownerDocument.defaultView ?? window;
    let frame = 0;
    let late: ReturnType<typeof setTimeout> | undefined;
    const observer = new ResizeObserver(() => {
      page.cancelAnimationFrame(frame);
      frame = page.requestAnimationFrame(() => screen.fit());
      clearTimeout(late);
      late = setTimeout(() => screen.fit(), lateMs);
    });
    observer.observe(element);
    return () => {
      clearTimeout(late);
      page.cancelAnimationFrame(frame);
      observer.disconnect();
    };
  }, [screen]);

  // biome-ignore lint/correctness/useExhaustiveDependencies(fontSize): another size of text is another size in cells
  useEffect(() => {
    screen.setShown(props.shown);
    if (props.shown) screen.fit();
  }, [screen, props.shown, fontSize]);

  // The panes have their new places by now. An observer tells of them with the next frame, which a window behind another may never draw.
  // biome-ignore lint/correctness/useExhaustiveDependencies(layout): a change of it is the reason to look at the room again
  useEffect(() => {
    if (props.shown) screen.fit();
  }, [screen, props.shown, layout]);

  // A screen that ended gives the focus back: keys typed into the void must not seem to be sent.
  useEffect(() => {
    const element = host.current;
    if (props.dead && element?.contains(element.ownerDocument.activeElement) === true)
      element.closest<HTMLElement>('[role="tabpanel"]')?.focus();
  }, [props.dead]);

  // A session that opens under a dialog waits for it to close: what is being typed there must not go into a shell.
  const owed = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of them is a reason to take the focus once
  useEffect(() => {
    owed.current = true;
  }, [screen, props.shown, props.focus]);
  useEffect(() => {
    if (!props.shown || !props.focus || covered || !owed.current) return;
    owed.current = false;
    screen.focus();
  }, [screen, props.shown, props.focus, covered]);

  const clipboardDenied = state?.enrolment.state === 'enrolled' && state.enrolment.me?.policy.clipboard === 'denied';

  return (
    // No landmark: two panes of one target would have two of the same name. Its tab says which it is.
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form
    <div
      ref={host}
      role="group"
      className={css.terminal}
      aria-label={`Terminal of ${props.name}`}
      data-testid={testIds.terminal}
      data-session-id={props.sessionId}
      onMouseUp={() => {
        if (copyOnSelect && screen.selection() !== '') sessionUi.copy();
      }}
      onPasteCapture={(event) => {
        event.preventDefault();
        event.stopPropagation();
        if (!clipboardDenied) sessionUi.pasteText(event.clipboardData.getData('text/plain'));
      }}
      onCopyCapture={(event) => {
        event.preventDefault();
        event.stopPropagation();
        if (!clipboardDenied) event.clipboardData.setData('text/plain', screen.selection());
      }}
    />
  );
}

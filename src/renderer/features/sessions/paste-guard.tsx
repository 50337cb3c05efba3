import { Button, Kbd } from '@mantine/core';
import { CornerDownLeft } from 'lucide-react';
import { Dialog } from '../../components/dialog.tsx';
import { cx, ProductionBadge } from '../../components/primitives.tsx';
import { bytes, counted } from '../../services/format.ts';
import { asOneLine, type OddCharacter, oddCharacters, pastedLines, visiblePieces } from '../../services/paste.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import css from './paste-guard.module.css';

/** Lines that are drawn; more of them would be read by nobody and hold the window. */
const shownLines = 1000;
/** Characters of a line that are drawn. */
const shownChars = 2000;

function named(odd: readonly OddCharacter[]): string {
  return odd.map(({ name, count }) => (count === 1 ? name : `${name} (${count.toLocaleString('en')})`)).join(', ');
}

function Line(props: { text: string }) {
  if (props.text === '') return <>&nbsp;</>;
  const cut = props.text.slice(0, shownChars);
  return (
    <>
      {visiblePieces(cut).map((piece, index) =>
        piece.odd ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces do not move
          <span key={index} className={css.odd}>
            {piece.text}
          </span>
        ) : (
          piece.text
        ),
      )}
      {cut.length < props.text.length ? ' …' : null}
    </>
  );
}

function Guard(props: { text: string; raw: string; target: string; production: boolean }) {
  const { sessionUi } = useServices();
  const lines = pastedLines(props.text);
  const odd = oddCharacters(props.raw);
  const leftOut = odd.leftOut.reduce((sum, { count }) => sum + count, 0);
  const size = new TextEncoder().encode(props.text).length;
  const oneLine = asOneLine(props.text);
  const what =
    lines.length > 1
      ? counted(lines.length, 'line', 'lines')
      : props.text.endsWith('\n')
        ? 'one line with its line end'
        : 'one line';
  return (
    <form
      className={css.dialog}
      data-testid={testIds.pasteGuard}
      onSubmit={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        event.stopPropagation();
        sessionUi.answerPaste('lines');
      }}
    >
      <div className={css.head}>
        <h2 className={css.title}>
          Paste {what} into {props.target}?
        </h2>
        <span className={css.size}>{bytes(size)}</span>
      </div>
      <div
        className={css.lines}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long paste is scrolled by keyboard
        tabIndex={0}
        role="document"
        aria-label="What would be pasted"
        data-digits={String(Math.min(lines.length, shownLines)).length}
      >
        {lines.slice(0, shownLines).map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines do not move
          <div key={index} className={css.line}>
            <Line text={line} />
          </div>
        ))}
        {lines.length > shownLines ? (
          <p className={css.more}>and {counted(lines.length - shownLines, 'line', 'lines')} more</p>
        ) : null}
      </div>
      {leftOut > 0 ? (
        <p className={css.note}>
          <b>{counted(leftOut, 'control character is', 'control characters are')} left out:</b> {named(odd.leftOut)}
        </p>
      ) : null}
      {odd.unseen.length > 0 ? (
        <p className={cx(css.note, css.noteStrict)}>
          <b>There are characters in it that nobody sees:</b> {named(odd.unseen)}
        </p>
      ) : null}
      <div className={css.actions}>
        <Button
          variant="filled"
          data-testid={testIds.pasteConfirm}
          onClick={() => sessionUi.answerPaste('lines')}
          rightSection={
            <span className={css.keys}>
              Ctrl <CornerDownLeft size={11} strokeWidth={2} aria-label="Enter" />
            </span>
          }
        >
          Paste
        </Button>
        {lines.length > 1 || props.text.endsWith('\n') ? (
          <Button title={oneLine.slice(0, 300)} onClick={() => sessionUi.answerPaste('one-line')}>
            {lines.length > 1 ? 'Paste as one line' : 'Paste without the line end'}
          </Button>
        ) : null}
        <Button
          variant="subtle"
          data-autofocus
          onClick={() => sessionUi.answerPaste('cancel')}
          rightSection={<Kbd className={css.esc ?? ''}>Esc</Kbd>}
        >
          Cancel
        </Button>
        <span className={css.end}>{props.production ? <ProductionBadge /> : null}</span>
      </div>
    </form>
  );
}

/** Many lines, and what nobody sees, are shown before they reach a shell. */
export function PasteGuard() {
  const { sessions, sessionUi } = useServices();
  const { paste } = useStore(sessionUi.state);
  const view = paste === null ? undefined : sessions.sessions.get().get(paste.sessionId);
  return (
    <Dialog
      opened={paste !== null}
      onClose={() => sessionUi.answerPaste('cancel')}
      size={560}
      aria-label={`Paste into ${view?.targetName ?? 'the terminal'}`}
    >
      {paste === null ? null : (
        <Guard
          text={paste.text}
          raw={paste.raw}
          target={view?.targetName ?? 'the terminal'}
          production={view?.production === true}
        />
      )}
    </Dialog>
  );
}

import { Button } from '@mantine/core';
import { type KeyboardEvent, useRef } from 'react';
import { Dialog } from '../../components/dialog.tsx';
import { useStore } from '../../services/store.ts';
import { visibleText } from '../../terminal/link-address.ts';
import type { ScreenLink } from '../../terminal/screen-links.ts';
import type { TerminalScreen } from '../../terminal/terminal-screen.ts';
import { testIds } from '../../test-ids.ts';
import css from './link-dialog.module.css';

/** Each address once, the lowest on the screen first: that is where one reads. */
function each(links: readonly ScreenLink[]): ScreenLink[] {
  const byText = new Map<string, ScreenLink>();
  for (const link of [...links].reverse()) {
    const key = `${link.address} ${link.shown}`;
    if (!byText.has(key)) byText.set(key, link);
  }
  return [...byText.values()];
}

function Links(props: { links: ScreenLink[]; onChoose: (link: ScreenLink) => void; onClose: () => void }) {
  const list = useRef<HTMLUListElement>(null);
  const onKey = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    if (by === 0) return;
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    buttons.at((at + by) % buttons.length)?.focus();
    event.preventDefault();
  };
  return (
    <div className={css.dialog} data-testid={testIds.linkList}>
      <h2 className={css.title}>Links on this screen</h2>
      {props.links.length === 0 ? (
        <p className={css.text}>There is none. Scroll to where one stands, then look again.</p>
      ) : (
        <ul ref={list} className={css.links} onKeyDown={onKey}>
          {props.links.map((link, index) => (
            <li key={`${link.start.y} ${link.start.x}`}>
              <button
                type="button"
                className={css.link}
                data-autofocus={index === 0 ? true : undefined}
                onClick={() => props.onChoose(link)}
              >
                {link.shown === null ? null : <span className={css.linkShown}>{visibleText(link.shown)}</span>}
                <span className={css.linkAddress}>{visibleText(link.address)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className={css.actions}>
        <Button variant="subtle" data-autofocus={props.links.length === 0 ? true : undefined} onClick={props.onClose}>
          Close
        </Button>
      </div>
    </div>
  );
}

/** The way to a link without a pointer. Choosing one asks as a click does. */
export function LinkList(props: { screen: TerminalScreen }) {
  const { screen } = props;
  const listed = useStore(screen.linksListed);
  const close = () => {
    screen.linksListed.set(false);
    screen.focus();
  };
  return (
    <Dialog
      opened={listed}
      onClose={close}
      size={560}
      returnFocus={false}
      aria-label="Links on this screen"
      portalProps={{ target: screen.element.ownerDocument.body }}
    >
      {listed ? (
        <Links
          links={each(screen.links.onScreen())}
          onClose={close}
          onChoose={(link) => {
            screen.linksListed.set(false);
            screen.linkAsked.set(link);
          }}
        />
      ) : null}
    </Dialog>
  );
}

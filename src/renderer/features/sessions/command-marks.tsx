import { Menu } from '@mantine/core';
import { type KeyboardEvent, useRef } from 'react';
import { cx } from '../../components/primitives.tsx';
import { counted } from '../../services/format.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import type { ScreenCommands, Tick } from '../../terminal/screen-commands.ts';
import type { TerminalScreen } from '../../terminal/terminal-screen.ts';
import { testIds } from '../../test-ids.ts';
import css from './command-marks.module.css';

/** How a command ended, in words; empty while that is not known. */
export function endOf(tick: { status: number | null; done: boolean }): string {
  if (tick.status === null) return tick.done ? '' : 'not over yet';
  return tick.status === 0 ? 'ended well' : `ended with status ${tick.status}`;
}

function labelOf(tick: Tick): string {
  return ['Command', tick.command.split('\n')[0]?.slice(0, 120), endOf(tick)].filter(Boolean).join(': ');
}

/** What can be taken from a command. Opens beside its tick, by pointer and by keyboard. */
function CommandMenu(props: { screen: TerminalScreen; commands: ScreenCommands; ticks: readonly Tick[] }) {
  const { sessionUi } = useServices();
  const { screen, commands } = props;
  const id = useStore(commands.menu);
  const tick = props.ticks.find((one) => one.id === id);
  const lines = tick === undefined ? 0 : commands.outputLines(tick.id);
  const close = () => {
    commands.menu.set(null);
    screen.focus();
  };
  return (
    <Menu
      opened={tick !== undefined}
      onClose={close}
      position="bottom-start"
      offset={4}
      width={300}
      portalProps={{ target: screen.element.ownerDocument.body }}
    >
      <Menu.Target>
        <span className={css.anchor} style={{ top: tick?.top ?? 0, height: tick?.height ?? 0 }} aria-hidden="true" />
      </Menu.Target>
      <Menu.Dropdown data-testid={testIds.commandMenu} aria-label="Command">
        {tick === undefined ? null : (
          <>
            <div className={css.menuHead}>
              <code className={css.menuCommand}>{tick.command}</code>
              <span className={cx(css.menuEnd, tick.status !== null && tick.status !== 0 && css.menuFailed)}>
                {[endOf(tick), lines === 0 ? 'no output' : counted(lines, 'line', 'lines')].filter(Boolean).join(', ')}
              </span>
            </div>
            <Menu.Item
              data-autofocus
              disabled={lines === 0}
              onClick={() => copyOutput(screen, tick.id, sessionUi.copyText)}
            >
              Copy its output
            </Menu.Item>
            <Menu.Item onClick={() => sessionUi.copyText(commands.command(tick.id))}>Copy the command</Menu.Item>
            <Menu.Item disabled={lines === 0} onClick={() => commands.selectOutput(tick.id)}>
              Select its output
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Copies a command's output and selects it, which shows what was taken. */
export function copyOutput(screen: TerminalScreen, id: number, copy: (text: string) => void): void {
  const text = screen.commands?.output(id) ?? '';
  if (text === '') return;
  screen.commands?.selectOutput(id);
  copy(text);
}

/** A quiet tick beside each command. Lies beside the cells, never over them. */
export function CommandGutter(props: { screen: TerminalScreen }) {
  const { commands } = props.screen;
  return commands === null ? null : <Gutter screen={props.screen} commands={commands} />;
}

function Gutter(props: { screen: TerminalScreen; commands: ScreenCommands }) {
  const { screen, commands } = props;
  const ticks = useStore(commands.ticks);
  const menu = useStore(commands.menu);
  const list = useRef<HTMLDivElement>(null);
  // One of them is in the order of Tab; arrows go to the others.
  const inOrder = ticks.find((tick) => tick.current) ?? ticks.at(-1);
  const onKey = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    if (event.key === 'Escape') screen.focus();
    else if (by === 0) return;
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    if (by !== 0) buttons[at + by]?.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={list}
      className={css.gutter}
      role="toolbar"
      aria-orientation="vertical"
      aria-label="Commands on this screen"
      onKeyDown={onKey}
    >
      {ticks.map((tick) => (
        <button
          key={tick.id}
          type="button"
          className={cx(
            css.tick,
            tick.status !== null && tick.status !== 0 && css.failed,
            !tick.done && css.running,
            tick.current && css.current,
          )}
          style={{ top: tick.top, height: tick.height }}
          tabIndex={tick === inOrder ? 0 : -1}
          aria-haspopup="menu"
          aria-expanded={menu === tick.id}
          aria-label={labelOf(tick)}
          title={labelOf(tick)}
          data-testid={testIds.commandTick}
          data-status={tick.status ?? ''}
          onClick={() => commands.openMenu(tick.id)}
        />
      ))}
      <CommandMenu screen={screen} commands={commands} ticks={ticks} />
    </div>
  );
}

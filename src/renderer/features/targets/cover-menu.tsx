import { Menu } from '@mantine/core';
import { ChevronDown, Ticket } from 'lucide-react';
import type { Cover } from '../../services/connect-service.ts';
import { coverName } from '../../services/connect-service.ts';
import { clock } from '../../services/format.ts';
import css from './targets.module.css';

/** The reason and ticket that stand for later connects, how far they reach, and the way to drop them. */
export function CoverMenu(props: { cover: Cover; covers: number; onDrop: () => void }) {
  const { cover } = props;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <button type="button" className={css.cover}>
          <Ticket size={14} strokeWidth={1.6} aria-hidden="true" />
          <b>{coverName(cover)}</b>
          covers {props.covers.toLocaleString('en')} until {clock(cover.untilMs)}
          <ChevronDown size={12} strokeWidth={2} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown maw={320}>
        {cover.reason === null ? null : <Menu.Label>“{cover.reason}”</Menu.Label>}
        <Menu.Item onClick={props.onDrop}>Ask me again from now on</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

import { Button, Tooltip } from '@mantine/core';
import { CornerDownLeft, TriangleAlert } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import type { Problem } from '../../shared/errors/result.ts';
import { capsOf } from '../commands/keys.ts';
import { fact, initials } from '../services/format.ts';
import { useServices } from '../services/services.tsx';
import { DoorIcon } from './icons/icons.tsx';
import css from './primitives.module.css';
import { type Tone, toneFill, toneText } from './tone.ts';

/** Joins class names, leaving out what is not there. */
export function cx(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}

const spokenKeys: Readonly<Record<string, string>> = {
  '↵': 'Enter',
  '↑': 'up',
  '↓': 'down',
  '←': 'left',
  '→': 'right',
  '⌘': 'Command',
  '⇧': 'Shift',
  '⌥': 'Option',
  '⌃': 'Control',
};

function KeyCap(props: { cap: string }) {
  const spoken = spokenKeys[props.cap];
  if (spoken === undefined) return <kbd className={css.keycap}>{props.cap}</kbd>;
  return (
    <kbd className={css.keycap}>
      <span aria-hidden="true" className={css.keySign}>
        {props.cap === '↵' ? <CornerDownLeft size={10} strokeWidth={2} /> : props.cap}
      </span>
      <span className="visually-hidden">{spoken}</span>
    </kbd>
  );
}

/** Key caps: `Keys of="Ctrl Shift F"`, as in `Command.keys`; macOS has its own caps. */
export function Keys(props: { of: string }) {
  const { app } = useServices();
  return (
    <span className={css.keys}>
      {capsOf(props.of, app.state.get()?.platform === 'darwin').map((cap) => (
        <KeyCap key={cap} cap={cap} />
      ))}
    </span>
  );
}

export function ProductionBadge() {
  return <span className={css.production}>Production</span>;
}

/** The small hatch of rows and tabs; the word stands beside it or in its name. */
export function HatchBlock(props: { named?: boolean }) {
  return props.named === true ? (
    <span className={css.hatchBlock} role="img" aria-label="Production" />
  ) : (
    <span className={css.hatchBlock} aria-hidden="true" />
  );
}

export function Badge(props: {
  tone: Tone | 'outline';
  icon?: ReactNode;
  children: ReactNode;
  title?: string | undefined;
}) {
  const fill = props.tone === 'outline' ? css.outline : toneFill(props.tone);
  const badge = (
    <span className={cx(css.badge, fill)}>
      {props.icon}
      {props.children}
    </span>
  );
  return props.title === undefined ? badge : <Tooltip label={props.title}>{badge}</Tooltip>;
}

export function PersonArch(props: { name: string }) {
  return (
    <span className={css.person} aria-hidden="true">
      {initials(props.name)}
    </span>
  );
}

export function Chip(props: { children: ReactNode; title?: string | undefined }) {
  return (
    <span className={css.chip} title={props.title}>
      {props.children}
    </span>
  );
}

export function IconButton(props: {
  label: string;
  onClick: () => void;
  children: ReactNode;
  className?: string | undefined;
  testId?: string | undefined;
  tabIndex?: number;
}) {
  return (
    <button
      type="button"
      className={cx(css.iconButton, props.className)}
      aria-label={props.label}
      title={props.label}
      onClick={props.onClick}
      data-testid={props.testId}
      tabIndex={props.tabIndex}
    >
      {props.children}
    </button>
  );
}

export function LinkButton(props: { onClick: () => void; children: ReactNode; testId?: string }) {
  return (
    <button type="button" className={css.link} onClick={props.onClick} data-testid={props.testId}>
      {props.children}
    </button>
  );
}

/** The door, why it is empty, and what to ask. */
export function Empty(props: { title: string; children: ReactNode; actions?: ReactNode }) {
  return (
    <div className={css.empty}>
      <DoorIcon />
      <h2 className={css.emptyTitle}>{props.title}</h2>
      <p className={css.emptyText}>{props.children}</p>
      {props.actions === undefined ? null : <div className={css.emptyActions}>{props.actions}</div>}
    </div>
  );
}

/** What failed, why, what was done to stay safe; facts in mono; one action; the code at the end. */
export function ErrorCard(props: {
  title: string;
  problem: Problem;
  action?: ReactNode;
  onCopy?: (() => void) | undefined;
  testId?: string;
}) {
  const facts = Object.entries(props.problem.facts ?? {});
  return (
    <section className={css.card} role="alert" data-testid={props.testId} data-code={props.problem.code}>
      <div className={css.cardHead}>
        <TriangleAlert size={18} strokeWidth={1.8} aria-hidden="true" />
        <h2 className={css.cardTitle}>{props.title}</h2>
      </div>
      <p className={cx(css.cardText, 'selectable')}>{props.problem.message}</p>
      {facts.length === 0 ? null : (
        <dl className={cx(css.facts, 'selectable')}>
          {facts.map(([name, value]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>{fact(value)}</dd>
            </Fragment>
          ))}
        </dl>
      )}
      <div className={css.cardActions}>
        {props.action}
        {props.onCopy === undefined ? null : (
          // Alone it stands where the first button would, and looks like one.
          <Button variant={props.action === undefined ? 'default' : 'subtle'} onClick={props.onCopy}>
            Copy details
          </Button>
        )}
        <span className={cx(css.code, 'selectable')}>{props.problem.code}</span>
      </div>
    </section>
  );
}

export function ArchMark(props: { tone: Tone; large?: boolean; children: ReactNode }) {
  return (
    <span
      className={cx(css.archIcon, props.large === true && css.archIconLarge, toneFill(props.tone))}
      aria-hidden="true"
    >
      {props.children}
    </span>
  );
}

/** Stands above a screen and pushes it down: what happened, why and what now, at most two actions. */
export function Banner(props: {
  tone: Tone;
  icon: ReactNode;
  title: string;
  children: ReactNode;
  actions?: ReactNode;
  testId?: string;
}) {
  return (
    <section className={css.banner} role="status" data-testid={props.testId}>
      <ArchMark tone={props.tone}>{props.icon}</ArchMark>
      <div className={css.bannerBody}>
        <h2 className={cx(css.bannerTitle, toneText(props.tone))}>{props.title}</h2>
        <p className={cx(css.bannerText, 'selectable')}>{props.children}</p>
      </div>
      {props.actions === undefined ? null : <div className={css.bannerActions}>{props.actions}</div>}
    </section>
  );
}

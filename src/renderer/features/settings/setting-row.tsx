import { SegmentedControl, Switch } from '@mantine/core';
import { Lock } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { testIds } from '../../test-ids.ts';
import css from './settings.module.css';
import type { Setting } from './use-setting.ts';

/** Said beside a control that is fixed. */
export function FixedBy(props: { by: string }) {
  return (
    <span className={css.lock} data-testid={testIds.settingsLock}>
      <Lock size={12} strokeWidth={1.7} aria-hidden="true" />
      Fixed by {props.by}
    </span>
  );
}

/** A setting: what it is, what it means, who has fixed it, and the control at its end. */
export function SettingRow(props: {
  title: string;
  help?: string;
  fixedBy: string | null;
  titleId?: string;
  children: ReactNode;
}) {
  return (
    <div className={css.row}>
      <div className={css.rowWords}>
        <div className={css.rowTitle} id={props.titleId}>
          {props.title}
        </div>
        {props.help === undefined ? null : <div className={css.rowHelp}>{props.help}</div>}
        {props.fixedBy === null ? null : <FixedBy by={props.fixedBy} />}
      </div>
      <div className={css.rowControl}>{props.children}</div>
    </div>
  );
}

export function SwitchRow(props: { title: string; help?: string; setting: Setting<boolean> }) {
  const { title, help, setting } = props;
  const titleId = useId();
  return (
    <SettingRow title={title} {...(help === undefined ? {} : { help })} fixedBy={setting.fixedBy} titleId={titleId}>
      <Switch
        aria-labelledby={titleId}
        checked={setting.value}
        disabled={setting.fixedBy !== null}
        onChange={(event) => setting.set(event.currentTarget.checked)}
      />
    </SettingRow>
  );
}

export function ChoiceRow<T extends string>(props: {
  title: string;
  help?: string;
  setting: Setting<T>;
  choices: readonly { value: T; label: string }[];
}) {
  const { title, help, setting, choices } = props;
  return (
    <SettingRow title={title} {...(help === undefined ? {} : { help })} fixedBy={setting.fixedBy}>
      <SegmentedControl
        aria-label={title}
        data={[...choices]}
        value={setting.value}
        disabled={setting.fixedBy !== null}
        onChange={(value) => {
          const chosen = choices.find((choice) => choice.value === value);
          if (chosen !== undefined) setting.set(chosen.value);
        }}
      />
    </SettingRow>
  );
}

import type { Me } from '../../../shared/protocol/control-api.ts';
import { type AppState, defaultSettings, type Settings } from '../../../shared/protocol/ipc.ts';
import { bytes, counted } from '../../services/format.ts';

/** Something that is decided elsewhere. */
export interface FixedRow {
  what: string;
  value: string;
}

const onOff = (value: boolean) => (value ? 'On' : 'Off');
const chosen: Readonly<Record<string, string>> = {
  system: 'As the desktop',
  dark: 'Dark',
  light: 'Light',
  compact: 'Compact',
  comfortable: 'Comfortable',
  block: 'Block',
  bar: 'Bar',
  underline: 'Underline',
  always: 'Always',
  production: 'On production',
  never: 'Never',
  auto: 'By the graphics card',
  plain: 'Plain',
};
const word = (value: string) => chosen[value] ?? value;

const titles: { [N in keyof Settings]: { title: string; say: (value: Settings[N]) => string } } = {
  theme: { title: 'Theme', say: word },
  density: { title: 'Density', say: word },
  fontSize: { title: 'Text size of terminals', say: (px) => `${px} px` },
  cursor: { title: 'Cursor', say: word },
  scrollback: { title: 'Lines kept above the screen', say: (count) => count.toLocaleString('en') },
  copyOnSelect: { title: 'Copy as soon as text is selected', say: onOff },
  pasteGuard: { title: 'Ask before a paste of several lines', say: word },
  highlight: { title: 'Colour words in output', say: onOff },
  highlightWords: { title: 'Coloured words', say: (words) => words.map((each) => each.word).join(', ') || 'None' },
  screenReader: { title: 'Screen reader', say: onOff },
  renderer: { title: 'Drawing', say: word },
  notify: {
    title: 'Notifications',
    say: (notify) =>
      (
        [
          ['killed', 'killed'],
          ['frozen', 'frozen'],
          ['timeLow', 'five minutes left'],
          ['ended', 'ended'],
        ] as const
      )
        .filter(([name]) => notify[name])
        .map(([, said]) => said)
        .join(', ') || 'None',
  },
  tray: { title: 'Icon beside the clock', say: onOff },
};

function rowOf<N extends keyof Settings>(name: N, value: Settings[N]): FixedRow {
  const { title, say } = titles[name];
  return { what: title, value: say(value) };
}

/** What the policy file of this device fixes. Pure. */
export function fixedByDevice(fixed: AppState['fixed']): FixedRow[] {
  if (fixed === null) return [];
  return (Object.keys(defaultSettings) as (keyof Settings)[]).flatMap((name) => {
    const value = fixed.settings[name];
    return value === undefined ? [] : [rowOf(name, value)];
  });
}

/** What the organisation decides for everybody's launcher. Pure. */
export function fixedByOrganisation(policy: Me['policy']): FixedRow[] {
  const { spool } = policy;
  return [
    { what: 'Clipboard between session and desktop', value: policy.clipboard === 'allowed' ? 'Allowed' : 'Off' },
    {
      what: 'When a record cannot be written',
      value: policy.recordMode === 'strict' ? 'The session ends' : 'The session goes on, unrecorded',
    },
    {
      what: 'Where the device key lies',
      value: policy.deviceKey === 'keyring' ? 'In the system keyring only' : 'In a file too, where there is no keyring',
    },
    { what: 'Room for recordings that wait', value: bytes(spool.quotaBytes) },
    {
      what: 'Recordings that are stored centrally',
      value:
        spool.keepStoredHours === 0
          ? 'Deleted here at once'
          : `Kept here for ${counted(spool.keepStoredHours, 'hour')}`,
    },
  ];
}

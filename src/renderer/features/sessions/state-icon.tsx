import { CircleOff, LoaderCircle } from 'lucide-react';
import {
  ArchIcon,
  BrokenLinkIcon,
  CutIcon,
  EndedIcon,
  HourglassIcon,
  RecordingIcon,
  SnowflakeIcon,
  StrictIcon,
} from '../../components/icons/icons.tsx';
import { cx } from '../../components/primitives.tsx';
import { toneText } from '../../components/tone.ts';
import css from './state-icon.module.css';
import type { StateName, StateWords } from './words.ts';

const icons: Record<StateName, (props: { size?: number }) => React.ReactNode> = {
  waiting: ArchIcon,
  connecting: (props) => <LoaderCircle size={props.size} strokeWidth={1.6} aria-hidden="true" />,
  recording: RecordingIcon,
  'no-contact': BrokenLinkIcon,
  'lease-low': HourglassIcon,
  frozen: SnowflakeIcon,
  closing: EndedIcon,
  unrecorded: (props) => <CircleOff size={props.size} strokeWidth={1.8} aria-hidden="true" />,
  strict: StrictIcon,
  killed: CutIcon,
  broken: BrokenLinkIcon,
  refused: StrictIcon,
  ended: EndedIcon,
};

export function StateIcon(props: { words: StateWords; size?: number }) {
  const Icon = icons[props.words.name];
  return (
    <span className={cx(css.stateIcon, toneText(props.words.tone))}>
      <Icon size={props.size ?? 15} />
    </span>
  );
}

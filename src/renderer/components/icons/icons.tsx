// The drawings that are ours: the arch and the states. Ordinary things come from lucide-react. All on a 16 x 16 grid, in the text's colour.
import type { ReactNode } from 'react';

export interface IconProps {
  size?: number;
  className?: string | undefined;
}

function Icon(props: IconProps & { children: ReactNode }) {
  const size = props.size ?? 16;
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      className={props.className}
      aria-hidden="true"
      focusable="false"
    >
      {props.children}
    </svg>
  );
}

/** A target: the arch on its sill, the door's edge in the middle. */
export function ArchIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <path d="M3.5 13.2V6.9a4.5 4.5 0 0 1 9 0v6.3M1.8 13.4h12.4M6.6 13.2V7.1a1.4 1.4 0 0 1 2.8 0v6.1" />
    </Icon>
  );
}

/** A direct connection: the arch with a gap, because nothing stands between. */
export function BrokenArchIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <path d="M3.5 13.2V6.9c0-1.9 1.2-3.5 2.8-4.2M9.7 2.7c1.6.7 2.8 2.3 2.8 4.2v6.3M1.8 13.4h3.6M10.6 13.4h3.6M8.6 4.6 7.3 7h1.6L7.6 9.4" />
    </Icon>
  );
}

/** The line-drawn door of empty states. */
export function DoorIcon(props: IconProps) {
  return (
    <svg
      width={props.size ?? 56}
      height={props.size ?? 56}
      viewBox="0 0 56 56"
      fill="none"
      stroke="currentColor"
      strokeWidth="3"
      className={props.className}
      aria-hidden="true"
    >
      <path d="M10 52V22a18 18 0 0 1 36 0v30M1 52.5h54M28 4v48" />
    </svg>
  );
}

export function RecordingIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <circle cx="8" cy="8" r="5.6" />
      <circle cx="8" cy="8" r="2.6" fill="currentColor" stroke="none" />
    </Icon>
  );
}

export function CatchingUpIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <path d="M5.2 12.9a5.6 5.6 0 1 1 5.6 0M8 13.8V6.6M5.7 8.7 8 6.4l2.3 2.3" />
    </Icon>
  );
}

export function HourglassIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <path d="M3.8 2h8.4M3.8 14h8.4M4.8 2v2.3L8 8l-3.2 3.7V14M11.2 2v2.3L8 8l3.2 3.7V14" />
    </Icon>
  );
}

export function SnowflakeIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <path d="M8 1.8v12.4M2.6 4.9l10.8 6.2M13.4 4.9 2.6 11.1M6.3 2.9 8 4.5l1.7-1.6M6.3 13.1 8 11.5l1.7 1.6" />
    </Icon>
  );
}

export function StrictIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <rect x="2.5" y="2.5" width="11" height="11" rx="1" />
      <rect x="5.7" y="5.7" width="4.6" height="4.6" fill="currentColor" stroke="none" />
    </Icon>
  );
}

/** Killed: a line cut by a stroke. */
export function CutIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <path d="M1 8h4.2M10.8 8H15M9.6 3.4 6.4 12.6" />
    </Icon>
  );
}

export function BrokenLinkIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <path d="M6.7 4.3 8 3a3.3 3.3 0 0 1 4.7 4.7l-1.3 1.3M9.3 11.7 8 13a3.3 3.3 0 0 1-4.7-4.7L4.6 7M5 2.4v1.4M2.4 5h1.4M11 12.2v1.4M12.2 11h1.4" />
    </Icon>
  );
}

export function EndedIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <circle cx="8" cy="8" r="5.6" />
      <path d="M5.6 8h4.8" />
    </Icon>
  );
}

/** The wire to the server. */
export function WireIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <rect x="4" y="5.4" width="8" height="6" rx="1.4" />
      <path d="M1 8.4h3M12 8.4h3M6.4 5.4V3M9.6 5.4V3" />
    </Icon>
  );
}

/** The mark of the product: lamplight in a door that stands ajar. */
export function LogoIcon(props: IconProps) {
  return (
    <svg
      width={props.size ?? 20}
      height={props.size ?? 20}
      viewBox="0 0 20 20"
      className={props.className}
      aria-hidden="true"
    >
      <path d="M3 17V8.8A7 7 0 0 1 8.8 2.060V17Z" fill="var(--ink-1)" />
      <path d="M10.4 2A6.8 6.8 0 0 1 17 8.8V17h-6.6Z" fill="var(--logo-door)" />
      <rect x="11.6" y="9.8" width="1.1" height="2.8" rx=".4" fill="var(--wall-0)" />
      <rect x="1" y="17" width="18" height="1.7" fill="var(--ink-1)" />
    </svg>
  );
}

import type { Me } from '../../../shared/protocol/control-api.ts';

/** A person's own sessions: what was done, and a search through it. */
export function HistoryView(props: { shown: boolean; me: Me | null }) {
  return <section aria-label="My history" hidden={!props.shown} />;
}

import type { Me } from '../../../shared/protocol/control-api.ts';
import { RecordsView } from '../recordings/records-view.tsx';

/** One's own sessions, searched by what was typed and shown. */
export function HistoryView(props: { shown: boolean; me: Me | null }) {
  return <RecordsView shown={props.shown} me={props.me} mine={true} />;
}

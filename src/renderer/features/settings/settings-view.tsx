import type { AppState } from '../../../shared/protocol/ipc.ts';

export function SettingsView(props: { shown: boolean; state: AppState }) {
  return <section aria-label="Settings" hidden={!props.shown} />;
}

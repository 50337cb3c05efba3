import type { Settings } from '../../../shared/protocol/ipc.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';

export interface Setting<T> {
  value: T;
  set(next: T): void;
  /** Who has fixed it, or null: the person may change it. */
  fixedBy: string | null;
}

/** One setting with who may change it. */
export function useSetting<N extends keyof Settings>(name: N): Setting<Settings[N]> {
  const { settings, app } = useServices();
  const now = useStore(settings.settings);
  const fixed = useStore(app.state)?.fixed ?? null;
  return {
    value: now[name],
    set: (next) => settings.change({ [name]: next }),
    fixedBy: fixed !== null && fixed.settings[name] !== undefined ? fixed.by : null,
  };
}

import { defaultSettings, type Settings } from '../../shared/protocol/ipc.ts';
import type { Scheme } from '../terminal/terminal-theme.ts';
import type { TypedBridge } from './bridge.ts';
import { makeStore, type Readable } from './store.ts';

export interface SettingsService {
  readonly settings: Readable<Settings>;
  /** The scheme that applies now, with `system` resolved. */
  readonly scheme: Readable<Scheme>;
  load(): Promise<void>;
  change(part: Partial<Settings>): void;
}

/** Settings as main keeps them; the theme follows the system when it should. */
export function makeSettingsService(bridge: TypedBridge, systemIsLight: MediaQueryList): SettingsService {
  const settings = makeStore<Settings>(defaultSettings);
  const schemeOf = (): Scheme => {
    const { theme } = settings.get();
    if (theme !== 'system') return theme;
    return systemIsLight.matches ? 'light' : 'dark';
  };
  const scheme = makeStore<Scheme>(schemeOf());
  const take = (next: Settings) => {
    settings.set(next);
    scheme.set(schemeOf());
  };
  systemIsLight.addEventListener('change', () => scheme.set(schemeOf()));
  bridge.on('settings.changed', take);
  return {
    settings,
    scheme,
    async load() {
      const answer = await bridge.request('settings.get', {});
      if (answer.ok) take(answer.value);
    },
    change(part) {
      // Shown at once; main's answer is what counts afterwards.
      take({ ...settings.get(), ...part });
      void bridge.request('settings.set', part).then((answer) => {
        if (answer.ok) take(answer.value);
      });
    },
  };
}

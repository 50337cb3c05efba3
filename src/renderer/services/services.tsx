import { createContext, type ReactNode, use } from 'react';
import type { Commands } from '../commands/command.ts';
import type { TerminalScreen } from '../terminal/terminal-screen.ts';
import type { AppService } from './app-service.ts';
import type { TypedBridge } from './bridge.ts';
import type { ConnectService } from './connect-service.ts';
import type { MemoryService } from './memory-service.ts';
import type { Navigation } from './navigation.ts';
import type { Ports } from './ports.ts';
import type { RecordingsService } from './recordings-service.ts';
import type { SessionUi } from './session-ui.ts';
import type { SessionsService } from './sessions-service.ts';
import type { SettingsService } from './settings-service.ts';
import type { Store } from './store.ts';
import type { TargetsService } from './targets-service.ts';

export interface Services {
  bridge: TypedBridge;
  ports: Ports;
  app: AppService;
  settings: SettingsService;
  memory: MemoryService;
  commands: Commands;
  targets: TargetsService;
  sessions: SessionsService;
  sessionUi: SessionUi;
  connect: ConnectService;
  recordings: RecordingsService;
  /** The open replay's screen, if one is open. */
  replayScreen: Store<TerminalScreen | null>;
  navigation: Navigation;
}

const ServicesContext = createContext<Services | null>(null);

export function ServicesProvider(props: { services: Services; children: ReactNode }) {
  return <ServicesContext value={props.services}>{props.children}</ServicesContext>;
}

export function useServices(): Services {
  const services = use(ServicesContext);
  if (services === null) throw new Error('no services above this component');
  return services;
}

import { assertNever } from '../../../shared/errors/result.ts';
import { type Services, useServices } from '../../services/services.tsx';
import type { Line, LineDo } from './lines.ts';

function act(services: Services, what: LineDo, split: boolean): void {
  const { connect, sessions, navigation, memory, commands } = services;
  switch (what.do) {
    case 'connect':
      connect.begin(what.target, what.login, split ? 'right' : what.place);
      break;
    case 'show':
      sessions.show(what.key);
      navigation.go('sessions');
      break;
    case 'replay':
      navigation.openReplay(what.sessionId, 'Replay of my own session', { atMs: what.atMs, find: what.find });
      break;
    case 'search-history':
      navigation.ask({ view: 'history', text: what.text });
      break;
    case 'recordings-of':
      navigation.ask({ view: 'recordings', user: what.user });
      break;
    case 'favourite': {
      const others = memory.state.get().favourites.filter((id) => id !== what.targetId);
      memory.change({ favourites: what.add ? [...others, what.targetId] : others });
      break;
    }
    case 'command':
      commands.run(what.id);
      break;
    default:
      assertNever(what);
  }
}

/** Closes the palette, gives the focus back to `before`, and then does what the line says, which may take the focus elsewhere. */
export function useRunLine(before: Element | null): (line: Line, split: boolean) => void {
  const services = useServices();
  return (line, split) => {
    services.navigation.setDialog(null);
    if (before instanceof HTMLElement) before.focus();
    act(services, line.act, split);
  };
}

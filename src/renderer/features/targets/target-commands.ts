import type { TargetView } from '../../../shared/model/target.ts';
import type { Command } from '../../commands/command.ts';
import type { ConnectPlace } from '../../services/connect-service.ts';

export interface TargetDoings {
  chosen(): TargetView | null;
  connect(target: TargetView, place: ConnectPlace): void;
  favourite(target: TargetView): void;
  loginMenu(): void;
  labelMenu(): void;
  focusSearch(): void;
  reload(): void;
}

/** What the list of targets can be asked to do while it is shown. */
export function targetCommands(doings: TargetDoings): readonly Command[] {
  const withChosen = (what: (target: TargetView) => void) => ({
    available: () => doings.chosen() !== null,
    run() {
      const target = doings.chosen();
      if (target !== null) what(target);
    },
  });
  const always = (run: () => void) => ({ available: () => true, run });
  const base = { group: 'targets', inTerminal: false } as const;
  return [
    {
      ...base,
      id: 'target.favourite',
      title: 'Add the chosen target to favourites, or remove it',
      keys: ['Ctrl D'],
      ...withChosen((target) => doings.favourite(target)),
    },
    {
      ...base,
      id: 'target.connect-in-split',
      title: 'Open the chosen target in a split',
      keys: [],
      ...withChosen((target) => doings.connect(target, 'right')),
    },
    {
      ...base,
      id: 'target.other-login',
      title: 'Connect with another login',
      keys: [],
      ...withChosen(() => doings.loginMenu()),
    },
    { ...base, id: 'target.filter', title: 'Filter targets by label', keys: [], ...always(() => doings.labelMenu()) },
    { ...base, id: 'target.search', title: 'Search targets', keys: ['Ctrl F'], ...always(() => doings.focusSearch()) },
    { ...base, id: 'target.reload', title: 'Load the targets again', keys: ['F5'], ...always(() => doings.reload()) },
  ];
}

import { useEffect } from 'react';
import type { Command } from '../../commands/command.ts';
import { useServices } from '../../services/services.tsx';
import { testIds } from '../../test-ids.ts';
import { change, type OpenReplay } from './open-replay.ts';
import { speeds } from './replay-player.ts';
import type { ReplayActions } from './use-replay-actions.ts';

/** Every action of a replay as a command. Pure but for what running one does. */
export function replayCommands(
  replay: OpenReplay,
  actions: ReplayActions,
  rest: { back: () => void; openSide: () => void },
): Command[] {
  const { player, ui, search } = replay;
  const state = () => player.state.get();
  const speed = (by: 1 | -1) => {
    const at = speeds.indexOf(state().speed) + by;
    player.setSpeed(speeds[Math.min(speeds.length - 1, Math.max(0, at))] ?? 1);
  };
  const may = replay.review?.may ?? { review: false, hold: false };
  const searching = () => search.state.get().text.trim() !== '';
  const tab = (to: 'transcript') => {
    change(ui, { tab: ui.get().tab === to ? 'commands' : to });
    rest.openSide();
  };
  const command = (
    id: string,
    title: string,
    keys: readonly string[],
    run: () => void,
    more: { short?: string; available?: () => boolean } = {},
  ): Command => ({
    id: `replay.${id}`,
    title,
    keys,
    run,
    group: 'replay',
    inTerminal: false,
    available: more.available ?? (() => true),
    ...(more.short === undefined ? {} : { short: more.short }),
  });
  return [
    command('play', 'Play or pause', ['Space'], () => player.toggle(), { short: 'play' }),
    command('back-5', 'Back 5 s', ['ArrowLeft'], () => actions.seekBy(-5000), { short: '5 s' }),
    command('on-5', 'On by 5 s', ['ArrowRight'], () => actions.seekBy(5000)),
    command('back-30', 'Back 30 s', ['Shift ArrowLeft'], () => actions.seekBy(-30_000)),
    command('on-30', 'On by 30 s', ['Shift ArrowRight'], () => actions.seekBy(30_000)),
    command('command-before', 'Command before', ['['], () => actions.stepCommand(-1), { short: 'by command' }),
    command('command-next', 'Next command', [']'], () => actions.stepCommand(1)),
    command('start', 'To the start', ['Home'], () => actions.seek(0)),
    command('end', 'To the end', ['End'], () => actions.seek(replay.opened.durationMs)),
    command('go-to', 'Go to a time', ['G'], actions.goTo, { short: 'go to' }),
    command('slower', 'Slower', ['<'], () => speed(-1)),
    command('faster', 'Faster', ['>'], () => speed(1)),
    command('skip-idle', 'Skip idle time, or not', ['I'], () => player.setSkipIdle(!state().skipIdle)),
    command('search', 'Search in this recording', ['/', 'Ctrl F', 'Ctrl Shift F'], () => {
      rest.openSide();
      requestAnimationFrame(() => {
        const field = document.querySelector<HTMLInputElement>(`[data-testid="${testIds.replaySearch}"]`);
        field?.focus();
        field?.select();
      });
    }),
    command('hit-next', 'Next hit', ['N'], () => actions.stepHit(1), { short: 'next hit', available: searching }),
    command('hit-before', 'Hit before', ['Shift N'], () => actions.stepHit(-1), { available: searching }),
    command('bookmark', 'Bookmark this moment', ['B'], actions.bookmark, {
      short: 'bookmark',
      available: () => may.review,
    }),
    command('finding', 'Add a finding at this moment', ['F'], actions.finding, {
      short: 'finding',
      available: () => may.review,
    }),
    command('review', 'Mark as reviewed, or take that back', ['R'], actions.review, {
      short: replay.review?.reviewed == null ? 'mark reviewed' : 'take the review back',
      available: () => may.review,
    }),
    command('hold', 'Legal hold: set or lift', [], actions.hold, { available: () => may.hold }),
    command('transcript', 'Transcript, or back to the commands', ['T'], () => tab('transcript'), {
      short: 'transcript',
    }),
    command('export', 'Export a copy', ['E'], () => change(ui, { exportMenu: true })),
    command('copy', 'Copy the selection', ['Ctrl Shift C'], actions.copySelection),
    command(
      'copy-output',
      'Copy this command with its output',
      ['C'],
      () => void actions.copyOutput(state().positionMs),
    ),
    command('copy-all', 'Copy the whole transcript', [], () => void actions.copyAll()),
    command('back', 'Leave the search, then the replay', ['Escape'], () => {
      if (searching()) search.clear();
      else rest.back();
    }),
  ];
}

/** Registers the commands of the open replay while it is shown; before it is open, Esc alone. */
export function useReplayCommands(
  replay: OpenReplay | null,
  actions: ReplayActions | null,
  shown: boolean,
  back: () => void,
): void {
  const { commands, navigation } = useServices();
  useEffect(() => {
    if (!shown) return;
    if (replay === null || actions === null)
      return commands.register([
        {
          id: 'replay.back',
          title: 'Leave the replay',
          keys: ['Escape'],
          group: 'replay',
          inTerminal: false,
          available: () => true,
          run: back,
        },
      ]);
    const openSide = () => {
      // Where it is a sheet it has to be opened; beside the recording it is open while `sheet` is not set.
      navigation.setSheet(window.matchMedia('(max-width: 1179px)').matches);
    };
    return commands.register(replayCommands(replay, actions, { back, openSide }));
  }, [replay, actions, shown, back, commands, navigation]);
}

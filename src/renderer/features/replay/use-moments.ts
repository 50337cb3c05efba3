import { useMemo } from 'react';
import type { RecordedCommand } from './moments.ts';
import type { OpenReplay } from './open-replay.ts';
import type { ReplaySurvey } from './replay-source.ts';

/** Commands; where none could be told apart, the lines that were typed. Pure. */
export function commandsOf(survey: ReplaySurvey | null): readonly RecordedCommand[] {
  if (survey === null) return none;
  if (survey.commands.length > 0) return survey.commands;
  return survey.marks
    .filter((mark) => mark.kind === 'input')
    .map((mark) => ({ atMs: mark.atMs, command: mark.text, status: null }));
}
const none: readonly RecordedCommand[] = [];

export function useCommands(replay: OpenReplay): readonly RecordedCommand[] {
  const { survey } = replay;
  return useMemo(() => commandsOf(survey), [survey]);
}

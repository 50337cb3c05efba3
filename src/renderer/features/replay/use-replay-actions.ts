import { useMemo } from 'react';
import type { Problem } from '../../../shared/errors/result.ts';
import { bytes } from '../../services/format.ts';
import { useServices } from '../../services/services.tsx';
import { stepCommand } from './moments.ts';
import { change, type OpenReplay } from './open-replay.ts';
import type { ReplayHit } from './replay-search.ts';
import { commandsOf } from './use-moments.ts';

/** What fits into the clipboard's request. */
const copyAtMost = 9_500_000;

/** Everything that can be done in a replay; keys, buttons and the palette all come here. */
export interface ReplayActions {
  seek(ms: number): void;
  seekBy(ms: number): void;
  /** To the moment at which the hit was on the screen. */
  seekHit(hit: ReplayHit): void;
  stepCommand(by: 1 | -1): void;
  stepHit(by: 1 | -1): void;
  bookmark(): void;
  finding(): void;
  goTo(): void;
  review(): void;
  hold(): void;
  exportCopy(format: 'asciicast' | 'transcript'): Promise<void>;
  /** The selection of the screen or of the text. */
  copySelection(): void;
  copyOutput(atMs: number): Promise<void>;
  copyAll(): Promise<void>;
  /** Says what became of a change; returns whether it is kept. */
  tell(problem: Problem | null): boolean;
}

/** Actions of the open replay, null while there is none. */
export function useReplayActions(replay: OpenReplay | null): ReplayActions | null {
  const { app, bridge, replayScreen } = useServices();
  const replayId = replay?.source.id ?? null;
  return useMemo(() => {
    if (replay === null || replayId === null) return null;
    const { player, search, transcript, notes, ui, source } = replay;
    const here = () => player.state.get().positionMs;
    const say = (text: string, failed = false) => change(ui, { said: { text, failed } });
    const tell = (problem: Problem | null) => {
      change(ui, { said: problem === null ? null : { text: `${problem.message} ${problem.code}`, failed: true } });
      return problem === null;
    };
    const ask = (kind: 'go-to' | 'bookmark' | 'finding') => {
      if (kind !== 'go-to') player.pause();
      change(ui, { dialog: { kind, atMs: here() } });
    };
    const copy = async (text: string | null, what: string) => {
      if (text === null) say(`${what} is too long for the clipboard. Export the transcript instead (E).`, true);
      else if (text === '') say('There is no text to copy.', true);
      else {
        const problem = await app.copy(text);
        if (tell(problem)) say(`${what} is in the clipboard.`);
      }
    };
    const seekHit = (hit: ReplayHit) => void player.seek(hit.seenMs ?? hit.atMs);
    return {
      seekHit,
      seek: (ms) => void player.seek(ms),
      seekBy: (ms) => void player.seek(here() + ms),
      stepCommand(by) {
        const to = stepCommand(commandsOf(replay.survey), here(), by);
        if (to !== null) void player.seek(to);
        else void player.seek(by === 1 ? replay.opened.durationMs : 0);
      },
      stepHit(by) {
        void search.step(by, here()).then((hit) => {
          if (hit !== null) seekHit(hit);
        });
      },
      bookmark: () => ask('bookmark'),
      finding: () => ask('finding'),
      goTo: () => ask('go-to'),
      review() {
        if (replay.review?.reviewed == null) void notes.setReviewed(true).then(tell);
        else change(ui, { dialog: { kind: 'unreview' } });
      },
      hold: () => change(ui, { dialog: { kind: 'hold' } }),
      async exportCopy(format) {
        if (!source.exportBegun()) return;
        change(ui, { exportMenu: false, said: null });
        const answer = await bridge.request('replay.export', { replayId, format }).finally(() => source.exportEnded());
        if (!answer.ok) tell(answer.error);
        else if (answer.value.path !== null) say(`Written to ${answer.value.path}, ${bytes(answer.value.bytes)}.`);
      },
      copySelection() {
        const text = replayScreen.get()?.selection() || (document.getSelection()?.toString() ?? '');
        if (text !== '') void app.copy(text).then(tell);
      },
      async copyOutput(atMs) {
        const range = await transcript.commandAt(atMs);
        if (range === null) say('No command was entered before this moment.', true);
        else await copy(await transcript.text(range.from, range.to, copyAtMost), 'The command with its output');
      },
      async copyAll() {
        const total = transcript.state.get().total ?? 0;
        await copy(await transcript.text(0, total, copyAtMost), 'The transcript');
      },
      tell,
    };
  }, [replay, replayId, app, bridge, replayScreen]);
}

import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { EventTextEncoder } from '../../src/recording/text/event-text.ts';
import { textOf } from '../../src/recording/text-lines/text-of.ts';
import { startSession, type World } from '../harness/session/session-world.ts';
import { checkAsciicast } from './asciinema.ts';
import type { ByteShell, ByteTarget } from './byte-target.ts';
import { checkKeyframes, checkPlaces } from './check-keyframes.ts';
import type { CorpusFile, Step } from './inputs.ts';
import { bytesOf, type OpenedFolder, openFolder } from './recorded-segments.ts';

export interface PlayOptions {
  target: ByteTarget;
  /** Play the file over and over until so much output was shown, so that it fills several segments. */
  atLeast: number;
  /** Path of asciinema 3, or null. */
  asciinema: string | null;
}

const roundsOfAll = 10;

interface Played {
  output: Buffer[];
  sent: number;
  input: Buffer[];
  sizes: string[];
}

/** Sizes as the session takes them. */
function clamped(step: { cols: number; rows: number }): { cols: number; rows: number } {
  return { cols: Math.min(Math.max(step.cols, 1), 1000), rows: Math.min(Math.max(step.rows, 1), 500) };
}

async function play(world: World, shell: ByteShell, steps: Step[], played: Played, shown: () => number): Promise<void> {
  for (const step of steps) {
    if (step.kind === 'output') {
      await shell.write(step.data);
      played.output.push(step.data);
      played.sent += step.data.length;
      continue;
    }
    if (step.kind === 'input') {
      world.screen({ type: 'input', data: new Uint8Array(step.data) });
      played.input.push(step.data);
      continue;
    }
    // Sizes and bytes come by different ways: all that was sent is on the screen before the size changes, and the size is there before more is sent.
    while (shown() < played.sent) await delay(1);
    const { cols, rows } = clamped(step);
    world.screen({ type: 'resize', cols, rows });
    await shell.resized();
    played.sizes.push(`${cols}x${rows}`);
  }
}

function checkBytes(opened: OpenedFolder, played: Played): string | null {
  const events = opened.output.flatMap(({ cast }) => cast.events);
  const sizes = events.filter((event) => event.code === 'r').map((event) => Buffer.from(event.data).toString('utf8'));
  if (!bytesOf(events, 'o').equals(Buffer.concat(played.output))) return 'the decoded output is not what was sent';
  if (!bytesOf(opened.input, 'i').equals(Buffer.concat(played.input))) return 'the decoded input is not what was typed';
  return sizes.join() === played.sizes.join() ? null : 'the recorded sizes are not those of the screen';
}

function checkTexts(opened: OpenedFolder, size: { cols: number; rows: number }): string | null {
  const segments = opened.output.map(({ line, cast }) => ({ events: cast.events, isEnd: line.why === 'end' }));
  const session = opened.manifest.header.session;
  const expected = textOf({ session, size, segments, input: opened.input });
  if (opened.texts.length !== expected.length)
    return `${opened.texts.length} text sidecars for ${expected.length} segments`;
  const at = expected.findIndex((text, segment) => text !== opened.texts[segment]);
  return at < 0 ? null : `the text of segment ${at} does not follow from the events`;
}

/** The text that stock tools see as output: bytes that are no characters stand for themselves as private ones. */
function outputText(played: Played): string {
  const encoder = new EventTextEncoder();
  return encoder.push(Buffer.concat(played.output)) + encoder.flush();
}

/** The file's output over and over, in pieces that are not too small, until there is so much of it. */
function moreOf(file: CorpusFile, length: number, wanted: number): Step[] {
  if (length === 0) return [];
  const output = Buffer.concat(file.steps.map((step) => (step.kind === 'output' ? step.data : Buffer.alloc(0))));
  const piece = Buffer.concat(Array.from({ length: Math.max(Math.ceil(5000 / length), 1) }, () => output));
  return Array.from({ length: Math.max(Math.ceil(wanted / piece.length), 0) }, () => ({ kind: 'output', data: piece }));
}

/** Plays one file through a real session. Returns what is wrong with its recording, or null, and how many keyframes were checked. */
export async function playFile(
  file: CorpusFile,
  options: PlayOptions,
): Promise<{ wrong: string | null; keyframes: number }> {
  const size = clamped(file.size);
  const played: Played = { output: [], sent: 0, input: [], sizes: [] };
  let end = 0;
  const opening = options.target.shell();
  const world = await startSession({
    sshd: options.target.sshd,
    output: (_data, offset) => {
      end = offset;
    },
    start: (message) => ({ ...message, terminal: { ...message.terminal, ...size } }),
  });
  try {
    const shell = await opening;
    await world.owner('state', (message) => message.state.state === 'open');
    const length = file.steps.reduce((sum, step) => sum + (step.kind === 'output' ? step.data.length : 0), 0);
    for (let round = 0; round === 0 || (round < roundsOfAll && played.sent < options.atLeast); round += 1)
      await play(world, shell, file.steps, played, () => end);
    await play(world, shell, moreOf(file, length, options.atLeast - played.sent), played, () => end);
    const typed = Buffer.concat(played.input).length;
    while (shell.got().length < typed) await delay(1);
    shell.exit();
    const { complete } = await world.ended();
    await world.exited;
    if (!complete) return { wrong: 'the recording is not complete', keyframes: 0 };
    const { output, input } = world.identities;
    const opened = await openFolder(world.folder, { output, input, text: output });
    const events = opened.output.flatMap(({ cast }) => cast.events);
    const places = checkPlaces(size, events.slice(0, file.steps.length), 20);
    const keyframes = opened.output.filter(({ cast }) => cast.keyframe !== null).length;
    const cast = Buffer.concat(opened.output.map(({ text }) => text));
    const wrong =
      checkBytes(opened, played) ??
      checkKeyframes(size, opened.output) ??
      checkTexts(opened, size) ??
      ('difference' in places ? places.difference : null) ??
      (options.asciinema === null ? null : checkAsciicast(options.asciinema, cast, outputText(played)));
    return { wrong, keyframes: keyframes + ('keyframes' in places ? places.keyframes : 0) };
  } finally {
    await world.stop();
    rmSync(world.folder, { recursive: true, force: true });
  }
}

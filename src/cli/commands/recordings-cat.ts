import type { Command } from 'commander';
import { streamBytes } from '../../recording/export/read-events.ts';
import { examples, type Session, UsageError } from '../environment.ts';
import { openToRead, sayIfIncomplete } from './recordings-manifest.ts';
import { type KeyOptions, withKeys } from './recordings-source.ts';

interface CatOptions extends KeyOptions {
  input?: boolean;
  raw?: boolean;
}

export function registerCat(recordings: Command, open: (command: Command) => Session): void {
  const cat = withKeys(
    recordings
      .command('cat')
      .description(
        'Writes what the terminal got, byte for byte, or with --input what was typed. Everything is checked before it is written; where something does not hold it stops and ends with 1. Of a recording without an end it writes all there is and ends with 3.',
      )
      .argument('<id or folder>', 'the id of a recording (at least its first 6 characters), or a folder that holds one')
      .option('--input', 'what was typed, passwords included, in place of what was shown')
      .option('--raw', 'also to a terminal, which will do what the recorded bytes tell it to'),
  ).action(async (what: string, options: CatOptions, self: Command) => {
    const session = open(self);
    if (session.terminal && options.raw !== true)
      throw new UsageError(
        'These bytes would go to a terminal, and whoever was recorded could make it do anything. Write them to a file or a program, or give --raw.',
      );
    const stream = options.input === true ? 'input' : 'output';
    const recording = await openToRead(session, what, options, [stream]);
    try {
      for await (const bytes of streamBytes(recording, stream)) await session.bytes(bytes);
    } catch (error) {
      // Whoever read it has seen enough.
      if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return;
      throw error;
    }
    sayIfIncomplete(session, recording);
  });
  examples(cat, [
    'sallyport recordings cat ./exported/5d0e1f2a-... --identity output.txt > output.bin',
    'sallyport --as nils recordings cat 5d0e1f2a --purpose "incident 4711" | less',
  ]);
}

import { randomUUID } from 'node:crypto';
import { open as openFile, rename, rm, stat } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { castV2, castV3 } from '../../recording/export/casts.ts';
import { commands, transcript } from '../../recording/export/texts.ts';
import type { OpenableRecording } from '../../recording/verify/source.ts';
import type { KeyedStream } from '../../shared/model/recording.ts';
import { examples, type Session, UsageError } from '../environment.ts';
import { size } from '../text.ts';
import { openToRead, sayIfIncomplete } from './recordings-manifest.ts';
import { type KeyOptions, withKeys } from './recordings-source.ts';

interface Format {
  needs: readonly KeyedStream[];
  lines: (recording: OpenableRecording) => AsyncIterable<string>;
}

const formats = {
  'asciicast-v2': { needs: ['output'], lines: castV2 },
  'asciicast-v3': { needs: ['output'], lines: castV3 },
  text: { needs: ['text'], lines: transcript },
  commands: { needs: ['text'], lines: commands },
} as const satisfies Record<string, Format>;
type FormatName = keyof typeof formats;

interface ExportOptions extends KeyOptions {
  format: FormatName;
  output: string;
}

export function registerExport(recordings: Command, open: (command: Command) => Session): void {
  const command = withKeys(
    recordings
      .command('export')
      .description(
        'Writes a recording in a form that other programs read. Everything is checked before it is written; where something does not hold nothing is left and the code is 1. Of a recording without an end it writes all there is and ends with 3.',
      )
      .argument('<id or folder>', 'the id of a recording (at least its first 6 characters), or a folder that holds one')
      .addOption(
        new Option('--format <format>', 'in which form').choices(Object.keys(formats)).makeOptionMandatory(true),
      )
      .requiredOption('--output <file>', 'where to; it must not exist yet'),
  ).action(async (what: string, options: ExportOptions, self: Command) => {
    const session = open(self);
    if ((await stat(options.output).catch(() => null)) !== null)
      throw new UsageError(`There is a file ${options.output} already. Name another.`);
    const format: Format = formats[options.format];
    const recording = await openToRead(session, what, options, format.needs);
    const bytes = await writeLines(options.output, format.lines(recording));
    session.print({ file: options.output, format: options.format, bytes }, () => `${options.output}: ${size(bytes)}\n`);
    sayIfIncomplete(session, recording);
  });
  command.addHelpText(
    'after',
    `
Formats:
  asciicast-v2  what every asciinema plays. Bytes that are not UTF-8 become U+FFFD, the
                exit status a marker
  asciicast-v3  as it is kept, for asciinema 3. Bytes that are not UTF-8 stand as U+10FE00
                plus the byte, so that nothing is lost
  text          the lines as they were seen on the screen, with their times
  commands      what was entered at a prompt: a line of JSON each, {"at", "t", "command",
                "status"}; the status where the shell's marks told it, else null
Text and commands are read from the text of the recording, which its endpoint wrote beside the output;
"verify" with the keys of output, input and text compares the two.`,
  );
  examples(command, [
    'sallyport recordings export ./exported/5d0e1f2a-... --identity output.txt --format asciicast-v2 --output session.cast',
  ]);
}

/** Writes lines to a new file, readable by its owner alone, which has its name only when it is whole. Returns its size in bytes. */
async function writeLines(file: string, lines: AsyncIterable<string>): Promise<number> {
  const part = `${file}.${randomUUID()}.part`;
  const handle = await openFile(part, 'wx', 0o600).catch(() => {
    throw new UsageError(`The file ${file} cannot be written there. Name another.`);
  });
  let bytes = 0;
  let waiting = '';
  const write = async () => {
    await handle.appendFile(waiting);
    bytes += Buffer.byteLength(waiting);
    waiting = '';
  };
  try {
    try {
      for await (const line of lines) {
        waiting += line;
        if (waiting.length > 65_536) await write();
      }
      await write();
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return bytes;
}

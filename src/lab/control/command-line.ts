import { z } from 'zod';
import { LabError } from '../lab-error.ts';
import { runProgram } from '../processes.ts';
import { builtFile } from './start-control.ts';

/** What a command printed with `--json`; null when it printed nothing that is JSON. */
export interface CommandResult {
  code: number;
  json: unknown;
  stdout: string;
  stderr: string;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const last = text.trim().split('\n').at(-1) ?? '';
    try {
      return JSON.parse(last);
    } catch {
      return null;
    }
  }
}

/** Runs `sallyport` as a customer would: over the local socket, with a named actor; `input` is its standard input. Never throws for an exit code. */
export async function sallyport(socket: string, as: string, args: string[], input = ''): Promise<CommandResult> {
  const command = [builtFile('cli.mjs'), '--socket', socket, '--as', as, '--json', ...args];
  const { code, stdout, stderr } = await runProgram(process.execPath, command, { input });
  const text = stdout.toString('utf8');
  return { code, json: parse(text), stdout: text, stderr };
}

/** The same, for what must succeed: throws `LabError` with the command's own words when it does not, or when it answers another shape. */
export async function sallyportOk<T>(
  socket: string,
  as: string,
  args: string[],
  schema: z.ZodType<T>,
  input = '',
): Promise<T> {
  const result = await sallyport(socket, as, args, input);
  if (result.code !== 0)
    throw new LabError(
      `sallyport ${args.join(' ')} failed (${result.code}): ${result.stderr.trim() || result.stdout.trim()}`,
      'The words above say what to do.',
    );
  const parsed = schema.safeParse(result.json);
  if (!parsed.success)
    throw new LabError(
      `sallyport ${args.join(' ')} answered something else than expected: ${z.prettifyError(parsed.error)}`,
      'Build again: `npm run build`.',
    );
  return parsed.data;
}

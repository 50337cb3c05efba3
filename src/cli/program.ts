import { Command, CommanderError } from 'commander';
import { SallyportError, toProblem } from '../shared/errors/result.ts';
import { version } from '../shared/version.ts';
import { registerApply } from './commands/apply.ts';
import { registerAudit } from './commands/audit.ts';
import { registerDevices } from './commands/devices.ts';
import { registerInvite } from './commands/invite.ts';
import { registerLocks } from './commands/locks.ts';
import { registerRecordings } from './commands/recordings.ts';
import { registerRequests } from './commands/requests.ts';
import { registerSearch } from './commands/search.ts';
import { registerSecrets } from './commands/secrets.ts';
import { registerServe } from './commands/serve.ts';
import { registerSessions } from './commands/sessions.ts';
import { registerTargets } from './commands/targets.ts';
import { type Environment, type FailureCode, openSession, type Register, UsageError } from './environment.ts';
import { plain } from './text.ts';

const about = `Sallyport, privileged session management: the control server and its command line.

"serve" runs the server. All other commands are clients of a running one, over the socket in its data folder, and act as a named person whose roles and policies decide.`;

const after = `
Environment:
  SALLYPORT_SOCKET  the same as --socket
  SALLYPORT_ACTOR   the same as --as

Exit codes:
  0  done
  1  refused or failed; what, why and what to do is on stderr, with a code (SP-....)
  2  typed wrong
  3  a recording holds as far as it goes and is not whole (recordings verify, cat, export)`;

const commands: readonly Register[] = [
  registerServe,
  registerApply,
  registerInvite,
  registerDevices,
  registerTargets,
  registerSecrets,
  registerSessions,
  registerRequests,
  registerLocks,
  registerRecordings,
  registerSearch,
  registerAudit,
];

/** Runs one command line (without program names). Returns the exit code; never throws. */
export async function run(argv: readonly string[], environment: Environment): Promise<number> {
  let code: 0 | FailureCode = 0;
  const program = new Command('sallyport')
    .description(about)
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('--socket <path>', 'the local socket of the server (control.sock in its data folder)')
    .option('--as <person>', 'who acts: the id of a person')
    .option('--json', 'print JSON in place of words')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: environment.out, writeErr: environment.err })
    .addHelpText('after', after)
    .exitOverride();
  for (const register of commands) {
    register(program, (command) =>
      openSession(environment, command, (found) => {
        code = code === 1 ? 1 : found;
      }),
    );
  }
  inheritSettings(program);
  try {
    const unknown = unknownCommand(program, argv);
    if (unknown !== null) program.error(`error: unknown command '${plain(unknown)}'`);
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      environment.err(`See sallyport ${commandNamed(program, argv)}--help\n`);
      return 2;
    }
    printProblem(environment, error, argv.includes('--json'));
    return error instanceof UsageError ? 2 : 1;
  }
}

/** The words of `argv` that name a command, each with a space after it. */
function commandNamed(program: Command, argv: readonly string[]): string {
  let named = '';
  let at = program;
  for (const word of argv) {
    const child = at.commands.find((command) => command.name() === word);
    if (child === undefined) continue;
    at = child;
    named += `${word} `;
  }
  return named;
}

/** `bogus --help` and `sessions bogus --help` would print the help of what is above, as if there were such a command. */
function unknownCommand(program: Command, argv: readonly string[]): string | null {
  let at = program;
  let isValue = false;
  for (const word of argv) {
    // Only options of the program stand before a command; two of them take a value.
    const skipped = isValue || word.startsWith('-');
    isValue = !isValue && (word === '--socket' || word === '--as');
    if (skipped) continue;
    if (at.commands.length === 0 || word === 'help') return null;
    const child = at.commands.find((command) => command.name() === word);
    if (child === undefined) return word;
    at = child;
  }
  return null;
}

/** Subcommands of subcommands do not take these over by themselves. */
function inheritSettings(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inheritSettings(child);
  }
}

function printProblem(environment: Environment, error: unknown, json: boolean): void {
  const problem = toProblem(error);
  if (json) {
    environment.err(`${JSON.stringify({ error: problem })}\n`);
    return;
  }
  const facts = Object.entries(problem.facts ?? {}).map(([name, value]) => `  ${name}: ${value}\n`);
  environment.err(`${problem.message}\n${facts.join('')}${problem.code}\n`);
  // A fault of our own. Its place helps whoever reports it, but says nothing to who only wanted to work; its message could hold anything.
  if (error instanceof SallyportError || !(error instanceof Error)) return;
  if (environment.variables.SALLYPORT_DEBUG === undefined) {
    environment.err('Run it again with SALLYPORT_DEBUG=1 to see where it failed.\n');
  } else {
    environment.err(
      `${(error.stack ?? '')
        .split('\n')
        .filter((line) => /^\s+at /.test(line))
        .slice(0, 6)
        .join('\n')}\n`,
    );
  }
}

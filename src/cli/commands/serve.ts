import { InvalidArgumentError } from 'commander';
import { examples, type Register } from '../environment.ts';
import { facts } from '../text.ts';
import { addVaultOptions, type VaultOptions, vaultInput } from './serve-vault.ts';

interface ServeOptions extends VaultOptions {
  data: string;
  listen: string;
  name?: string;
  tlsCert?: string;
  tlsKey?: string;
  database?: string;
  recordings?: string;
  logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug';
}

const levels = ['silent', 'error', 'warn', 'info', 'debug'] as const;

function level(text: string): ServeOptions['logLevel'] {
  const found = levels.find((each) => each === text);
  if (found === undefined) throw new InvalidArgumentError(`One of ${levels.join(', ')}.`);
  return found;
}

export const registerServe: Register = (program, open) => {
  const command = program
    .command('serve')
    .summary('run the control server')
    .description(
      'Runs the control server until it is told to stop (SIGTERM, SIGINT). Always TLS: without a certificate of your own it makes an authority in DIR/tls, whose fingerprint every invite carries. Only one server at a time can use a data folder.',
    )
    .requiredOption('--data <dir>', 'the data folder; made when missing, closed to other accounts')
    .requiredOption('--listen <host:port>', 'where launchers connect to; port 0 takes a free one')
    .option('--name <host>', 'the host name that launchers use, when it differs from the address')
    .option('--tls-cert <file>', 'a certificate of your own: PEM, the whole chain, its root last')
    .option('--tls-key <file>', 'its key: PEM, without passphrase')
    .option(
      '--database <where>',
      'folder (in DIR), postgres (PGHOST, PGPORT, PGUSER, PGDATABASE) or postgres://HOST:PORT/NAME; passwords by PGPASSFILE',
      'folder',
    )
    .option('--recordings <dir>', 'where recordings are stored, when not in DIR: servers on one database need the same')
    .option('--log-level <level>', 'JSON lines on stderr: silent, error, warn, info or debug', level, 'warn')
    .action(async (options: ServeOptions, self) => {
      const session = open(self);
      // Loaded here alone: the other commands start without it.
      const { startServer } = await import('../../control/server.ts');
      const stopped = stopSignal();
      const server = await startServer({
        data: options.data,
        listen: options.listen,
        name: options.name,
        tlsCertificate: options.tlsCert,
        tlsKey: options.tlsKey,
        database: options.database,
        vault: vaultInput(options),
        recordings: options.recordings,
        logLevel: options.logLevel,
      });
      const { address, socket, trustRoot, caFile, sshAuthorityFile } = server;
      session.print({ event: 'listening', address, socket, trustRoot, caFile, sshAuthorityFile }, () =>
        facts([
          ['Sallyport serves', address],
          ['local socket', socket],
          ['authority', `${caFile} (SHA-256 ${trustRoot})`],
          ['for targets', `${sshAuthorityFile} (TrustedUserCAKeys)`],
          ['stop with', 'Ctrl+C'],
        ]),
      );
      await stopped;
      await server.close();
    });
  addVaultOptions(command);
  examples(command, [
    'sallyport serve --data /var/lib/sallyport --listen 0.0.0.0:8443 --name psm.example.org',
    'sallyport serve --data ./data --listen 127.0.0.1:0 --json',
  ]);
};

/** Heard from before the server starts, so that a stop while it starts is not lost. A second signal ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

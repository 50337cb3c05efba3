import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { SallyportError } from '../shared/errors/result.ts';
import { buildApp } from './api/app.ts';
import { localSocketOf } from './api/local-socket.ts';
import { allRoutes } from './api/routes.ts';
import { socketRoutes } from './api/session-routes.ts';
import { openAudit } from './audit/audit.ts';
import { openDatabaseVault } from './broker/vault/database-vault.ts';
import { openEmbeddedVault } from './broker/vault/embedded-vault.ts';
import { openVault } from './broker/vault/open-vault.ts';
import { openBus } from './bus/open-bus.ts';
import { type ConfigInput, makeConfig } from './config/config.ts';
import { takeDataFolder } from './config/data-folder.ts';
import { createLog } from './config/log.ts';
import { openTls } from './config/tls.ts';
import type { Clock, Context, CoreContext } from './context.ts';
import { createServices, sshAuthorityFile } from './create-services.ts';
import { createEvents } from './events.ts';
import { openInvites } from './identity/invites.ts';
import { ListeningOrigins } from './identity/origins.ts';
import { createReplayGuard } from './identity/replay-guard.ts';
import { PolicyEngine } from './policy/engine.ts';
import { loadPolicies } from './policy/policies-in-force.ts';
import { openSigner } from './signer.ts';
import type { Writer } from './store/database.ts';
import { type DatabaseTemplate, openDatabase } from './store/open-database.ts';

export interface RunningServer {
  /** https origin that launchers use. */
  readonly address: string;
  /** The local socket's path. */
  readonly socket: string;
  readonly trustRoot: string;
  readonly caFile: string;
  /** The SSH certificate authority's public key, for the targets' TrustedUserCAKeys. */
  readonly sshAuthorityFile: string;
  readonly context: Context;
  /** Stops: sockets first, then services, then the database; the folder is free afterwards. */
  close(): Promise<void>;
}

/** What a test may bring; `serve` brings nothing. */
export interface Overrides {
  clock?: Clock;
  databaseTemplate?: DatabaseTemplate;
}

const systemClock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() };

/** The composition root of the control server. Throws SP-5001, SP-5006, SP-5009 or SP-5010 and leaves nothing open then. */
export async function startServer(input: ConfigInput, overrides: Overrides = {}): Promise<RunningServer> {
  const config = makeConfig(input);
  // What was opened, undone in reverse: when stopping, and when starting fails half way.
  const opened: (() => unknown)[] = [];
  const closeAll = async (): Promise<void> => {
    let failure: unknown;
    for (const close of opened.splice(0).reverse()) {
      // One that fails must not keep the others open: the folder's lock is the last.
      await Promise.resolve()
        .then(close)
        .catch((error: unknown) => {
          failure ??= error;
        });
    }
    if (failure !== undefined) throw failure;
  };
  try {
    const folder = takeDataFolder(config.dataFolder);
    opened.push(() => folder.release());
    const clock = overrides.clock ?? systemClock;
    const log = createLog(config.logLevel);
    const openStore = async (): Promise<Writer> => {
      const store = await openDatabase(config, {
        template: overrides.databaseTemplate,
        onLost: (err) => log.warn({ err }, 'a connection to the database broke'),
      });
      opened.push(() => store.destroy());
      return store;
    };
    // Of servers that share a database the embedded vault is in it, and the authority of their TLS in the vault: launchers pin one.
    const common = config.database.kind === 'postgres' ? await openStore() : null;
    const { vault, sshAuthority, ...keeper } = await openVault({
      place: config.vault,
      dataFolder: folder.path,
      clock,
      openEmbedded: () =>
        common === null
          ? openEmbeddedVault({ dataFolder: folder.path })
          : openDatabaseVault({ writer: common, clock, dataFolder: folder.path }),
    });
    opened.push(() => keeper.close());
    const tls = await openTls(config, clock.now(), common === null ? null : vault);
    const signer = await openSigner(vault);
    const writer = common ?? (await openStore());
    const { bus, shared, close: closeBus } = await openBus(config.database, log);
    opened.push(closeBus);
    const audit = await openAudit({ writer, dataFolder: folder.path, now: () => clock.now() });
    opened.push(() => audit.close());
    const policy = new PolicyEngine({
      onCrash: (problem) => {
        log.error({ problem }, 'policy evaluation crashed');
        audit
          .record({ event: 'policy.worker-crashed', actor: 'server', subject: null })
          .catch((err: unknown) => log.error({ err }, 'audit failed'));
      },
    });
    opened.push(() => policy.close());
    const inForce = await loadPolicies(writer, policy);
    const origins = new ListeningOrigins();
    const core: CoreContext = {
      config,
      writer,
      reader: writer,
      log,
      clock,
      audit,
      policy,
      inForce,
      vault,
      sshAuthority,
      signer,
      origins,
      events: createEvents(),
      bus,
      shared,
      invites: await openInvites({ vault, writer }),
      replayGuard: createReplayGuard(writer),
      trustRoot: tls.trustRoot,
      dataFolder: folder.path,
    };
    const services = await createServices(core);
    opened.push(() => services.close());
    const context: Context = { ...core, services };
    const app = await buildApp({ context, tls, routes: allRoutes(), sockets: socketRoutes });
    opened.push(() => app.close());
    await listen(app, config.listen);
    const port = (app.server.address() as AddressInfo).port;
    origins.listeningOn([
      { host: config.name, port },
      { host: config.listen.host, port },
    ]);
    const socket = localSocketOf(folder.path);
    const local = await listenLocally(app, origins, socket);
    opened.push(() => closeLocal(local, socket));
    await audit.record({
      event: 'server.started',
      actor: 'server',
      subject: null,
      detail: { address: origins.https()[0] },
    });
    const close = async (): Promise<void> => {
      if (opened.length === 0) return;
      // A full disk must not keep it running.
      await audit
        .record({ event: 'server.stopped', actor: 'server', subject: null })
        .catch((err: unknown) => log.error({ err }, 'audit failed'));
      await closeAll();
    };
    return {
      address: origins.https()[0] ?? '',
      socket,
      trustRoot: tls.trustRoot,
      caFile: tls.caFile,
      sshAuthorityFile: sshAuthorityFile(folder.path),
      context,
      close,
    };
  } catch (error) {
    // Why it did not start matters more than what else failed on the way out.
    await closeAll().catch(() => undefined);
    throw error;
  }
}

async function listen(app: FastifyInstance, address: { host: string; port: number }): Promise<void> {
  try {
    await app.listen(address);
  } catch (cause) {
    throw new SallyportError(
      'SP-5001',
      `Cannot listen on ${address.host}:${address.port}. Another program may use it, or the address is not of this machine. Give --listen another.`,
      { cause },
    );
  }
}

/** The same API on a Unix socket (0600) in the data folder, itself 0700. */
async function listenLocally(app: FastifyInstance, origins: ListeningOrigins, socket: string): Promise<Server> {
  if (Buffer.byteLength(socket) > 103) {
    throw new SallyportError(
      'SP-5001',
      `The path of the local socket is too long for the system (${socket}). Give --data a shorter path.`,
    );
  }
  // Left by a process that was killed: the folder's lock is ours, so nobody listens on it.
  rmSync(socket, { force: true });
  const server = createServer((request, reply) => app.routing(request, reply));
  server.on('connection', (connection) => origins.addLocal(connection));
  // Sockets of the API are for launchers, with proofs.
  server.on('upgrade', (_request, connection) => connection.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, () => resolve());
  });
  chmodSync(socket, 0o600);
  return server;
}

async function closeLocal(server: Server, socket: string): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
  rmSync(socket, { force: true });
}

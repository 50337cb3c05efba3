import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { Client } from 'undici';
import type { z } from 'zod';
import type { Limits } from '../../../src/control/config/config.ts';
import type { VaultInput } from '../../../src/control/config/vault.ts';
import type { Overrides, RunningServer } from '../../../src/control/server.ts';
import { startServer } from '../../../src/control/server.ts';
import { type ApiClient, makeApiClient } from '../../../src/lab/owner/api-client.ts';
import { makeDeviceKey } from '../../../src/lab/owner/device.ts';
import { publicKeyLine } from '../../../src/recording/signatures/keys.ts';
import { openDocument } from '../../../src/recording/signatures/signed.ts';
import { signSsh } from '../../../src/recording/signatures/sshsig.ts';
import { fromProblem } from '../../../src/shared/errors/result.ts';
import type { TargetView } from '../../../src/shared/model/target.ts';
import {
  type ApiName,
  type ApplyDocumentInput,
  type ControlApi,
  controlApi,
} from '../../../src/shared/protocol/control-api.ts';
import {
  type GrantPayload,
  grantPayloadSchema,
  type Signed,
  sessionKeyStatement,
} from '../../../src/shared/protocol/signed.ts';
import { makeTestDatabase, type TestDatabase } from '../../harness/test-database.ts';

/** An enrolled device and the person it belongs to. */
export interface Device {
  userId: string;
  deviceId: string;
  serverKey: string;
  client: ApiClient;
}

/** A session as its launcher holds it. */
export interface Session {
  id: string;
  grant: GrantPayload;
  grantSigned: Signed;
  lease: Signed;
  key: KeyObject;
  certificate: string;
  device: Device;
}

export interface World {
  server: RunningServer;
  folder: string;
  /** Where a second server finds the same database. */
  database: string;
  /** As a person over the local socket; throws `SallyportError`. */
  as<N extends ApiName>(
    person: string,
    name: N,
    input?: { params?: Record<string, string>; body?: unknown; query?: Record<string, string> },
  ): Promise<z.output<ControlApi[N]['response']>>;
  apply(
    targets: ApplyDocumentInput['targets'],
    relayExceptions?: string[],
    organisation?: Partial<ApplyDocumentInput['organisation']>,
  ): Promise<void>;
  enrol(userId: string): Promise<Device>;
  target(device: Device, name: string): Promise<TargetView>;
  open(device: Device, targetName: string, login: string, changes?: Record<string, unknown>): Promise<Session>;
  /** A device of an earlier server on the same folder, at this one's address. */
  moved(device: Device): Device;
  auditOf(subject: string): Promise<string[]>;
  relayLog(): Record<string, unknown>[];
  close(): Promise<void>;
}

const policies = [
  {
    id: 'operators',
    cedar: 'permit(principal in Role::"operator", action in [Action::"SeeTarget", Action::"Connect"], resource);',
  },
  {
    id: 'own recordings',
    cedar:
      'permit(principal, action in [Action::"ListRecordings", Action::"ReadRecording"], resource) when { resource.owner == principal };\n',
  },
  {
    id: 'own output',
    cedar:
      'permit(principal, action == Action::"UnlockRecording", resource) when { resource.owner == principal && context.stream == "output" };',
  },
  {
    id: 'analysts',
    cedar:
      'permit(principal in Role::"analyst", action in [Action::"ListRecordings", Action::"ReadRecording", Action::"UnlockRecording", Action::"ReviewRecording", Action::"HoldRecording", Action::"SeeSessions", Action::"KillSession", Action::"LiftLock"], resource);',
  },
  {
    id: 'help desk',
    cedar:
      'permit(principal in Role::"help-desk", action in [Action::"ListRecordings", Action::"SeeSessions"], resource);',
  },
];

const people: ApplyDocumentInput['people'] = [
  { id: 'jonas', name: 'Jonas Lindqvist', roles: ['operator'] },
  { id: 'eeva', name: 'Eeva Salo', roles: ['operator'] },
  { id: 'mira', name: 'Mira Okafor', roles: ['analyst'] },
  { id: 'henrik', name: 'Henrik Dahl', roles: ['help-desk'] },
  { id: 'sanna', name: 'Sanna Virtanen', roles: ['engineer'] },
];

export interface WorldOptions {
  folder?: string;
  overrides?: Overrides;
  limits?: Partial<Limits>;
  /** Where recordings go instead of the data folder. */
  recordings?: string;
  vault?: VaultInput;
  /** Of several servers on one database; whoever made it drops it. */
  store?: TestDatabase;
}

/** A second server on the database, the vault and the recordings of a first (PostgreSQL only), with a data folder of its own. Close it before the first. */
export async function startBeside(
  first: World,
  overrides: Overrides = {},
  limits: Partial<Limits> = {},
): Promise<World> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-beside-'));
  const data = path.join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  copyFileSync(path.join(first.server.context.dataFolder, 'vault.key'), path.join(data, 'vault.key'));
  const { database } = first;
  const recordings = first.server.context.config.recordings.folder;
  return startWorldOn({ database, overrides: {}, drop: async () => undefined }, folder, {
    overrides,
    recordings,
    limits,
  });
}

/** A real control server in this process, its database thrown away, or kept with `folder`. People: jonas and eeva (operators), mira (analyst), henrik (help desk), sanna. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'sallyport-live-'));
  return startWorldOn(options.store ?? (await makeTestDatabase(options.folder)), folder, options);
}

async function startWorldOn(store: Omit<TestDatabase, 'kind'>, folder: string, options: WorldOptions): Promise<World> {
  const server = await startServer(
    {
      data: path.join(folder, 'data'),
      listen: '127.0.0.1:0',
      database: store.database,
      recordings: options.recordings,
      logLevel: 'silent',
      limits: options.limits ?? {},
      ...(options.vault === undefined ? {} : { vault: options.vault }),
    },
    { ...store.overrides, ...options.overrides },
  );
  const local = new Client('http://localhost', { socketPath: server.socket });
  const trustRoot = readFileSync(server.caFile, 'utf8');
  const breakGlassRecipient = await identityToRecipient(await generateX25519Identity());

  const world: World = {
    server,
    folder,
    database: store.database,
    async as(person, name, input = {}) {
      const method = controlApi[name];
      const where = method.path.replace(/:(\w+)/g, (_, part: string) => encodeURIComponent(input.params?.[part] ?? ''));
      const search = input.query === undefined ? '' : `?${new URLSearchParams(input.query)}`;
      const answer = await local.request({
        method: method.method,
        path: `${where}${search}`,
        headers: {
          'sallyport-actor': person,
          ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: input.body === undefined ? null : JSON.stringify(input.body),
      });
      const body = (await answer.body.json()) as { code: never; detail: string };
      if (answer.statusCode >= 400) throw fromProblem({ code: body.code, message: body.detail });
      return method.response.parse(body) as never;
    },
    async apply(targets, relayExceptions = [], changes = {}) {
      const organisation = { name: 'Lakeside Hotels', breakGlassRecipient, relayExceptions, ...changes };
      await world.as('sanna', 'apply', { body: { organisation, people, targets, policies } });
    },
    async enrol(userId) {
      const { code } = await world.as('sanna', 'invite', { body: { userId } });
      const client = makeApiClient({ address: server.address, trustRoot, key: makeDeviceKey() });
      const answer = await client.call('enrol', {
        body: { code, deviceName: `${userId}-laptop`, publicKey: client.key.jwk },
      });
      return { userId, deviceId: answer.device.id, serverKey: answer.serverKey, client };
    },
    async target(device, name) {
      const { targets } = await device.client.call('listTargets');
      const found = targets.find((target) => target.name === name);
      if (found === undefined) throw new Error(`${name} is not listed`);
      return found;
    },
    async open(device, targetName, login, changes = {}) {
      const { privateKey: key } = generateKeyPairSync('ed25519');
      const sessionKey = publicKeyLine(key);
      const certificate = signSsh({
        privateKey: device.client.key.privateKey,
        namespace: 'session-key@sallyport',
        message: sessionKeyStatement({ deviceId: device.deviceId, sessionKey }),
      });
      const target = await world.target(device, targetName);
      const body = {
        targetId: target.id,
        login,
        reason: null,
        ticket: null,
        sessionKey,
        sessionKeyCertificate: certificate,
        ...changes,
      };
      const answer = await device.client.call('openSession', { body });
      const grant = openDocument({
        signed: answer.grant,
        publicKey: device.serverKey,
        namespace: 'grant@sallyport',
        schema: grantPayloadSchema,
      });
      return { id: grant.sessionId, grant, grantSigned: answer.grant, lease: answer.lease, key, certificate, device };
    },
    moved: (device) => ({
      ...device,
      client: makeApiClient({ address: server.address, trustRoot, key: device.client.key }),
    }),
    async auditOf(subject) {
      const rows = await server.context.reader
        .selectFrom('audit_events')
        .select('event')
        .where('subject', '=', subject)
        .orderBy('id')
        .execute();
      return rows.map((row) => row.event);
    },
    relayLog: () =>
      readFileSync(path.join(server.context.dataFolder, 'relay.log'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    async close() {
      await local.close();
      await server.close();
      if (options.store === undefined) await store.drop();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

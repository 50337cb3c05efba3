import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { Agent, request } from 'undici';
import { run } from '../../../src/cli/program.ts';
import type { Limits } from '../../../src/control/config/config.ts';
import { type RunningServer, startServer } from '../../../src/control/server.ts';
import type { ApplyDocumentInput } from '../../../src/shared/protocol/control-api.ts';
import { makeTestDatabase } from '../../harness/test-database.ts';
import { type DeviceKey, makeDeviceKey, makeProof, type ProofChange } from './device.ts';

export interface Answer {
  status: number;
  // What an answer holds is what each test asserts.
  json: Record<string, unknown>;
  text: string;
}

export interface AskOptions {
  method?: string;
  body?: unknown;
  rawBody?: string | Uint8Array;
  headers?: Record<string, string>;
  /** Who proves; none leaves the header out. */
  key?: DeviceKey;
  proof?: string;
  change?: ProofChange;
}

export interface World {
  server: RunningServer;
  folder: string;
  /** Moves the server's clocks. */
  clock: { offsetMs: number; monotonicOffsetMs: number };
  ask(url: string, options?: AskOptions): Promise<Answer>;
  /** Runs a command line in this process over the local socket. */
  cli(...args: string[]): Promise<{ code: number; out: string; err: string; json: unknown }>;
  /** Makes an invite for a person and enrols a device with it. */
  enrol(userId: string): Promise<DeviceKey>;
  apply(document: ApplyDocumentInput, as?: string): Promise<Answer>;
  auditLines(): Record<string, unknown>[];
  close(): Promise<void>;
}

/** A real control server in this process: TLS, the run's kind of database, the local socket. */
export async function startWorld(limits: Partial<Limits> = {}): Promise<World> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-control-'));
  const clock = { offsetMs: 0, monotonicOffsetMs: 0 };
  const store = await makeTestDatabase();
  const server = await startServer(
    {
      data: folder,
      listen: '127.0.0.1:0',
      database: store.database,
      logLevel: 'silent',
      limits: { enrolmentsPerMinute: 1000, requestsPerMinute: 100_000, ...limits },
    },
    {
      ...store.overrides,
      clock: {
        now: () => new Date(Date.now() + clock.offsetMs),
        monotonicMs: () => performance.now() + clock.monotonicOffsetMs,
      },
    },
  );
  const agent = new Agent({ connect: { ca: readFileSync(server.caFile, 'utf8') }, connections: 60 });
  const local = new Agent({ connect: { socketPath: server.socket } });

  async function send(origin: string, dispatcher: Agent, url: string, options: AskOptions): Promise<Answer> {
    const method = options.method ?? (options.body === undefined && options.rawBody === undefined ? 'GET' : 'POST');
    const headers: Record<string, string> = { ...options.headers };
    if (options.key !== undefined)
      headers.dpop = await makeProof(options.key, method, `${origin}${url}`, options.change);
    if (options.proof !== undefined) headers.dpop = options.proof;
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    const body = options.body === undefined ? (options.rawBody ?? null) : JSON.stringify(options.body);
    const response = await request(`${origin}${url}`, { method: method as 'GET', headers, body, dispatcher });
    const text = await response.body.text();
    let json: Record<string, unknown> = {};
    try {
      json = JSON.parse(text) as Record<string, unknown>;
    } catch {
      // Not every answer is JSON.
    }
    return { status: response.statusCode, json, text };
  }

  const world: World = {
    server,
    folder,
    clock,
    ask: (url, options = {}) => send(server.address, agent, url, options),
    async cli(...args) {
      let out = '';
      let err = '';
      const code = await run(['--socket', server.socket, ...args], {
        variables: {},
        out: (text) => {
          out += text;
        },
        err: (text) => {
          err += text;
        },
      });
      let json: unknown = null;
      try {
        json = JSON.parse(out);
      } catch {
        // Words.
      }
      return { code, out, err, json };
    },
    async enrol(userId) {
      const invited = await send('http://localhost', local, '/v1/invites', {
        body: { userId },
        headers: { 'sallyport-actor': 'sanna' },
      });
      const key = await makeDeviceKey();
      const answer = await send(server.address, agent, '/v1/enrolments', {
        key,
        body: { code: invited.json.code, deviceName: `${userId}'s laptop`, publicKey: key.jwk },
      });
      if (answer.status !== 200) throw new Error(`enrolment failed: ${answer.text}`);
      return key;
    },
    apply: (document, as = 'sanna') =>
      send('http://localhost', local, '/v1/apply', { body: document, headers: { 'sallyport-actor': as } }),
    auditLines: () =>
      readFileSync(path.join(folder, 'audit.log'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    async close() {
      await Promise.all([agent.destroy(), local.destroy()]);
      await server.close();
      await store.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEkzwJHUf0HnSx1H0nEp8e8L0T2PjzRSBkQ1w8ymU0Q';

/** A small organisation. Change what a test is about. */
export async function makeDocument(change: Partial<ApplyDocumentInput> = {}): Promise<ApplyDocumentInput> {
  return {
    organisation: { name: 'Nordhamn Energi', breakGlassRecipient: await identityToRecipient(await generateIdentity()) },
    people: [
      { id: 'jonas', name: 'Jonas Lindqvist', roles: ['operator'] },
      { id: 'mira', name: 'Mira Okafor', roles: ['analyst'] },
      { id: 'sanna', name: 'Sanna Virtanen', roles: ['engineer'] },
    ],
    targets: [
      makeTarget('web-01'),
      makeTarget('db-01', { labels: { env: 'prod' }, production: true, needs: ['reason'] }),
    ],
    policies: [
      {
        id: 'operators reach the lab',
        cedar:
          'permit(principal in Role::"operator", action in [Action::"SeeTarget", Action::"Connect"], resource) when { resource.hasTag("env") && resource.getTag("env") == "lab" };',
      },
      {
        id: 'never root',
        cedar: 'forbid(principal, action == Action::"Connect", resource) when { context.login == "root" };',
      },
      {
        id: 'analysts see all',
        cedar: 'permit(principal in Role::"analyst", action == Action::"SeeTarget", resource);',
      },
      {
        id: 'engineers read the audit',
        cedar: 'permit(principal in Role::"engineer", action == Action::"ReadAudit", resource);',
      },
    ],
    ...change,
  };
}

export function makeTarget(
  name: string,
  change: Partial<ApplyDocumentInput['targets'][number]> = {},
): ApplyDocumentInput['targets'][number] {
  return {
    name,
    description: `The ${name} machine`,
    host: `${name}.example.com`,
    labels: { env: 'lab', tier: 'web' },
    logins: [{ name: 'deploy' }, { name: 'root' }],
    hostKeys: [`${hostKey} ${name}`],
    ...change,
  };
}

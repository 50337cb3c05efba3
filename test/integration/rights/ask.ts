import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { Agent, type Dispatcher, request } from 'undici';
import { emptyHead } from '../../../src/control/relay/wire-files.ts';
import { makeProof } from '../../../src/lab/owner/device.ts';
import { publicKeyLine } from '../../../src/recording/signatures/keys.ts';
import { signSsh } from '../../../src/recording/signatures/sshsig.ts';
import { type ApiMethod, type ApiName, controlApi, type Role } from '../../../src/shared/protocol/control-api.ts';
import { sessionKeyStatement } from '../../../src/shared/protocol/signed.ts';
import type { Device } from '../live-world/world.ts';
import type { Relation } from './matrix.ts';
import type { RightsWorld } from './world.ts';

/** Of another session: an unlock reads it, since it signs for the wire that goes with it. */
const anyManifest = readFileSync(path.join(import.meta.dirname, '../../fixtures/recordings-v1/whole/manifest'), 'utf8');

/** A request of one cell. `subject`: the id it is about, or null; lists look for it in the answer. */
export interface Asked {
  params: Record<string, string | number>;
  body?: unknown;
  bytes?: Buffer;
  query?: Record<string, string>;
  subject: string | null;
}

export interface Answered {
  status: number;
  /** Of the problem document. */
  code: string | null;
  text: string;
  type: string;
}

export interface Asker {
  overTls(device: Device | null, name: ApiName, asked: Asked): Promise<Answered>;
  onSocket(person: string, name: ApiName, asked: Asked): Promise<Answered>;
  close(): Promise<void>;
}

export function makeAsker(rights: RightsWorld): Asker {
  const { server } = rights.world;
  const any = rights.device('nadia').client;
  const tls = new Agent({ connect: { ca: any.trustRoot } });
  const local = new Agent({ connect: { socketPath: server.socket } });

  async function send(
    origin: string,
    name: ApiName,
    asked: Asked,
    dispatcher: Dispatcher,
    headersFor: (method: string, url: string) => Promise<Record<string, string>>,
  ): Promise<Answered> {
    const method: ApiMethod = controlApi[name];
    const path = method.path.replace(/:(\w+)/g, (_, part: string) => encodeURIComponent(String(asked.params[part])));
    const url = `${origin}${path}`;
    const headers = await headersFor(method.method, url);
    if (asked.body !== undefined) headers['content-type'] = 'application/json';
    if (asked.bytes !== undefined) {
      headers['content-type'] = 'application/octet-stream';
      headers['content-digest'] = `sha-256=:${createHash('sha256').update(asked.bytes).digest('base64')}:`;
    }
    const search = asked.query === undefined ? '' : `?${new URLSearchParams(asked.query)}`;
    const answer = await request(`${url}${search}`, {
      method: method.method,
      headers,
      body: asked.bytes ?? (asked.body === undefined ? null : JSON.stringify(asked.body)),
      dispatcher,
    });
    const text = await answer.body.text();
    const type = String(answer.headers['content-type']);
    const code = type.startsWith('application/problem+json') ? (JSON.parse(text) as { code: string }).code : null;
    return { status: answer.statusCode, code, text, type };
  }

  return {
    overTls: (device, name, asked) =>
      send(server.address, name, asked, tls, async (method, url) =>
        device === null ? noHeaders() : { dpop: await makeProof(device.client.key, method, url) },
      ),
    onSocket: (person, name, asked) =>
      send('http://localhost', name, asked, local, async () => ({ 'sallyport-actor': person })),
    async close() {
      await Promise.all([tls.close(), local.close()]);
    },
  };
}

function noHeaders(): Record<string, string> {
  return {};
}

const rubbish = Buffer.from('x').toString('base64');

/** What a session process would send; the key is fresh each time. */
function sessionBody(device: Device, targetId: string) {
  const { privateKey } = generateKeyPairSync('ed25519');
  const sessionKey = publicKeyLine(privateKey);
  const sessionKeyCertificate = signSsh({
    privateKey: device.client.key.privateKey,
    namespace: 'session-key@sallyport',
    message: sessionKeyStatement({ deviceId: device.deviceId, sessionKey }),
  });
  return { targetId, login: 'deploy', reason: null, ticket: null, sessionKey, sessionKeyCertificate };
}

/** The things that a cell is about, made for it. */
export interface Subjects {
  /** What is not there. */
  absent(): string;
  owner(role: Role, relation: Relation): string;
}

const subjects: Subjects = {
  absent: () => randomUUID(),
  owner: (role, relation) => (relation === 'own' ? role : 'nadia'),
};

type Maker = (rights: RightsWorld, role: Role, relation: Relation, as: string | undefined) => Promise<Asked>;

function aboutSession(more: (id: string, as: string | undefined) => Omit<Asked, 'subject' | 'params'>): Maker {
  return async (rights, role, relation, as) => {
    const id = relation === 'none' ? subjects.absent() : await rights.session(subjects.owner(role, relation));
    return { params: { sessionId: id }, subject: id, ...more(id, as) };
  };
}

/** A recording with a segment, a manifest, a journal and a wire in the store. */
function aboutStored(more: (id: string, as: string | undefined) => Promise<Partial<Asked>> | Partial<Asked>): Maker {
  return async (rights, role, relation, as) => {
    if (relation === 'none') {
      const id = subjects.absent();
      return { params: { ...part, sessionId: id }, subject: id, ...(await more(id, as)) };
    }
    const owner = subjects.owner(role, relation);
    const id = await rights.session(owner);
    const { client } = rights.device(owner);
    await client.call('putSegment', {
      params: { sessionId: id, stream: 'output', seq: 0 },
      binary: Buffer.from('sealed'),
    });
    await client.call('putJournal', {
      params: { sessionId: id },
      query: { because: 'its process died' },
      binary: Buffer.from('sealed'),
    });
    const { writer, clock } = rights.world.server.context;
    await writer
      .insertInto('recording_manifests')
      .values({
        session_id: id,
        text: anyManifest,
        signature: 'a signature',
        ended: false,
        end_reason: null,
        started_at: null,
        ended_at: null,
        updated_at: clock.now(),
      })
      .execute();
    await storeWire(rights, id, clock.now());
    return { params: { ...part, sessionId: id }, subject: id, ...(await more(id, as)) };
  };
}

const finding = { atMs: 5, title: 'Looks odd', note: '', severity: 'low' as const };

/** Text of a session in the index, as if it had been stored and opened. */
async function storeText(rights: RightsWorld, sessionId: string): Promise<void> {
  const { writer, clock } = rights.world.server.context;
  const now = clock.now();
  const part = { session_id: sessionId, stream: 'text' as const, seq: 0, sha256: '', bytes: 1 };
  await writer
    .insertInto('recording_segments')
    .values({ ...part, stored_at: now, indexed_at: now })
    .execute();
  const block = { session_id: sessionId, seq: 0, place: 0, kind: 'output' as const };
  await writer
    .insertInto('search_blocks')
    .values({ ...block, folded: 'a needle', text: 'A needle', times: '7' })
    .execute();
}

/** Which part of a recording is asked for. */
const part = { stream: 'output', seq: 0, direction: 'to-target' };

async function storeWire(rights: RightsWorld, sessionId: string, now: Date): Promise<void> {
  const { writer, config } = rights.world.server.context;
  const folder = path.join(config.recordings.folder, sessionId);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `wire.${part.direction}`), 'sealed');
  const head = JSON.stringify({ ...emptyHead, closed: true });
  const values = { session_id: sessionId, kept_by: 'none', head, closed_at: now, stored_at: now };
  await writer.insertInto('wires').values(values).execute();
}

function aboutTarget(body: (device: Device, targetId: string) => unknown): Maker {
  return async (rights, role, relation) => {
    const name = relation === 'own' ? 'web-01' : 'hr-01';
    const id = relation === 'none' ? subjects.absent() : rights.targetId(name);
    return { params: {}, body: body(rights.device(role), id), subject: id };
  };
}

function about(
  make: (rights: RightsWorld, owner: string) => Promise<string>,
  asked: (id: string, as: string | undefined) => Omit<Asked, 'subject'>,
): Maker {
  return async (rights, role, relation, as) => {
    const id = relation === 'none' ? subjects.absent() : await make(rights, subjects.owner(role, relation));
    return { ...asked(id, as), subject: id };
  };
}

const nothing: Maker = async () => ({ params: {}, subject: null });

/** How each route is asked. */
export const makers: Record<ApiName, Maker> = {
  serverInfo: nothing,
  async enrol(rights, role) {
    const { jwk } = rights.device(role).client.key;
    return { params: {}, body: { code: 'AAAA-AAAA', deviceName: 'laptop', publicKey: jwk }, subject: null };
  },
  me: nothing,
  listTargets: async (rights, _role, relation) => ({
    params: {},
    subject: rights.targetId(relation === 'own' ? 'web-01' : 'hr-01'),
  }),
  openSession: aboutTarget(sessionBody),
  loginSignature: aboutSession(() => ({
    body: { sshSessionId: rubbish, hostKey: rubbish, hostSignature: rubbish, toSign: rubbish },
  })),
  sealedPassword: aboutSession(() => ({
    body: {
      sshSessionId: rubbish,
      hostKey: rubbish,
      hostSignature: rubbish,
      recipient: 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq',
      recipientSignature: 'none',
    },
  })),
  listSessions: aboutSession(() => ({})),
  killSession: aboutSession(() => ({ body: { reason: 'for the matrix' } })),
  getOrder: about(
    (rights, owner) => rights.order(owner),
    (orderId) => ({ params: { orderId } }),
  ),
  listLocks: about(
    (rights, owner) => rights.lock(owner),
    () => ({ params: {} }),
  ),
  liftLock: about(
    (rights, owner) => rights.lock(owner),
    (lockId) => ({ params: { lockId } }),
  ),
  putSegment: async (rights, role, relation, as) => {
    const asked = await aboutSession(() => ({ bytes: Buffer.from('sealed') }))(rights, role, relation, as);
    return { ...asked, params: { ...asked.params, stream: 'output', seq: 0 } };
  },
  putJournal: aboutSession(() => ({ bytes: Buffer.from('sealed'), query: { because: 'its process died' } })),
  putManifest: aboutSession(() => ({ body: { manifest: 'none', signature: 'none' } })),
  listRecordings: async (rights, role, relation, as) => ({
    ...(await aboutSession(() => ({}))(rights, role, relation, as)),
    query: { limit: '1000' },
  }),
  getRecording: aboutStored(() => ({})),
  getManifest: aboutStored(() => ({})),
  getSegment: aboutStored(() => ({})),
  getJournal: aboutStored(() => ({})),
  getTail: async (rights, role, relation, as) => {
    const asked = await aboutStored(() => ({}))(rights, role, relation, as);
    const id = String(asked.params.sessionId);
    if (relation !== 'none') {
      const { writer, clock } = rights.world.server.context;
      await writer
        .insertInto('journal_tails')
        .values({
          session_id: id,
          header: Buffer.from('{}\n'),
          position: 3,
          kept_bytes: 0,
          chain: '',
          updated_at: clock.now(),
        })
        .execute();
    }
    return asked;
  },
  getWire: aboutStored(() => ({})),
  unlock: aboutStored(async (_id, as) => ({
    body: {
      stream: as,
      purpose: 'for the matrix',
      recipient: await identityToRecipient(await generateX25519Identity()),
    },
  })),
  search: async (rights, role, relation, as) => {
    const asked = await aboutSession(() => ({ query: { text: 'needle', limit: '200' } }))(rights, role, relation, as);
    if (relation !== 'none') await storeText(rights, String(asked.subject));
    return asked;
  },
  getNotes: aboutSession(() => ({})),
  addBookmark: aboutSession(() => ({ body: { atMs: 5, text: 'here' } })),
  removeBookmark: async (rights, role, relation, as) => {
    const asked = await aboutSession(() => ({}))(rights, role, relation, as);
    const bookmarkId = randomUUID();
    if (relation !== 'none') {
      const by = as === "one's own" ? role : 'sanna';
      const values = { id: bookmarkId, session_id: String(asked.subject), at_ms: 1, text: '', by_id: by, by_name: by };
      const { writer, clock } = rights.world.server.context;
      await writer
        .insertInto('recording_bookmarks')
        .values({ ...values, at: clock.now() })
        .execute();
    }
    return { ...asked, params: { ...asked.params, bookmarkId } };
  },
  addFinding: aboutSession(() => ({ body: finding })),
  changeFinding: async (rights, role, relation, as) => {
    const asked = await aboutSession(() => ({ body: { state: 'closed' } }))(rights, role, relation, as);
    const findingId = randomUUID();
    if (relation !== 'none') {
      const by = { by_id: 'analyst', by_name: 'The analyst', changed_by: null, changed_by_name: null };
      const { atMs, ...said } = finding;
      const values = {
        id: findingId,
        session_id: String(asked.subject),
        at_ms: atMs,
        ...said,
        state: 'open',
        ...by,
      } as const;
      const { writer, clock } = rights.world.server.context;
      await writer
        .insertInto('recording_findings')
        .values({ ...values, at: clock.now() })
        .execute();
    }
    return { ...asked, params: { ...asked.params, findingId } };
  },
  setReviewed: aboutSession(() => ({ body: { reviewed: true, note: '' } })),
  setHold: aboutSession(() => ({ body: { hold: true, reason: 'for the matrix' } })),
  noteExport: aboutSession(() => ({ body: { format: 'transcript', purpose: 'for the matrix' } })),
  listAudit: nothing,
  apply: async (rights) => ({ params: {}, body: rights.document, subject: null }),
  invite: async () => ({ params: {}, body: { userId: 'nadia' }, subject: null }),
  setSecret: async () => ({
    params: { target: 'vault-01', login: 'admin' },
    bytes: Buffer.from('correct horse'),
    subject: null,
  }),
  listSecrets: nothing,
  removeSecret: async (rights) => {
    const asked = {
      params: { target: 'vault-01', login: 'admin' },
      bytes: Buffer.from('correct horse'),
      subject: null,
    };
    const asker = makeAsker(rights);
    await asker.onSocket('sanna', 'setSecret', asked);
    await asker.close();
    return { params: asked.params, subject: null };
  },
  requestAccess: aboutTarget((_device, targetId) => ({
    targetId,
    login: 'deploy',
    seconds: 3600,
    reason: 'for the matrix',
    ticket: null,
  })),
  listAccessRequests: about(
    (rights, owner) => rights.request(owner),
    () => ({ params: {}, query: { limit: '1000' } }),
  ),
  decideAccessRequest: about(
    (rights, owner) => rights.request(owner),
    (requestId, as) => ({ params: { requestId }, body: { decision: as, reason: 'for the matrix' } }),
  ),
  revokeAccessRequest: about(
    (rights, owner) => rights.request(owner),
    (requestId) => ({ params: { requestId }, body: { reason: 'for the matrix' } }),
  ),
  listDevices: about(
    (rights, owner) => rights.extraDevice(owner),
    () => ({ params: {} }),
  ),
  revokeDevice: about(
    (rights, owner) => rights.extraDevice(owner),
    (deviceId) => ({ params: { deviceId } }),
  ),
};

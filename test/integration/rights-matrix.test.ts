import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { allRoutes } from '../../src/control/api/routes.ts';
import { socketRoutes } from '../../src/control/api/session-routes.ts';
import { makeProof } from '../../src/lab/owner/device.ts';
import { type ApiMethod, type ApiName, controlApi, type Role } from '../../src/shared/protocol/control-api.ts';
import { ended, webSocket } from './live-world/sockets.ts';
import type { Device } from './live-world/world.ts';
import { type Answered, type Asker, makeAsker, makers } from './rights/ask.ts';
import { type Expected, expectedOf, httpRights, type Relation, type Row, socketRights } from './rights/matrix.ts';
import { type RightsWorld, roles, startRightsWorld } from './rights/world.ts';

const relations: readonly Relation[] = ['own', 'others', 'none'];
const routeNames = Object.keys(httpRights) as ApiName[];

let rights: RightsWorld;
let asker: Asker;
let revoked: Device;

beforeAll(async () => {
  rights = await startRightsWorld();
  asker = makeAsker(rights);
  revoked = await rights.world.enrol('operator');
  await rights.world.as('sanna', 'revokeDevice', { params: { deviceId: revoked.deviceId } });
});
afterAll(async () => {
  await asker?.close();
  await rights?.close();
});

function said(answer: Answered, expected: Expected, subject: string | null): string {
  if (expected !== 'listed' && expected !== 'absent')
    return answer.code === null ? String(answer.status) : `${answer.status} ${answer.code}`;
  if (answer.status !== 200) return `${answer.status} ${answer.code}`;
  return subject !== null && answer.text.includes(subject) ? 'listed' : 'absent';
}

/** Asks one role's cells of a row, one after the other. Answers what came otherwise than the matrix says. */
async function wrongCells(name: ApiName, row: Row, role: Role): Promise<string[]> {
  const wrong: string[] = [];
  const bodies = new Map<Relation, { text: string; expected: Expected }>();
  for (const relation of relations) {
    const cell = row[relation];
    if (cell === undefined) continue;
    const expected = expectedOf<Expected>(cell, role);
    const asked = await makers[name](rights, role, relation, row.as);
    const answer =
      row.as === 'on the local socket'
        ? await asker.onSocket(role, name, asked)
        : await asker.overTls(rights.device(role), name, asked);
    const got = said(answer, expected, asked.subject);
    const where = `${name}${row.as === undefined ? '' : ` (${row.as})`}, ${role}, ${relation}`;
    if (got !== String(expected)) wrong.push(`${where}: ${got}, not ${expected}: ${answer.text.slice(0, 200)}`);
    const text = asked.subject === null ? answer.text : answer.text.replaceAll(asked.subject, 'ID');
    bodies.set(relation, { text: `${answer.type} ${text}`, expected });
  }
  const [others, none] = [bodies.get('others'), bodies.get('none')];
  // What is someone else's must look, to the byte, like what is not there.
  if (others !== undefined && others.expected === none?.expected && others.text !== none.text)
    wrong.push(`${name}, ${role}: others' and nobody's differ:\n  ${others.text}\n  ${none.text}`);
  return wrong;
}

describe('security 28: every route, role and owner', () => {
  it('the matrix has every route of the router, and no other', async () => {
    expect(
      allRoutes()
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...routeNames].sort());
    expect(socketRoutes.map(({ path }) => path).sort()).toEqual(Object.keys(socketRights).sort());
    const { paths } = (await (await fetchPublic('/openapi.json')).json()) as { paths: Record<string, object> };
    const served = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(served.sort()).toEqual(
      Object.values(controlApi)
        .map((method: ApiMethod) => `${method.method} ${method.path}`)
        .sort(),
    );
  });

  it.each(routeNames)('%s', async (name) => {
    const rows = httpRights[name] as readonly Row[];
    const wrong = await Promise.all(roles.flatMap((role) => rows.map((row) => wrongCells(name, row, role))));
    expect(wrong.flat()).toEqual([]);
  });

  it('nobody and a revoked device get nothing from any of them', async () => {
    const wrong: string[] = [];
    for (const name of routeNames) {
      const { auth } = controlApi[name] as ApiMethod;
      if (auth === 'none') continue;
      const asked = await makers[name](rights, 'operator', 'own', (httpRights[name] as readonly Row[])[0]?.as);
      const wanted = auth === 'local' ? ['403 SP-5003', '403 SP-5003'] : ['401 SP-1006', '401 SP-1005'];
      const got = [await asker.overTls(null, name, asked), await asker.overTls(revoked, name, asked)].map(
        ({ status, code }) => `${status} ${code}`,
      );
      if (got.join() !== wanted.join()) wrong.push(`${name}: ${got.join(', ')}`);
    }
    expect(wrong).toEqual([]);
  });
});

async function fetchPublic(path: string): Promise<{ json(): Promise<unknown> }> {
  const { Agent, request } = await import('undici');
  const agent = new Agent({ connect: { ca: rights.device('nadia').client.trustRoot } });
  const answer = await request(`${rights.world.server.address}${path}`, { dispatcher: agent });
  const value = await answer.body.json();
  await agent.close();
  return { json: async () => value };
}

/** How a socket answers: `open` once it stays so, or its close code and the code in its reason. */
async function socketSays(socket: WebSocket): Promise<string> {
  const over = ended(socket);
  await once(socket, 'open');
  // A refusal follows the upgrade at once; a round trip later there is none.
  const stays = new Promise<'open'>((resolve) => {
    socket.once('pong', () => resolve('open'));
    socket.ping();
  });
  const first = await Promise.race([over, stays]);
  if (first !== 'open') return `${first.code} ${first.reason.slice(0, 7)}`;
  const late = await Promise.race([over, new Promise<null>((resolve) => setTimeout(() => resolve(null), 250))]);
  socket.terminate();
  return late === null ? 'open' : `${late.code} ${late.reason.slice(0, 7)}`;
}

async function socketPath(path: keyof typeof socketRights, role: Role, relation: Relation): Promise<string> {
  if (path === '/v1/control') return path;
  const id =
    relation === 'none'
      ? crypto.randomUUID()
      : await rights.session(relation === 'own' ? role : 'nadia', relation === 'own' ? 'web-01' : 'web-02');
  return `/v1/relay/${id}`;
}

describe('security 28: every WebSocket, role and owner', () => {
  it.each(Object.keys(socketRights) as (keyof typeof socketRights)[])('%s', async (path) => {
    const wrong: string[] = [];
    const row: Partial<Record<Relation, Parameters<typeof expectedOf<string>>[0]>> = socketRights[path];
    for (const role of roles) {
      for (const relation of relations) {
        const cell = row[relation];
        if (cell === undefined) continue;
        const where = await socketPath(path, role, relation);
        const got = await socketSays(await webSocket(rights.device(role), where));
        const expected = expectedOf(cell, role);
        if (got !== expected) wrong.push(`${role}, ${relation}: ${got}, not ${expected}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(Object.keys(socketRights) as (keyof typeof socketRights)[])(
    'security 29: %s refuses web pages, foreign and null, and everyone without a proof',
    async (path) => {
      const device = rights.device('operator');
      const where = await socketPath(path, 'operator', 'own');
      const upgrade = async (headers: Record<string, string>) => {
        const socket = new WebSocket(`${device.client.address.replace(/^https/, 'wss')}${where}`, {
          ca: device.client.trustRoot,
          headers,
        });
        return new Promise<string>((resolve) => {
          socket.on('error', () => undefined);
          socket.on('open', () => {
            socket.terminate();
            resolve('open');
          });
          socket.on('unexpected-response', (_request, response) => {
            response.resume();
            socket.terminate();
            resolve(String(response.statusCode));
          });
        });
      };
      const proof = () => makeProof(device.client.key, 'GET', `${device.client.address}${where}`);
      for (const origin of ['https://evil.example', 'null', device.client.address, ''])
        expect([origin, await upgrade({ dpop: await proof(), origin })]).toEqual([origin, '403']);
      expect(await upgrade({})).toBe('401');
      const other = await makeProof(revoked.client.key, 'GET', `${device.client.address}${where}`);
      expect(await upgrade({ dpop: other })).toBe('401');
      // The same proof again.
      const once = await proof();
      expect(await upgrade({ dpop: once })).toBe('open');
      expect(await upgrade({ dpop: once })).toBe('401');
    },
  );
});

describe('security 33: ids name rows, never files', () => {
  const hostile = [
    '..',
    '../../etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '.%00.',
    'a/b',
    '\\..\\',
    '%2e%2e',
    '*',
    '~root',
  ];
  const parts: ApiName[] = [
    'getSegment',
    'getJournal',
    'getManifest',
    'getRecording',
    'unlock',
    'putSegment',
    'putJournal',
  ];

  it.each(parts)('%s takes no path for an id', async (name) => {
    const device = rights.device('analyst');
    for (const id of hostile) {
      const asked = await makers[name](rights, 'analyst', 'none', 'output');
      const answer = await asker.overTls(device, name, { ...asked, params: { ...asked.params, sessionId: id } });
      expect([id, answer.status, answer.code]).toEqual([id, 404, expect.stringMatching(/^SP-(3001|5002)$/)]);
    }
  });
});

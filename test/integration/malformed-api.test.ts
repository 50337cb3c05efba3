import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { isErrorCode } from '../../src/shared/errors/codes.ts';
import { type ApiMethod, type ApiName, controlApi } from '../../src/shared/protocol/control-api.ts';
import { fitting, malformed, nastyFor } from '../harness/malformed.ts';
import { malformedFrame } from '../harness/malformed-frames.ts';
import { type DeviceKey, makeDeviceKey, makeProof } from './control-world/device.ts';
import { makeDocument, startWorld, type World } from './control-world/world.ts';

let world: World;
let jonas: DeviceKey;
let overTls: Agent;
let local: Agent;
const unhandled: unknown[] = [];
const onUnhandled = (error: unknown) => unhandled.push(error);

beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled);
  world = await startWorld({
    requestsPerMinute: 1_000_000,
    requestsPerPerson: 1_000_000,
    enrolmentsPerMinute: 1_000_000,
  });
  await world.apply(await makeDocument());
  jonas = await world.enrol('jonas');
  overTls = new Agent({ connect: { ca: readFileSync(world.server.caFile, 'utf8') } });
  local = new Agent({ connect: { socketPath: world.server.socket } });
});
afterAll(async () => {
  process.off('unhandledRejection', onUnhandled);
  await Promise.all([overTls?.destroy(), local?.destroy()]);
  await world?.close();
  expect(unhandled).toEqual([]);
});

interface Sent {
  path?: string;
  search?: string;
  body?: string | Buffer | null;
  type?: string;
}

/** Asks a method as someone who may ask it, so that what is wrong is looked at; enrolment, which nobody has to be known for, by a proof of its own. */
async function send(name: ApiName, { path, search = '', body = null, type = 'application/json' }: Sent) {
  const method: ApiMethod = controlApi[name];
  const isLocal = method.auth === 'local';
  const origin = isLocal ? 'http://localhost' : world.server.address;
  const where =
    path ??
    method.path
      .replace(/:stream/, 'output')
      .replace(/:seq/, '0')
      .replace(/:\w+/g, 'x');
  const key = method.auth === 'none' ? await makeDeviceKey() : jonas;
  const headers: Record<string, string> = isLocal
    ? { 'sallyport-actor': 'sanna' }
    : { dpop: await makeProof(key, method.method, `${origin}${where}`) };
  if (body !== null) headers['content-type'] = type;
  const answer = await request(`${origin}${where}${search}`, {
    method: method.method,
    headers,
    body,
    dispatcher: isLocal ? local : overTls,
  });
  return { status: answer.statusCode, text: await answer.body.text() };
}

function expectRefused(answer: { status: number; text: string }): void {
  expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
  expectClean(answer);
}

/** Whatever was asked: never a fault of the server, never its inside. */
function expectClean({ status, text }: { status: number; text: string }): void {
  expect(status, text).toBeLessThan(500);
  if (status < 400) return;
  const problem = JSON.parse(text) as { code: unknown; detail: string };
  expect(isErrorCode(problem.code), text).toBe(true);
  expect(text.length).toBeLessThan(4000);
  expect(text).not.toMatch(/node_modules|\.ts:|\bat \w+ \(|FST_|ZodError|syntax error|invalid byte/);
}

const methods = Object.entries(controlApi) as [ApiName, ApiMethod][];
const runs = { numRuns: 12 };

describe('a body that is not what the method takes is refused', () => {
  const withBody = methods.filter(([, method]) => method.body !== undefined);
  test.each(withBody)('%s', async (name, method) => {
    await fc.assert(
      fc.asyncProperty(malformedFrame(method.body as z.ZodType), async (body) =>
        expectRefused(await send(name, { body: body.length === 0 ? ' ' : body })),
      ),
      { ...runs, numRuns: 20 },
    );
    expectRefused(await send(name, {}));
    expectRefused(await send(name, { body: '{}', type: 'text/plain' }));
    expectRefused(await send(name, { body: '{}', type: 'application/octet-stream' }));
    expectRefused(await send(name, { body: '{}', type: 'application/json; charset=utf-7\u0001'.slice(0, 31) }));
  });
});

describe('bytes where a method takes bytes', () => {
  test.each(methods.filter(([, method]) => method.binary === true))('%s wants them as such', async (name) => {
    expectRefused(await send(name, { body: '{"a":1}' }));
    expectRefused(await send(name, { body: Buffer.alloc(0), type: 'application/octet-stream' }));
    expectRefused(await send(name, { body: Buffer.alloc(1000, 0xff), type: 'application/octet-stream' }));
  });
});

describe('a path that is not what the method takes is refused', () => {
  const parts = [
    '%',
    '%zz',
    '%00',
    '%ff%fe',
    '..%2f..%2fetc',
    '%e2%80%ae',
    '-1',
    '1e999',
    'NaN',
    '__proto__',
    'x'.repeat(5000),
    '%20',
    "'",
  ];
  test.each(methods.filter(([, method]) => method.params !== undefined))('%s', async (name, method) => {
    for (const part of parts) {
      for (const param of method.path.match(/:\w+/g) ?? []) {
        const path = method.path
          .replace(param, part)
          .replace(/:stream/, 'output')
          .replace(/:seq/, '0')
          .replace(/:\w+/g, 'x');
        const body = method.body === undefined ? null : JSON.stringify(fc.sample(fitting(method.body), 1)[0]);
        expectRefused(await send(name, { path, body }));
      }
    }
  });
});

function asText([key, item]: [string, unknown]): [string, string] {
  return [key, typeof item === 'object' ? JSON.stringify(item) : String(item)];
}

describe('a query that is not what the method takes is refused', () => {
  test.each(methods.filter(([, method]) => method.query !== undefined))('%s', async (name, method) => {
    const query = method.query as z.ZodObject;
    // Many a malformed value is a fine one as text: those that are not, of a good number.
    const searches = fc
      .sample(malformed(query), 100)
      .filter((value) => typeof value === 'object' && value !== null)
      .map((value) => Object.entries(value as object).filter(([, item]) => item !== undefined))
      .filter((entries) => JSON.stringify(entries).length < 4000)
      .map((entries) => `?${new URLSearchParams(entries.map(asText))}`)
      .filter((search) => !query.safeParse(Object.fromEntries(new URLSearchParams(search))).success);
    for (const search of searches.slice(0, 12)) expectRefused(await send(name, { search }));
    for (const key of Object.keys(query.shape)) {
      expectClean(await send(name, { search: `?${key}=1&${key}=2` }));
      expectClean(await send(name, { search: `?${key}=%00` }));
      expectClean(await send(name, { search: `?${key}[__proto__]=1&__proto__[x]=1` }));
    }
  });
});

describe('a body that fits and holds what a careless reader stumbles over', () => {
  // The document is left out: what fits is applied, and this world would be gone.
  const withBody = methods.filter(([name, method]) => method.body !== undefined && name !== 'apply');
  test.each(withBody)('%s', async (name, method) => {
    await fc.assert(
      fc.asyncProperty(nastyFor(method.body as z.ZodType), async (body) =>
        expectClean(await send(name, { body: JSON.stringify(body) })),
      ),
      { ...runs, numRuns: 20 },
    );
  });
});

test('a document to apply that holds what cannot be stored is refused and changes nothing', async () => {
  const document = await makeDocument();
  for (const bad of ['a\u0000b', '\ud800']) {
    const answer = await world.apply({ ...document, organisation: { ...document.organisation, name: bad } });
    expect(answer.status).toBe(400);
    expect(answer.json.code).toBe('SP-5001');
  }
  expect((await world.ask('/v1/server')).json.organisation).toBe('Nordhamn Energi');
});

test('after all that nothing is polluted and the server answers', async () => {
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect((await world.ask('/v1/me', { key: jonas })).status).toBe(200);
  expect((await world.cli('--as', 'sanna', 'targets', 'list')).code).toBe(0);
});

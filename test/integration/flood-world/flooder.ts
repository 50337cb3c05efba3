/**
 * Floods a control server for a while, from a process of its own: requests without proof, with bad proofs and with good proofs of strange keys, what is no
 * JSON or no HTTP, connections that are slow in every phase. Started by start-flood.ts; says how many answers of each status it got, and its CPU time.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type DeviceKey, makeDeviceKey, makeProof } from '../../../src/lab/owner/device.ts';

interface Orders {
  port: number;
  seconds: number;
  from: string;
  /** The public half of an enrolled device's key: what someone who knows it may claim. */
  claim: DeviceKey['jwk'];
}

const { port, seconds, from, claim } = JSON.parse(process.argv[2] ?? '{}') as Orders;
const until = performance.now() + seconds * 1000;
const going = () => performance.now() < until;
const counts: Record<string, number> = {};
const count = (what: string | number) => {
  counts[what] = (counts[what] ?? 0) + 1;
};
const host = '127.0.0.1';
// The flood believes any certificate: it sends nothing worth protecting.
const tls = { host, port, localAddress: from, rejectUnauthorized: false } as const;
const kept = new Agent({ keepAlive: true, maxSockets: 40 });
const fresh = new Agent({ keepAlive: false, maxSockets: 20 });

function ask(
  agent: Agent,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<void> {
  return new Promise((resolve) => {
    const asked = request({ ...tls, agent, method, path, headers }, (answer) => {
      count(answer.statusCode ?? 0);
      answer.resume();
      answer.on('close', resolve);
    });
    asked.on('error', () => {
      count('reset');
      resolve();
    });
    asked.end(body);
  });
}

function forged(): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = part({ typ: 'dpop+jwt', alg: 'ES256', jwk: claim });
  const claims = part({
    htm: 'GET',
    htu: `https://${host}:${port}/v1/me`,
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
  });
  return `${header}.${claims}.${randomBytes(64).toString('base64url')}`;
}

async function again(work: () => Promise<void>): Promise<void> {
  while (going()) await work();
}

function stall(open: () => { destroy(): void; on(event: string, listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => {
    const socket = open();
    const timer = setTimeout(() => socket.destroy(), Math.max(0, until - performance.now()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      count('closed');
      resolve();
    });
  });
}

const strange = makeDeviceKey();
const json = { 'content-type': 'application/json' };
const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': randomBytes(16).toString('base64'),
};
const slow = () =>
  connectTls(tls, function started(this: import('node:tls').TLSSocket) {
    this.write(
      `POST /v1/enrolments HTTP/1.1\r\nhost: x\r\n${Math.random() < 0.5 ? '' : 'content-length: 100000\r\ncontent-type: application/json\r\n\r\n{'}`,
    );
  });

const work: (() => Promise<void>)[] = [
  ...Array.from({ length: 6 }, () => () => ask(kept, 'GET', '/v1/me', {})),
  ...Array.from({ length: 6 }, () => () => ask(kept, 'GET', '/v1/me', { dpop: forged() })),
  ...Array.from(
    { length: 4 },
    () => async () =>
      ask(kept, 'GET', '/v1/me', { dpop: await makeProof(strange, 'GET', `https://${host}:${port}/v1/me`) }),
  ),
  ...Array.from({ length: 4 }, () => () => ask(kept, 'POST', '/v1/enrolments', json, '{"code":')),
  ...Array.from({ length: 2 }, () => () => ask(kept, 'GET', '/v1/server', {})),
  ...Array.from({ length: 4 }, () => () => ask(fresh, 'GET', '/v1/control', upgrade)),
  ...Array.from({ length: 4 }, () => () => ask(fresh, 'GET', `/v1/relay/${randomUUID()}`, {})),
  ...Array.from({ length: 100 }, () => () => stall(slow)),
  ...Array.from({ length: 100 }, () => () => stall(() => connectTcp({ host, port, localAddress: from }))),
  ...Array.from(
    { length: 10 },
    () => () =>
      stall(() =>
        connectTcp({ host, port, localAddress: from }, function sent(this: import('node:net').Socket) {
          this.write(randomBytes(500));
        }),
      ),
  ),
];
process.send?.('started');
// After two seconds all of it is going on.
await Promise.all(
  work.map(async (each, at) => {
    await new Promise((resolve) => setTimeout(resolve, (at / work.length) * 2000));
    await again(each);
  }),
);
const { user, system } = process.cpuUsage();
process.send?.({ counts, cpuMs: (user + system) / 1000 });
process.disconnect?.();
process.exit(0);

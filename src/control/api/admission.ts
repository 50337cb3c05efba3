import '@fastify/websocket';
import { setTimeout } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Actor } from '../actor.ts';
import type { Context } from '../context.ts';
import { claimedThumbprint } from '../identity/claimed-key.ts';
import type { KnownKeys } from '../identity/known-keys.ts';
import type { Connections } from './connections.ts';
import { networkOf } from './network.ts';
import { makeRateLimit } from './rate-limit.ts';

declare module 'fastify' {
  interface FastifyInstance {
    admission: Admission;
  }
}

/** Whether there is room for a request: asked once before anybody is known, and once when it is known who asks. Refusals are SP-5004. */
export interface Admission {
  /** Before anything is looked at but the address and the claimed key. */
  arrives(request: FastifyRequest): Promise<void>;
  /** Work for someone who has not proved who they are: few at a time, so that they cannot fill the database's queue. */
  forStranger<T>(request: FastifyRequest, work: () => Promise<T>): Promise<T>;
  /** The proof held and the device is enrolled. `reply` ends what counts as under way; a WebSocket's request has none. */
  proved(request: FastifyRequest, actor: Actor, reply: FastifyReply | null): Promise<void>;
  /** An attempt to enrol. */
  enrols(request: FastifyRequest): Promise<void>;
  /** One WebSocket more of a device; returns the function that counts it out. */
  opens(deviceId: string): () => void;
}

/**
 * Whoever asks too much is told so after this time. A connection then asks once a second at most, and the server's turns stay short: with each of them
 * it takes one new connection, so that long ones would keep everybody out.
 */
const refusalMs = 1000;
/** A claim of a known key is never refused unheard, only made to wait: somebody else may have made those before it. */
const claimMs = 250;

/** Requests of one network, or of one claimed key, that are looked at one right after the other: a whole minute's would be a long turn. */
const unprovedAtOnce = 500;

/** Lookups for strangers that may be under way, and that may wait for their turn. */
const strangersAtOnce = 4;
const strangersWaiting = 200;

/** The seconds go into Retry-After (problem.ts). */
function tooMany(of: string, seconds: number): SallyportError {
  return new SallyportError('SP-5004', `Too many ${of}. Wait ${seconds} s and try again.`, {
    facts: { retryAfter: String(seconds) },
  });
}

async function refuse(of: string, seconds: number): Promise<never> {
  await setTimeout(refusalMs, undefined, { ref: false });
  throw tooMany(of, seconds);
}

/**
 * The address counts, unless the request claims the key of a device that is known here, so that a flood from an address that many share (a branch
 * office, a machine with something hostile on it) does not silence the launchers behind it. A claim is easily made by who knows the public key: it buys
 * a look at the signature, soon a slow one, and nothing else. Claims that hold do not count; then the person does.
 */
export function makeAdmission(context: Context, connections: Connections, known: KnownKeys): Admission {
  const { limits } = context.config;
  const addresses = makeRateLimit({ perMinute: limits.requestsPerMinute, atOnce: unprovedAtOnce });
  const enrolments = makeRateLimit({ perMinute: limits.enrolmentsPerMinute });
  const claims = makeRateLimit({ perMinute: limits.requestsPerPerson, atOnce: unprovedAtOnce });
  const people = makeRateLimit({ perMinute: limits.requestsPerPerson });
  const underWay = new Map<string, number>();
  const sockets = new Map<string, number>();
  const turns: (() => void)[] = [];
  let strangersNow = 0;

  const now = () => context.clock.monotonicMs();
  const isLocal = (request: FastifyRequest) => context.origins.isLocal(request.raw.socket);
  const count = (counts: Map<string, number>, key: string, by: number) => {
    const next = (counts.get(key) ?? 0) + by;
    if (next <= 0) counts.delete(key);
    else counts.set(key, next);
  };

  const claim = (request: FastifyRequest, thumbprint: string) => `${networkOf(request.ip)} ${thumbprint}`;

  function claimsKnown(request: FastifyRequest): string | null {
    const thumbprint = claimedThumbprint(request.headers.dpop);
    return thumbprint !== null && known.has(thumbprint) ? thumbprint : null;
  }

  return {
    async arrives(request) {
      // Whoever holds the local socket is on the machine and has other ways.
      if (isLocal(request)) return;
      const network = networkOf(request.ip);
      const thumbprint = claimsKnown(request);
      if (thumbprint !== null) {
        if (claims.take(claim(request, thumbprint), now()) !== null)
          await setTimeout(claimMs, undefined, { ref: false });
        return;
      }
      const wait = addresses.take(network, now());
      if (wait !== null) await refuse('requests from this address', wait);
    },
    async forStranger(request, work) {
      if (isLocal(request) || claimsKnown(request) !== null) return work();
      if (turns.length >= strangersWaiting) throw tooMany('requests at once', 1);
      if (strangersNow >= strangersAtOnce) await new Promise<void>((resolve) => turns.push(resolve));
      else strangersNow += 1;
      try {
        return await work();
      } finally {
        // The place goes straight to whoever is next.
        const next = turns.shift();
        if (next === undefined) strangersNow -= 1;
        else next();
      }
    },
    async proved(request, actor, reply) {
      if (actor.device === null) return;
      const thumbprint = claimedThumbprint(request.headers.dpop);
      if (thumbprint !== null) {
        known.learn({ id: actor.device.id, thumbprint });
        claims.giveBack(claim(request, thumbprint));
      }
      connections.proved(request.raw.socket, actor.device.id);
      const wait = people.take(actor.userId, now());
      if (wait !== null) await refuse(`requests of ${actor.name}`, wait);
      if (reply === null) return;
      if ((underWay.get(actor.userId) ?? 0) >= limits.atOncePerPerson)
        throw tooMany(`requests of ${actor.name} at once`, 1);
      count(underWay, actor.userId, 1);
      reply.raw.once('close', () => count(underWay, actor.userId, -1));
    },
    async enrols(request) {
      const wait = enrolments.take(networkOf(request.ip), now());
      if (wait !== null) await refuse('attempts to enrol from this address', wait);
    },
    opens(deviceId) {
      if ((sockets.get(deviceId) ?? 0) >= limits.socketsPerDevice) throw tooMany('open sockets of this device', 5);
      count(sockets, deviceId, 1);
      let open = true;
      return () => {
        if (open) count(sockets, deviceId, -1);
        open = false;
      };
    },
  };
}

import '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Actor, Context } from '../context.ts';
import { authenticate } from '../identity/authenticate.ts';

export interface SocketInput<P> {
  /** Always on an enrolled device: sockets are not served on the local socket. */
  actor: Actor & { device: NonNullable<Actor['device']> };
  params: P;
  socket: WebSocket;
  request: FastifyRequest;
}

export interface SocketRoute<S extends string = string> {
  readonly path: S;
  register(app: FastifyInstance, context: Context): void;
}

/**
 * A WebSocket of the API. The proof is checked before the upgrade is answered; a request that carries an Origin comes from a web page and
 * is refused. `handler` must attach its message listener before it first awaits, or early messages are lost.
 */
export function defineSocket<P, S extends string>(
  path: S,
  params: z.ZodType<P>,
  handler: (context: Context, input: SocketInput<P>) => void,
): SocketRoute<S> {
  return {
    path,
    register(app, context) {
      app.route({
        method: 'GET',
        url: path,
        schema: { hide: true, params } as Record<string, unknown>,
        preParsing: async (request) => {
          if (request.headers.origin !== undefined) {
            throw new SallyportError('SP-5003', 'Web pages may not open this socket. Use the launcher.');
          }
          request.actor = await authenticate(context, request, 'device', app.admission);
          if (request.actor?.device == null) {
            throw new SallyportError(
              'SP-1008',
              'This socket is for enrolled launchers. Connect over TLS with a device proof.',
            );
          }
          await app.admission.proved(request, request.actor, null);
          if (!request.ws) return;
          const closed = app.admission.opens(request.actor.device.id);
          request.raw.socket.once('close', closed);
        },
        handler: async () => {
          throw new SallyportError('SP-5001', 'This address is a WebSocket. Connect to it as one.');
        },
        wsHandler: (socket, request) => {
          const actor = request.actor;
          if (actor?.device == null) {
            socket.terminate();
            return;
          }
          answerPings(socket);
          handler(context, { actor: { ...actor, device: actor.device }, params: request.params as P, socket, request });
        },
      });
    },
  };
}

/** Answers to pings that a launcher may leave unread. */
const unreadBytesAtMost = 1_048_576;

/** Each ping makes an answer: whoever sends pings and reads nothing would fill the memory. */
function answerPings(socket: WebSocket): void {
  socket.on('ping', (data) => {
    if (socket.bufferedAmount > unreadBytesAtMost) socket.terminate();
    else socket.pong(data);
  });
}

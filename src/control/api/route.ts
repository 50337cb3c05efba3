import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods, RouteShorthandOptions } from 'fastify';
import type { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import { type ApiMethod, type ApiName, type ControlApi, controlApi } from '../../shared/protocol/control-api.ts';
import type { Actor, Context } from '../context.ts';
import { authenticate } from '../identity/authenticate.ts';
import { holdsUnstorable } from '../store/storable.ts';
import { overwriteReader } from './local-socket.ts';
import { forgetSecretBody, takeSecretBody } from './secret-body.ts';

type Entry<N extends ApiName> = ControlApi[N];
type Parsed<E, K extends string> = E extends Record<K, infer S extends z.ZodType> ? z.output<S> : undefined;

export interface RouteInput<N extends ApiName> {
  /** Null only for methods with `auth: 'none'`. */
  actor: Entry<N>['auth'] extends 'none' ? null : Actor;
  params: Parsed<Entry<N>, 'params'>;
  query: Parsed<Entry<N>, 'query'>;
  /** A Buffer for binary methods; of a streamed one nothing: its body is read from `request.raw`. */
  body: Entry<N> extends { binary: true } ? Buffer : Parsed<Entry<N>, 'body'>;
  request: FastifyRequest;
  reply: FastifyReply;
}

export type RouteAnswer<N extends ApiName> = z.input<Entry<N>['response']>;
export type RouteHandler<N extends ApiName> = (context: Context, input: RouteInput<N>) => Promise<RouteAnswer<N>>;

export interface RouteOptions {
  /** Bytes; the JSON limit of the configuration when absent. */
  bodyLimit?: (context: Context) => number;
  /** The handler reads the body itself, as it comes, and keeps its own limits. */
  streamed?: true;
  /** Of a streamed method: its body is a secret of at most so many bytes, which `secretBodyOf` has. */
  secretBody?: number;
  /** Counts as an attempt to enrol as well. */
  enrols?: true;
}

export interface Route {
  readonly name: ApiName;
  register(app: FastifyInstance, context: Context): void;
}

/**
 * One method of the API: who may ask (the table's `auth`), the shapes (the table's schemas), the limits and the handler, together. The handler
 * throws a SallyportError to refuse: the answer is its problem document and a refusal of a person is audited. Methods that answer bytes
 * return a Buffer and set the content type on `reply`.
 */
export function defineRoute<N extends ApiName>(name: N, handler: RouteHandler<N>, options: RouteOptions = {}): Route {
  const method: ApiMethod = controlApi[name];
  return {
    name,
    register(app, context) {
      if (options.streamed === true) void app.register(async (scope) => add(streaming(scope)));
      else add(app);

      function add(scope: FastifyInstance): void {
        scope.route({
          method: method.method as HTTPMethods,
          url: method.path,
          bodyLimit: options.bodyLimit?.(context) ?? context.config.limits.jsonBody,
          schema: schemaOf(name, method),
          ...(options.secretBody === undefined ? {} : secretHooks(context, options.secretBody)),
          // Before the body is read: a stranger costs little and learns nothing about shapes.
          preParsing: async (request, reply) => {
            if (options.enrols === true) await app.admission.enrols(request);
            request.actor = await authenticate(context, request, method.auth, app.admission);
            if (request.actor !== null) await app.admission.proved(request, request.actor, reply);
          },
          handler: async (request, reply) => {
            if (method.binary === true && options.streamed !== true && !Buffer.isBuffer(request.body)) {
              throw new SallyportError(
                'SP-5001',
                'This method takes bytes. Send them with Content-Type: application/octet-stream.',
              );
            }
            // The validator compiler has put the schemas' outputs where Fastify's types say `unknown`.
            const input = {
              actor: request.actor,
              params: request.params,
              query: request.query,
              body: request.body,
              request,
              reply,
            };
            if (holdsUnstorable([request.params, request.query, request.body])) {
              throw new SallyportError(
                'SP-5001',
                'The request holds characters that cannot be stored: NUL, or half of a character. Leave them out.',
              );
            }
            const answer = () => handler(context, input as unknown as RouteInput<N>);
            return method.auth === 'none' ? app.admission.forStranger(request, answer) : answer();
          },
        });
      }
    },
  };
}

/**
 * The body is taken before anything else, so that what is refused is overwritten too. The reader is overwritten for the local socket alone, where secrets
 * come in: from elsewhere it would be work that strangers can cause.
 */
function secretHooks(context: Context, maxBytes: number): Pick<RouteShorthandOptions, 'onRequest' | 'onSend'> {
  return {
    onRequest(request, _reply, done) {
      const isLocal = context.origins.isLocal(request.raw.socket);
      takeSecretBody(request.raw, maxBytes, async () => {
        if (isLocal) await overwriteReader(context.dataFolder);
      });
      done();
    },
    onSend: (request) => forgetSecretBody(request.raw),
  };
}

/** Leaves bodies where they are; of another type none is taken, as text of it would be made. */
function streaming(scope: FastifyInstance): FastifyInstance {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/octet-stream', (_request, _body, done) => done(null));
  return scope;
}

function schemaOf(name: ApiName, method: ApiMethod): Record<string, unknown> {
  return {
    operationId: name,
    summary: method.summary,
    ...(method.params === undefined ? {} : { params: method.params }),
    ...(method.query === undefined ? {} : { querystring: method.query }),
    ...(method.body === undefined ? {} : { body: method.body }),
    ...(method.binary === true ? { consumes: ['application/octet-stream'] } : {}),
    ...(method.auth === 'none' ? { security: [] } : {}),
    response: { 200: method.response },
  };
}

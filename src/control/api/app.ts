import type { Server as HttpsServer } from 'node:https';
import swagger from '@fastify/swagger';
import websocket from '@fastify/websocket';
import fastify, { type FastifyInstance, LogController } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { SallyportError } from '../../shared/errors/result.ts';
import { version } from '../../shared/version.ts';
import type { ServerTls } from '../config/tls.ts';
import type { Context } from '../context.ts';
import { openKnownKeys } from '../identity/known-keys.ts';
import { makeAdmission } from './admission.ts';
import { answerTooSlow, answerUnreadable } from './client-error.ts';
import { makeConnections } from './connections.ts';
import { createProblemHandler } from './problem.ts';
import type { Route } from './route.ts';
import { limitBodyTime } from './slow-body.ts';
import type { SocketRoute } from './socket.ts';

export interface AppOptions {
  context: Context;
  tls: ServerTls;
  routes: readonly Route[];
  sockets: readonly SocketRoute[];
}

/** The HTTP server with everything registered; not listening yet. */
export async function buildApp({ context, tls, routes, sockets }: AppOptions): Promise<FastifyInstance> {
  const { limits } = context.config;
  const answerProblem = createProblemHandler(context);
  const app = fastify({
    https: {
      cert: tls.chain,
      key: tls.key,
      minVersion: 'TLSv1.3',
      handshakeTimeout: limits.handshakeMs,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(5000, limits.headersMs),
      maxHeaderSize: limits.headerBytes,
    },
    clientErrorHandler: answerUnreadable,
    // An address that cannot be decoded, or has a part that is too long: no route is found for it, so no hook has counted it.
    frameworkErrors(error, request, reply) {
      request.actor = null;
      void app.admission
        .arrives(request)
        .then(() => error)
        .catch((refusal: Error) => refusal)
        .then((problem) => answerProblem(problem, request, reply))
        .catch(() => request.raw.destroy());
    },
    loggerInstance: context.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.jsonBody,
    // The longest any request may take: a large journal over a slow line. Headers have a limit of their own, other bodies `limitBodyTime`.
    requestTimeout: 6 * 3_600_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
    trustProxy: false,
  }) as unknown as FastifyInstance<HttpsServer> as unknown as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('actor', null);
  const connections = makeConnections({
    strangersPerNetwork: limits.strangersPerNetwork,
    strangers: limits.strangers,
    perDevice: limits.connectionsPerDevice,
  });
  connections.watch(app.server);
  app.server.maxConnections = limits.connections;
  const known = await openKnownKeys(context);
  app.addHook('onClose', async () => known.close());
  app.decorate('admission', makeAdmission(context, connections, known));
  app.addHook('onRequest', async (request, reply) => {
    limitBodyTime(request.raw, limits.bodyMs, () => answerTooSlow(reply));
    await app.admission.arrives(request);
  });
  app.setErrorHandler(answerProblem);
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );

  // Pings are answered in socket.ts, where an answer that nobody reads is noticed.
  await app.register(websocket, { options: { maxPayload: 1_048_576, perMessageDeflate: false, autoPong: false } });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Sallyport control server', version },
      components: {
        securitySchemes: {
          proof: {
            type: 'apiKey',
            in: 'header',
            name: 'DPoP',
            description: 'RFC 9449, ES256 by the enrolled device, without access token',
          },
        },
      },
      security: [{ proof: [] }],
    },
    transform: jsonSchemaTransform,
  });

  app.setNotFoundHandler(async () => {
    throw new SallyportError('SP-5002', 'There is nothing at this address.');
  });
  for (const route of routes) route.register(app, context);
  for (const socket of sockets) socket.register(app, context);
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.ready();
  return app;
}

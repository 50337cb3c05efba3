import type { Server as HttpsServer } from 'node:https';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import websocket from '@fastify/websocket';
import fastify, { type FastifyInstance, LogController } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { SallyportError } from '../../shared/errors/result.ts';
import { version } from '../../shared/version.ts';
import type { ServerTls } from '../config/tls.ts';
import type { Context } from '../context.ts';
import { networkOf } from './network.ts';
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
  const app = fastify({
    https: { cert: tls.chain, key: tls.key, minVersion: 'TLSv1.3' },
    loggerInstance: context.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: context.config.limits.jsonBody,
    // The longest any request may take: a large journal over a slow line. Headers alone get Node's 60 s, other bodies `limitBodyTime`.
    requestTimeout: 6 * 3_600_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
    trustProxy: false,
  }) as unknown as FastifyInstance<HttpsServer> as unknown as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('actor', null);
  app.addHook('onRequest', async (request) => limitBodyTime(request.raw, context.config.limits.bodyMs));
  app.setErrorHandler(createProblemHandler(context));
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );

  await app.register(rateLimit, {
    max: context.config.limits.requestsPerMinute,
    timeWindow: 60_000,
    // A peer on the local socket has no address; the key is made before the list below is asked.
    keyGenerator: (request) => networkOf(request.ip),
    // Whoever holds the socket is on the machine and has other ways.
    allowList: (request) => context.origins.isLocal(request.raw.socket),
    errorResponseBuilder: () =>
      new SallyportError('SP-5004', 'Too many requests from this address. Wait a few seconds and try again.'),
  });
  await app.register(websocket, { options: { maxPayload: 1_048_576, perMessageDeflate: false } });
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

  app.setNotFoundHandler({ preHandler: app.rateLimit() }, async () => {
    throw new SallyportError('SP-5002', 'There is nothing at this address.');
  });
  for (const route of routes) route.register(app, context);
  for (const socket of sockets) socket.register(app, context);
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.ready();
  return app;
}

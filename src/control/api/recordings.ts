import type { FastifyReply } from 'fastify';
import { SallyportError } from '../../shared/errors/result.ts';
import { defineRoute } from './route.ts';
import { steadyBody } from './slow-body.ts';

/** Sealed bytes: nothing on the way may guess a type or keep them. */
function asBytes<T>(reply: FastifyReply, bytes: T): T {
  reply.type('application/octet-stream').header('cache-control', 'no-store');
  return bytes;
}

export const putSegment = defineRoute(
  'putSegment',
  (context, { actor, params, body, request }) =>
    context.services.recordings.putSegment(actor, { ...params, body, digestHeader: request.headers['content-digest'] }),
  { bodyLimit: (context) => context.config.limits.segmentBody },
);

export const putJournal = defineRoute(
  'putJournal',
  async (context, { actor, params, query, request }) => {
    const { journalBody: maxBytes, bodySilenceMs } = context.config.limits;
    if (Number(request.headers['content-length'] ?? 0) > maxBytes)
      throw new SallyportError('SP-5005', 'The journal is larger than this server takes. Nothing was stored.');
    return context.services.recordings.putJournal(actor, {
      ...params,
      because: query.because,
      body: steadyBody(request.raw, bodySilenceMs),
      maxBytes,
      digestHeader: request.headers['content-digest'],
    });
  },
  { streamed: true },
);

export const putManifest = defineRoute(
  'putManifest',
  async (context, { actor, params, body }) => ({
    receipt: await context.services.recordings.putManifest(actor, {
      sessionId: params.sessionId,
      text: body.manifest,
      signature: body.signature,
    }),
  }),
  { bodyLimit: (context) => context.config.limits.manifestBody },
);

export const listRecordings = defineRoute('listRecordings', (context, { actor, query }) =>
  context.services.recordings.list(actor, query),
);

export const getRecording = defineRoute('getRecording', (context, { actor, params }) =>
  context.services.recordings.get(actor, params.sessionId),
);

export const getManifest = defineRoute('getManifest', (context, { actor, params }) =>
  context.services.recordings.manifest(actor, params.sessionId),
);

export const getSegment = defineRoute('getSegment', async (context, { actor, params, reply }) =>
  asBytes(reply, await context.services.recordings.segment(actor, params.sessionId, params)),
);

export const getJournal = defineRoute('getJournal', async (context, { actor, params, reply }) => {
  const { bytes, stream } = await context.services.recordings.journal(actor, params.sessionId);
  reply.header('content-length', bytes);
  return asBytes(reply, stream);
});

export const getTail = defineRoute('getTail', async (context, { actor, params, reply }) =>
  asBytes(reply, await context.services.recordings.tail(actor, params.sessionId)),
);

export const getWire = defineRoute('getWire', async (context, { actor, params, reply }) => {
  const { bytes, stream } = await context.services.recordings.wire(actor, params.sessionId, params.direction);
  reply.header('content-length', bytes);
  return asBytes(reply, stream);
});

export const unlock = defineRoute('unlock', async (context, { actor, params, body }) => ({
  sealedIdentity: await context.services.recordings.unlock(actor, { sessionId: params.sessionId, ...body }),
}));

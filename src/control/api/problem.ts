import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { type ErrorCode, errorCodes } from '../../shared/errors/codes.ts';
import { SallyportError, toProblem } from '../../shared/errors/result.ts';
import type { ProblemDocument } from '../../shared/protocol/control-api.ts';
import type { AuditEntry } from '../audit/audit.ts';
import { createStrangerLimit } from '../audit/stranger-limit.ts';
import type { CoreContext } from '../context.ts';
import { networkOf } from './network.ts';
import { leaveUnread } from './slow-body.ts';

/** The HTTP status of a code (RFC 9110 section 15). Codes that no answer carries are 500. */
const statuses: Partial<Record<ErrorCode, number>> = {
  'SP-1001': 400,
  'SP-1002': 403,
  'SP-1005': 401,
  'SP-1006': 401,
  'SP-1008': 401,
  'SP-2001': 404,
  'SP-2002': 403,
  'SP-2003': 423,
  'SP-2004': 404,
  'SP-2005': 409,
  'SP-2006': 403,
  'SP-2041': 403,
  'SP-2043': 409,
  'SP-2104': 502,
  'SP-2105': 403,
  'SP-3001': 404,
  'SP-3020': 400,
  'SP-3021': 409,
  'SP-3022': 409,
  'SP-3023': 422,
  'SP-3024': 409,
  'SP-3025': 409,
  'SP-3031': 403,
  'SP-3032': 404,
  'SP-3041': 409,
  'SP-3050': 403,
  'SP-3051': 422,
  'SP-4010': 404,
  'SP-4011': 409,
  'SP-5001': 400,
  'SP-5002': 404,
  'SP-5003': 403,
  'SP-5004': 429,
  'SP-5005': 413,
  'SP-5006': 503,
  'SP-5007': 422,
  'SP-5008': 422,
  'SP-5010': 503,
  'SP-5011': 401,
};

export function problemDocument(error: SallyportError): ProblemDocument {
  const { code, message, facts } = toProblem(error);
  return {
    type: `urn:sallyport:problem:${code}`,
    title: errorCodes[code].replaceAll('-', ' '),
    status: statuses[code] ?? 500,
    code,
    detail: message,
    ...(facts === undefined ? {} : { facts }),
  };
}

/** Turns whatever a request threw into one of ours. Only what we wrote ourselves reaches the other side. */
export function asSallyportError(error: FastifyError | Error, request: FastifyRequest): SallyportError {
  if (error instanceof SallyportError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const isApply = request.routeOptions.url === '/v1/apply';
    const places = error.validation
      .slice(0, 5)
      .map((found) => `${found.instancePath || '/'}: ${found.message ?? 'invalid'}`);
    const what = isApply
      ? 'The document does not have the expected shape. Nothing was changed.'
      : 'The request does not have the expected shape.';
    return new SallyportError(isApply ? 'SP-5007' : 'SP-5001', `${what} ${places.join('; ')}`.slice(0, 1900));
  }
  const code = 'code' in error ? error.code : '';
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new SallyportError('SP-5005', 'The body is larger than this method takes. Send it in smaller parts.');
  }
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status !== undefined && status >= 400 && status < 500) {
    return new SallyportError(
      'SP-5001',
      'The request could not be read: its body, content type or length is not what this method takes.',
    );
  }
  return new SallyportError('SP-9001', toProblem(error).message, { cause: error });
}

export type ProblemHandler = (
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<void>;

/** Answers with the problem document (RFC 9457) and audits the refusal of a person. */
export function createProblemHandler(context: CoreContext): ProblemHandler {
  const strangers = createStrangerLimit();

  async function audit(error: SallyportError, request: FastifyRequest, route: string): Promise<void> {
    const entry = refusal(error, request, route);
    if (entry === null) return;
    if (request.actor === null) {
      const { record, leftOut } = strangers.admit(networkOf(request.ip), context.clock.monotonicMs());
      if (!record) return;
      if (leftOut > 0) entry.detail = { ...entry.detail, leftOut };
    }
    await context.audit.record(entry);
  }

  return async (error, request, reply) => {
    const ours = asSallyportError(error, request);
    const problem = problemDocument(ours);
    const route = request.routeOptions.url ?? 'unknown';
    if (problem.status >= 500) {
      context.log.error({ err: ours.cause ?? ours, code: ours.code, method: request.method, route }, 'request failed');
    }
    // The refusal stands whether or not it can be audited.
    await audit(ours, request, route).catch((failure: unknown) => context.log.error({ err: failure }, 'audit failed'));
    if (problem.status === 429) reply.header('retry-after', ours.facts?.retryAfter ?? '5');
    // A body that nobody will read must not hold the connection; whoever sends it has a moment to read why.
    if (request.actor === null) leaveUnread(request.raw);
    await reply.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  };
}

const audited: ReadonlySet<ErrorCode> = new Set([
  'SP-2001',
  'SP-2002',
  'SP-2004',
  'SP-2005',
  'SP-2006',
  'SP-3001',
  'SP-5002',
  'SP-5003',
  'SP-5011',
]);

/** What of a refusal is audited here: who was refused what. Refusals with an audit event of their own are recorded where they happen. */
function refusal(error: SallyportError, request: FastifyRequest, route: string): AuditEntry | null {
  const detail = { code: error.code, method: request.method, route };
  if (error.code === 'SP-1005' || error.code === 'SP-1006') {
    return {
      event: 'proof.refused',
      actor: request.actor?.userId ?? 'unknown',
      subject: null,
      detail: { ...detail, from: request.ip },
    };
  }
  if (error.code === 'SP-5003' && request.actor === null && request.headers.origin !== undefined) {
    return { event: 'origin.refused', actor: 'unknown', subject: null, detail: { ...detail, from: request.ip } };
  }
  if (!audited.has(error.code) || route === 'unknown') return null;
  const params = Object.values((request.params ?? {}) as Record<string, unknown>);
  const subject = typeof params[0] === 'string' ? params[0].slice(0, 200) : null;
  return { event: 'request.refused', actor: request.actor?.userId ?? 'unknown', subject, detail };
}

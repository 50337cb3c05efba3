import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { SallyportError } from '../../shared/errors/result.ts';
import { problemDocument } from './problem.ts';

const reasons: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
};

function statusOf(code: string): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 413;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}

/** Answers what is no HTTP, or came too slowly, with a problem document, and closes the connection (RFC 9110 section 15.5). */
export function answerUnreadable(this: FastifyInstance, error: Error & { code: string }, socket: Socket): void {
  // Gone, or not yet one that text can be written to (a TLS handshake that failed).
  if (error.code === 'ECONNRESET' || !socket.writable || socket.destroyed) {
    socket.destroy();
    return;
  }
  answer(socket, statusOf(error.code));
}

/**
 * Answers 408 to a request whose body takes too long, and closes its connection. Where another answer has begun or comes first there is no place for this
 * one, and the connection just goes.
 */
export function answerTooSlow(reply: FastifyReply): void {
  const { socket } = reply.raw;
  if (reply.sent || reply.raw.headersSent || socket === null || !socket.writable) {
    reply.request.raw.destroy();
    return;
  }
  // No handler begins any more, even if the body still ends while the answer is being read.
  reply.hijack();
  answer(socket, 408);
}

function answer(socket: Socket, status: number): void {
  const problem = {
    ...problemDocument(
      status === 431 || status === 413
        ? new SallyportError(
            'SP-5005',
            'The address or the headers are longer than this server takes. Nothing was done.',
          )
        : new SallyportError(
            'SP-5001',
            'The request could not be read, or came too slowly. Nothing was done; try again.',
          ),
    ),
    status,
  };
  const body = JSON.stringify(problem);
  const head = `HTTP/1.1 ${status} ${reasons[status]}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`;
  socket.end(head + body);
  // Who keeps sending is not waited for.
  setTimeout(() => socket.destroy(), 1000).unref();
}

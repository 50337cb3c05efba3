import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { z } from 'zod';
import { fromProblem, SallyportError } from '../shared/errors/result.ts';
import {
  type ApiMethod,
  type ApiName,
  type ControlApi,
  controlApi,
  problemDocumentSchema,
} from '../shared/protocol/control-api.ts';

type Input<E, K extends string> =
  E extends Record<K, infer S extends z.ZodType> ? Record<K, z.input<S>> : Record<never, never>;
export type CallInput<N extends ApiName> = Input<ControlApi[N], 'params'> &
  Input<ControlApi[N], 'query'> &
  Input<ControlApi[N], 'body'> &
  (ControlApi[N] extends { binary: true } ? { content: Uint8Array } : Record<never, never>);
export type CallOutput<N extends ApiName> = z.output<ControlApi[N]['response']>;

/** A client of the API over the server's local socket, for one named person. */
export interface Client {
  /** Throws the server's problem as a SallyportError; SP-1003 when nobody answers. */
  call<N extends ApiName>(name: N, input: CallInput<N>): Promise<CallOutput<N>>;
  /** The same for methods that answer bytes. */
  bytes<N extends ApiName>(name: N, input: CallInput<N>): Promise<Buffer>;
  /** The same for bytes that need not fit into memory. A connection that breaks in the middle fails the reading (SP-1003). */
  stream<N extends ApiName>(name: N, input: CallInput<N>): Promise<AsyncIterable<Uint8Array>>;
}

interface Parts {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  /** Of a binary method; sent as it is, and only as long as the caller keeps it. */
  content?: Uint8Array;
}

export function createClient({ socket, actor }: { socket: string; actor: string }): Client {
  async function send(name: ApiName, input: Parts): Promise<IncomingMessage> {
    const method: ApiMethod = controlApi[name];
    const path = method.path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(String(input.params?.[key])));
    const query = new URLSearchParams(
      Object.entries(input.query ?? {}).map(([key, value]): [string, string] => [key, String(value)]),
    );
    const json = input.body === undefined ? null : Buffer.from(JSON.stringify(input.body));
    const body = input.content ?? json;
    const contentType = input.content === undefined ? 'application/json' : 'application/octet-stream';
    const answer = await ask(
      {
        socketPath: socket,
        method: method.method,
        path: query.size === 0 ? path : `${path}?${query}`,
        headers: {
          'sallyport-actor': actor,
          ...(body === null ? {} : { 'content-type': contentType, 'content-length': body.length }),
        },
      },
      body,
    );
    if (answer.statusCode === 200) return answer;
    throw problemOf(answer.statusCode ?? 0, await whole(answer));
  }
  /** A connection that breaks in the middle of an answer is said as one that does not come about. */
  async function* read(answer: IncomingMessage): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of answer) yield chunk as Buffer;
    } catch (cause) {
      throw unreachable(socket, cause instanceof Error ? cause : new Error('broken'));
    }
  }
  async function whole(answer: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of read(answer)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
  return {
    async call(name, input) {
      const parsed = controlApi[name].response.safeParse(parseJson(await whole(await send(name, input))));
      if (parsed.success) return parsed.data as CallOutput<typeof name>;
      throw new SallyportError(
        'SP-9002',
        'The server answered in a shape this command does not know. Use the command line of the same version as the server.',
      );
    },
    bytes: async (name, input) => whole(await send(name, input)),
    stream: async (name, input) => read(await send(name, input)),
  };
}

/** Resolves when the answer begins. */
function ask(options: RequestOptions & { socketPath: string }, body: Uint8Array | null): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(options, resolve);
    sent.once('error', (cause) => reject(unreachable(options.socketPath, cause)));
    sent.end(body ?? undefined);
  });
}

function unreachable(socket: string, cause: Error): SallyportError {
  const code = 'code' in cause ? cause.code : undefined;
  const why =
    code === 'EACCES'
      ? 'this account may not open it. Run the command as the account that runs the server'
      : code === 'ENOENT' || code === 'ECONNREFUSED'
        ? 'no server is listening there. Start it with "sallyport serve", or correct --socket'
        : 'the connection broke. Try again, and look at the log of the server';
  return new SallyportError('SP-1003', `The control server did not answer on ${socket}: ${why}.`, { cause });
}

function problemOf(status: number, body: Buffer): SallyportError {
  const parsed = problemDocumentSchema.safeParse(parseJson(body));
  if (!parsed.success) {
    return new SallyportError('SP-9002', `The server answered with status ${status} and no reason. Look at its log.`);
  }
  const { code, detail, facts } = parsed.data;
  return fromProblem(facts === undefined ? { code, message: detail } : { code, message: detail, facts });
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

import { createHash } from 'node:crypto';
import { Agent, request } from 'undici';
import type { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import { type ApiName, type ControlApi, controlApi, problemDocumentSchema } from '../../shared/protocol/control-api.ts';
import { type DeviceKey, makeProof } from './device.ts';

export interface CallInput {
  params?: Record<string, string | number>;
  query?: Record<string, string>;
  body?: unknown;
  binary?: Uint8Array;
}

/** A client of the HTTP API with a device key of its own. Throws `SallyportError` with the server's code. */
export interface ApiClient {
  readonly address: string;
  readonly trustRoot: string;
  readonly key: DeviceKey;
  call<N extends ApiName>(name: N, input?: CallInput): Promise<z.output<ControlApi[N]['response']>>;
  close(): Promise<void>;
}

/** `trustRoot`: PEM of the only authority that is believed. */
export function makeApiClient(options: { address: string; trustRoot: string; key: DeviceKey }): ApiClient {
  const { address, trustRoot, key } = options;
  const agent = new Agent({ connect: { ca: trustRoot } });
  return {
    address,
    trustRoot,
    key,
    async call(name, input = {}) {
      const method = controlApi[name];
      const path = method.path.replace(/:(\w+)/g, (_, part: string) =>
        encodeURIComponent(String(input.params?.[part] ?? '')),
      );
      const url = `${address}${path}`;
      const headers: Record<string, string> = { dpop: await makeProof(key, method.method, url) };
      let body: string | Uint8Array | undefined;
      if (input.binary !== undefined) {
        // RFC 9530
        headers['content-digest'] = `sha-256=:${createHash('sha256').update(input.binary).digest('base64')}:`;
        headers['content-type'] = 'application/octet-stream';
        body = input.binary;
      } else if (input.body !== undefined) {
        headers['content-type'] = 'application/json';
        body = JSON.stringify(input.body);
      }
      const search = input.query === undefined ? '' : `?${new URLSearchParams(input.query)}`;
      const response = await request(`${url}${search}`, {
        method: method.method,
        headers,
        body: body ?? null,
        dispatcher: agent,
      });
      const answer: unknown = await response.body.json();
      if (response.statusCode >= 400) {
        const problem = problemDocumentSchema.safeParse(answer);
        if (problem.success) throw new SallyportError(problem.data.code, problem.data.detail);
        throw new SallyportError(
          'SP-9002',
          `The control server answered ${response.statusCode} to ${name} without a problem document.`,
        );
      }
      return method.response.parse(answer) as z.output<ControlApi[typeof name]['response']>;
    },
    close: () => agent.close(),
  };
}

import { readFile } from 'node:fs/promises';
import { type Protocol, protocol } from 'electron';
import { contentSecurityPolicy, resolveAppFile } from './app-files.ts';

/** Must run before the app is ready: makes `app:` a standard, secure scheme, so that it has an origin and module scripts load. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves the built pages below `root` on `app://sallyport/`, nothing outside it, each answer with the policy. In the default session unless told. */
export function serveAppFiles(root: string, options: { protocol?: Protocol; policy?: string } = {}): void {
  const headers = {
    'content-security-policy': options.policy ?? contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  };
  (options.protocol ?? protocol).handle('app', async (request) => {
    const file = request.method === 'GET' ? resolveAppFile(root, request.url) : null;
    const body = file === null ? null : await readFile(file.path).catch(() => null);
    if (file === null || body === null)
      return new Response('Not found', { status: 404, headers: { ...headers, 'content-type': 'text/plain' } });
    return new Response(new Uint8Array(body), { headers: { ...headers, 'content-type': file.type } });
  });
}

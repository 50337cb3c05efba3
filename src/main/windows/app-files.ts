import { extname, join, normalize, sep } from 'node:path';

/** The one origin of the launcher's pages. */
export const appOrigin = 'app://sallyport';

/**
 * Nothing but our own files, no eval, no inline script. xterm writes inline styles (its colours), hence the one exception.
 */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'";

/** The window with versions and licences needs no inline style either, and nobody may frame it. */
export const aboutContentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.map': 'application/json; charset=utf-8',
};

/** Where a URL of our scheme lies below `root`, and its media type; null for anything that is not a file of ours. */
export function resolveAppFile(root: string, url: string): { path: string; type: string } | null {
  let pathname: string;
  try {
    const parsed = new URL(url);
    if (`${parsed.protocol}//${parsed.host}` !== appOrigin) return null;
    pathname = decodeURIComponent(parsed.pathname);
  } catch {
    return null;
  }
  if (pathname.includes('\0') || pathname.includes('\\')) return null;
  const path = normalize(join(root, pathname === '/' ? 'index.html' : pathname));
  const type = types[extname(path)];
  if (type === undefined || !path.startsWith(normalize(root).replace(/[\\/]$/, '') + sep)) return null;
  return { path, type };
}

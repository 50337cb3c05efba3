import { expect, test } from 'vitest';
import { contentSecurityPolicy, resolveAppFile } from './app-files.ts';

test.each([
  ['app://sallyport/', '/srv/page/index.html', 'text/html; charset=utf-8'],
  ['app://sallyport/index.html?test', '/srv/page/index.html', 'text/html; charset=utf-8'],
  ['app://sallyport/assets/a.js#x', '/srv/page/assets/a.js', 'text/javascript; charset=utf-8'],
  ['app://sallyport/assets/f.woff2', '/srv/page/assets/f.woff2', 'font/woff2'],
])('%s is a file of ours', (url, path, type) => {
  expect(resolveAppFile('/srv/page', url)).toEqual({ path, type });
});

test.each([
  'app://sallyport/..%2f..%2fetc/passwd.js',
  'app://sallyport/..%2fpage-other%2fx.js',
  'app://sallyport/..%5csecret.js',
  'app://sallyport/a%00.js',
  'app://sallyport/%E0%A4%A.js',
  'app://other/index.html',
  'https://sallyport/index.html',
  'app://sallyport/no-type',
  'nonsense',
])('%s is nothing', (url) => {
  expect(resolveAppFile('/srv/page', url)).toBeNull();
});

test('dots that the URL itself resolves stay inside', () => {
  expect(resolveAppFile('/srv/page', 'app://sallyport/%2e%2e/../secret.js')?.path).toBe('/srv/page/secret.js');
});

test('the policy allows no eval, no inline script and no foreign origin', () => {
  expect(contentSecurityPolicy).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'",
  );
});

// Asks whether Electron's source answers within a limit; says why not on standard output and fails. Runs under Node 24, which
// takes a proxy from the environment. Usage: probe-electron.mjs VERSION LIMIT-MS
const [version = '', limit = '10000'] = process.argv.slice(2);
const mirror =
  process.env.ELECTRON_MIRROR ??
  process.env.npm_config_electron_mirror ??
  'https://github.com/electron/electron/releases/download/';
const url = `${mirror.endsWith('/') ? mirror : `${mirror}/`}v${version}/SHASUMS256.txt`;

try {
  const answer = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(Number(limit)) });
  if (!answer.ok) throw new Error(`it answers ${answer.status}`);
} catch (error) {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const timedOut = error instanceof Error && error.name === 'TimeoutError';
  const why = timedOut
    ? `no answer within ${Number(limit) / 1000} s`
    : cause instanceof Error
      ? cause.message
      : String(cause);
  console.log(`${new URL(url).host} cannot be reached (${why})`);
  process.exitCode = 1;
}

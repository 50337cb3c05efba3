// Runs the built lab to its end, passing on the signals that end this process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findNode, toolEnvironment } from './node24.mjs';
import { inRoot } from './paths.mjs';

/**
 * @param {string[]} args
 * @param {Record<string, string | undefined>} [env]
 * @returns {Promise<number>} its exit code
 */
export async function runLab(args, env = {}) {
  const child = spawn(findNode(), ['--enable-source-maps', inRoot('.vite', 'build', 'lab.mjs'), ...args], {
    cwd: inRoot(),
    env: toolEnvironment(env),
    stdio: 'inherit',
  });
  // Ctrl+C reaches the lab by itself; this process only has to live until the lab has cleaned up.
  const ignore = () => undefined;
  const forward = () => child.kill('SIGTERM');
  process.on('SIGINT', ignore);
  process.on('SIGTERM', forward);
  process.on('SIGHUP', forward);
  try {
    const [code, signal] = await once(child, 'exit');
    return code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 130 : 1);
  } finally {
    process.off('SIGINT', ignore);
    process.off('SIGTERM', forward);
    process.off('SIGHUP', forward);
  }
}

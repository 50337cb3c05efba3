// `npm test`: set-up, then unit, integration and end-to-end tests. Arguments are vitest's (file filters, -t NAME); --project
// NAME runs one kind; --long (`npm run test:long`) makes every proof as long as it gets. Ends with the plain line "N passed, N failed, N skipped"; fails when anything failed or nothing ran.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageScript, runNode, toolEnvironment } from './lib/node24.mjs';
import { findOpenbao } from './lib/openbao.mjs';
import { cacheFolder, inRoot } from './lib/paths.mjs';
import { findPostgres, oldestPostgres } from './lib/postgres.mjs';
import { fail, say } from './lib/say.mjs';
import { countReport } from './lib/test-report.mjs';
import { setup } from './setup.mjs';

/** What the long run asks for: SALLYPORT_LONG the tests that are left out otherwise, the others the size of a proof. */
const longRun = {
  SALLYPORT_LONG: '1',
  SALLYPORT_FLOOD_MB: '100',
  SALLYPORT_KILLS: '100',
  SALLYPORT_MUTATIONS: 'all',
  SALLYPORT_SEEK_SEGMENTS: '4000',
  SALLYPORT_SLOW_MB: '60',
};

const projects = ['unit', 'integration', 'integration-postgres', 'e2e'];

/** @param {string[]} args @returns {{ chosen: string[], rest: string[] }} */
function split(args) {
  const at = args.indexOf('--project');
  if (at < 0) return { chosen: projects, rest: args };
  return { chosen: [args[at + 1] ?? ''], rest: args.filter((_, index) => index !== at && index !== at + 1) };
}

/**
 * The tests' own temporary folder, so that nothing of them stays. A short name: paths of sockets are limited to 107 bytes.
 * Everybody may write to it, like the system's, since the launcher runs as another user.
 */
function temporaryFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'st-'));
  chmodSync(folder, 0o1777);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function main() {
  const args = process.argv.slice(2);
  const environment = args.includes('--long') ? longRun : {};
  const { chosen, rest } = split(args.filter((arg) => arg !== '--long'));
  await setup();
  const folder = inRoot('.vite', 'test');
  mkdirSync(folder, { recursive: true });
  const temporary = temporaryFolder();
  const sum = { passed: 0, failed: 0, skipped: 0, clean: true };
  /** @type {string[]} */
  const notRun = [];
  /** @type {string[]} */
  const failures = [];
  for (const project of chosen) {
    if (project === 'integration-postgres' && findPostgres() === null) {
      notRun.push(`${project} (PostgreSQL ${oldestPostgres} or newer is not on this machine)`);
      continue;
    }
    const openbao = findOpenbao();
    if (project === 'integration' && 'why' in openbao) notRun.push(`what needs OpenBao (${openbao.why})`);
    if (project === 'integration' && !existsSync(path.join(cacheFolder(), 'dropbear-gcm', 'dropbear')))
      notRun.push('a handover on dropbear (npm run dropbear builds one with AES-GCM)');
    const file = `${folder}/${project}.json`;
    rmSync(file, { force: true });
    const began = performance.now();
    const vitestArgs = ['run', '--project', project, '--passWithNoTests', '--reporter=default', '--reporter=json'];
    const code = await runNode(
      packageScript('vitest', 'vitest.mjs'),
      [...vitestArgs, `--outputFile.json=${file}`, ...rest],
      {
        env: toolEnvironment({ ...environment, TMPDIR: temporary, TMP: temporary, TEMP: temporary }),
      },
    );
    const count = countReport(file, code);
    sum.passed += count.passed;
    sum.failed += count.failed;
    sum.skipped += count.skipped;
    sum.clean &&= count.clean;
    failures.push(...count.failures.map((failure) => `${project}: ${failure}`));
    say(`${project}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  const ran = sum.passed + sum.failed > 0;
  if (!ran) say('No test ran: no file or name matches.');
  else if (!sum.clean && sum.failed === 0) say('Vitest reported an error outside of the tests; see above.');
  for (const what of notRun) console.log(`not run: ${what}`);
  for (const failure of failures) console.log(`failed: ${failure}`);
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  return ran && sum.clean ? 0 : 1;
}

process.exitCode = await main().catch(fail);

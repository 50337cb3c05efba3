import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const minute = 60_000;

const integration = 'test/integration';
const ownTemporaryFolder = './test/harness/own-temporary-folder.ts';
/** Need PostgreSQL by name. */
const postgresOnly = [`${integration}/postgres/**/*.test.ts`, `${integration}/two-processes/**/*.test.ts`];

const noDatabase = new Set([
  'openbao-lies.test.ts',
  'mutation-matrix.test.ts',
  'recording-stock-tools.test.ts',
  'limits.test.ts',
  'malformed-channels.test.ts',
  'relay-wire.test.ts',
  'wire.test.ts',
  'secret-memory.test.ts',
]);

/** The tests that start a control server by the shared worlds: they hold on either database. */
function onEitherDatabase(): string[] {
  return (
    readdirSync(integration)
      // What a vault answers, what is refused before the database is asked, and what a recording's files are, have nothing to do with it.
      .filter((name) => name.endsWith('.test.ts') && !noDatabase.has(name))
      .map((name) => `${integration}/${name}`)
      .filter((file) => /(?:control|live)-world\//.test(readFileSync(file, 'utf8')))
  );
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.mjs'],
          setupFiles: [ownTemporaryFolder],
          environment: 'node',
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: [`${integration}/**/*.test.ts`],
          exclude: postgresOnly,
          setupFiles: [ownTemporaryFolder],
          environment: 'node',
          // Real servers and processes: few at a time, or their time limits measure the machine instead of the product. One more than there are
          // processors, since most of them wait for a lease or a time limit.
          maxWorkers: 3,
          testTimeout: minute,
          hookTimeout: 2 * minute,
        },
      },
      {
        test: {
          name: 'integration-postgres',
          include: [...onEitherDatabase(), ...postgresOnly],
          globalSetup: ['./test/harness/postgres-setup.ts'],
          setupFiles: [ownTemporaryFolder],
          env: { SALLYPORT_TEST_DATABASE: 'postgres' },
          environment: 'node',
          maxWorkers: 3,
          testTimeout: minute,
          hookTimeout: 2 * minute,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['./scripts/lib/e2e-global-setup.mjs'],
          environment: 'node',
          // The real app with a window: one file at a time.
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 3 * minute,
          hookTimeout: 5 * minute,
        },
      },
    ],
  },
});

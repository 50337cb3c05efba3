import { defineConfig } from 'vitest/config';

const minute = 60_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.mjs'],
          environment: 'node',
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          environment: 'node',
          // Real servers and processes: few at a time, or their time limits measure the machine instead of the product.
          maxWorkers: 2,
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

import { defineConfig } from 'vitest/config';

/** The maker of golden recordings alone: `node scripts/golden.mjs`. */
export default defineConfig({
  test: { include: ['test/harness/golden/make-golden.test.ts'], environment: 'node', testTimeout: 60_000 },
});

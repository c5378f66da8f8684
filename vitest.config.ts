import { defineConfig } from 'vitest/config';

/** `unit`: beside the code. `system`: whole clusters of real processes. `tidy`: style and layers as a test. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['*/src/**/*.test.ts'], testTimeout: 30_000 } },
      { test: { name: 'tidy', include: ['test/tidy/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'system',
          include: ['test/{scenarios,integration}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          pool: 'forks',
        },
      },
    ],
    maxWorkers: 2,
  },
});

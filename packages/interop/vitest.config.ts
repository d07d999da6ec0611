import { defineConfig } from 'vitest/config'

const conditions = ['@logwerk/source', 'node', 'import', 'module', 'default']

// The tests that need Java, Maven or another foreign program; `npm test` leaves them out.
// biome-ignore lint/style/noDefaultExport: vitest looks for it
export default defineConfig({
  root: import.meta.dirname,
  cacheDir: '../../node_modules/.vite/interop',
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['src/**/*.test.ts'],
    pool: 'forks',
    // A Java program takes seconds to start, and the first one waits for the download.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
})

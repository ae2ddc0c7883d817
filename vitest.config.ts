import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The test files that take longest, some minutes together: they begin first, so that no worker ends long after the others. */
const slowest = [
  'sdk/test/outage',
  'sdk/test/faults',
  'metric-store/test/kills',
  'history/kill-steps',
  'src/server.int',
  'cli/src/commands',
  'export/round-trip',
  'metric-store/test/rollups',
  'cli/src/sync-trouble',
  'e2e/example',
  'e2e/run-tabs',
  'e2e/pages',
  'e2e/workspace',
]

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => slowest.findIndex((name) => moduleId.includes(name)) >>> 0
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other))
  }
}

/** Servers begin with a PostgreSQL that was made once: to make one anew takes a second. */
const template = 'apps/server/src/testing/template-setup.ts'

/** `unit` needs nothing; `integration` starts real servers; `browser` drives a real Chromium. */
export default defineConfig({
  test: {
    passWithNoTests: false,
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{apps,packages,tooling,examples}/*/{src,test}/**/*.test.ts'],
          exclude: ['**/*.int.test.ts', '**/node_modules/**'],
          // By default one worker would run on two processors, and some properties take seconds beside others.
          testTimeout: 20_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{apps,packages,tooling,examples}/*/{src,test}/**/*.int.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          pool: 'forks',
          globalSetup: template,
          // Most of what these tests do is to wait for processes: two of them leave a processor of two idle half of the time.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['apps/web/e2e/**/*.spec.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          pool: 'forks',
          globalSetup: template,
          // Each file has a server and a browser of its own.
          maxWorkers: 2,
        },
      },
    ],
  },
})

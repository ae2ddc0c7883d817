import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * The test files that take longest, at first those that mostly wait, then those with most work: they begin first, so that no
 * worker ends long after the others. All others follow, the largest first.
 */
const slowest = [
  'sdk/test/outage',
  'sdk/test/faults',
  'metric-store/test/kills',
  'server/test/wandb/wandb',
  'sdk/test/trouble',
  'src/server.int',
  'history/kill-steps',
  'cli/src/commands',
  'export/round-trip',
  'cli/src/sync-trouble',
  'metric-store/test/groups',
  'metric-store/test/rollups',
  'history/backpressure',
  'engines/engines',
  'metric-store/test/measures',
  'backup/backup.int',
  'cli/src/restore',
  'cli/src/sync',
  'sdk/test/resume',
  'sdk/test/end-to-end',
  'metric-store/test/series',
  'metric-store/test/branch',
  'wandb/import-wandb',
  'history/kill.int',
  'test/wandb/restart',
  'cli/src/backup',
  'run/test/start',
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

/** What is built is loaded by Node as it is: to transform it for each test file took a second of each. */
const server = {
  deps: { external: [/^(?!.*\/node_modules\/).*\/(apps|packages|tooling|examples)\/[^/]+\/dist\/.*\.js$/] },
}

/** What is waited for comes later than in the second that is usual where three workers and all that they start share a processor. */
const poll = { timeout: 20_000 }

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
          expect: { poll },
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{apps,packages,tooling,examples}/*/{src,test}/**/*.int.test.ts'],
          server,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll },
          pool: 'forks',
          // The files of a worker follow each other in one process, which loads the server, its engines and Prisma once.
          isolate: false,
          globalSetup: template,
          // Most of what these tests do is to wait for processes: two of them leave a processor of two idle half of the time.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['apps/web/e2e/**/*.spec.ts'],
          server,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll },
          pool: 'forks',
          globalSetup: template,
          // Each file has a server and a browser of its own.
          maxWorkers: 2,
        },
      },
    ],
  },
})

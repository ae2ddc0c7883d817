import { KirokuError } from '@kiroku/core/errors'
import { newRunSlug, newWriterId } from '@kiroku/core/ids'
import type { Environment } from '../env.ts'
import { failureLine } from '../failures.ts'
import { chosenUrl, connect } from '../server-access.ts'
import type { Terminal } from '../terminal.ts'
import { checkClock, checkReachable } from './connection-checks.ts'
import { checkConsole, checkFiles, checkLive, checkLongBody, checkPoints } from './run-checks.ts'
import { TestRun } from './test-run.ts'

export type VerifyOptions = { url?: string | undefined; project: string }

/** What one check found: a text for people; thrown errors are failures. */
type Check = { name: string; run(): Promise<string>; remedy: string }

/**
 * Checks a server from outside, the way scripts and browsers use it, a line each with what to do about a failure; its own
 * run is removed again. Answers whether everything is in order.
 */
export async function verify(terminal: Terminal, environment: Environment, options: VerifyOptions): Promise<boolean> {
  const url = chosenUrl(options.url, environment)
  const report = new Report(terminal)
  const isThere = await report.check({
    name: 'reachable',
    run: () => checkReachable(url),
    remedy: 'is the address right, the server up (`kiroku up`), and does its proxy pass on /api?',
  })
  if (!isThere) return false
  const client = connect(options.url, environment)
  const isKnown = await report.check({
    name: 'key',
    run: async () => {
      const { name, organizations } = await client.viewer()
      if (organizations.length === 0) throw new KirokuError({ code: 'FORBIDDEN', message: 'it is of no organization' })
      return `${name}'s, for ${organizations.map(({ slug }) => slug).join(', ')}`
    },
    remedy: `get a key from the dashboard, then \`kiroku login --url ${url}\``,
  })
  if (!isKnown) return false
  await report.check({
    name: 'clock',
    run: () => checkClock(url),
    remedy: 'have both machines set their clocks by NTP: times in charts, and when a run counts as crashed, hang on it',
  })
  const run = new TestRun(client, { project: options.project, run: `verify-${newRunSlug()}`, writer: newWriterId() })
  const isMade = await report.check({
    name: 'create run',
    run: () => run.create(),
    remedy: 'see the log of the server: is PostgreSQL in order, has it room?',
  })
  if (!isMade) return false
  try {
    for (const check of checksOf(run)) await report.check(check)
  } finally {
    await report.check({
      name: 'clean up',
      run: () => run.remove(),
      remedy: `delete run ${run.address.run} of project ${run.address.project} in the dashboard`,
    })
  }
  return report.isWell
}

const checksOf = (run: TestRun): Check[] => [
  {
    name: 'log',
    run: () => checkPoints(run),
    remedy: 'see the log of the server: is ClickHouse in order, has it room?',
  },
  {
    name: 'live',
    run: () => checkLive(run),
    remedy:
      'have the proxy pass on answers as they come (nginx: `proxy_buffering off`) and keep connections open for 60 s',
  },
  {
    name: 'files',
    run: () => checkFiles(run),
    remedy: 'can the server write the files/ directory of its data, and does the proxy pass on PUT?',
  },
  { name: 'console', run: () => checkConsole(run), remedy: 'see the log of the server' },
  {
    name: 'long requests',
    run: () => checkLongBody(run),
    remedy: 'have the proxy take bodies of 32 MiB (nginx: `client_max_body_size 32m`; files: 256m)',
  },
]

class Report {
  readonly #terminal: Terminal
  isWell = true

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Runs a check and tells what came of it; true when it went well. */
  async check({ name, run, remedy }: Check): Promise<boolean> {
    this.#terminal.progress(name)
    try {
      const text = await run()
      this.#terminal.progress('')
      this.#terminal.print(`ok      ${name.padEnd(13)}  ${text}`)
      return true
    } catch (error) {
      this.#terminal.progress('')
      this.#terminal.print(`failed  ${name.padEnd(13)}  ${failureLine(error)}; ${remedy}`)
      this.isWell = false
      return false
    }
  }
}

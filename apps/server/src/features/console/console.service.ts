import { KirokuError } from '@kiroku/core/errors'
import type { ConsolePage, consoleInputSchema, RunLine } from '@kiroku/core/queries'
import type { MetricStore, RunKey, StoredLine } from '@kiroku/metric-store'
import type * as z from 'zod'
import type { ProjectScope } from '../../http/scopes.ts'
import type { MetricsRepository } from '../metrics/index.ts'
import type { RunsRepository } from '../runs/index.ts'

/** Reads what runs printed. */
export type ConsoleService = {
  /** Some lines and how many match. Throws NOT_FOUND for an unknown run. */
  page(scope: ProjectScope, request: z.output<typeof consoleInputSchema>): Promise<ConsolePage>
  /**
   * All lines as text, a piece at a time; a line of a labelled process begins with `[label] `. Throws NOT_FOUND for an unknown
   * run before the first piece is asked for.
   */
  text(scope: ProjectScope, run: string): Promise<AsyncIterable<string>>
  /** All lines in JSON, one a row, by writer, then number; else as `text`. */
  jsonLines(scope: ProjectScope, run: string): Promise<AsyncIterable<string>>
}

/** Names runs by the ids that lines are stored under. */
export function createConsoleService(
  store: Pick<MetricStore, 'console' | 'wholeConsole' | 'writerConsole'>,
  metrics: Pick<MetricsRepository, 'references'>,
  runs: Pick<RunsRepository, 'writerIds'>,
): ConsoleService {
  const find = async (scope: ProjectScope, slug: string): Promise<RunKey> => {
    const run = (await metrics.references(scope, [slug])).get(slug)
    if (!run) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no run ${slug}` })
    return { project: scope.projectId, run: run.runId }
  }
  return {
    async page(scope, { run, from, limit, search, label }) {
      const part = await store.console(await find(scope, run), { from, limit, search, label })
      return {
        total: part.total,
        labels: part.labels,
        lines: part.lines.map(({ line, stream, time, text, label: of }) => ({ line, stream, time, text, label: of })),
      }
    },
    async text(scope, run) {
      return asText(store.wholeConsole(await find(scope, run)))
    },
    async jsonLines(scope, run) {
      const key = await find(scope, run)
      return asJson(key, await runs.writerIds(scope, run), store)
    },
  }
}

async function* asText(chunks: AsyncIterable<readonly StoredLine[]>): AsyncIterable<string> {
  for await (const lines of chunks)
    yield lines.map(({ label, text }) => `${label === null ? '' : `[${label}] `}${text}\n`).join('')
}

async function* asJson(
  key: RunKey,
  writers: readonly string[],
  store: Pick<MetricStore, 'writerConsole'>,
): AsyncIterable<string> {
  for (const [index, id] of writers.entries())
    for await (const lines of store.writerConsole({ ...key, writer: id }))
      yield lines
        .map(({ label, line, stream, time, text }): RunLine => ({ writer: index, label, line, stream, time, text }))
        .map((line) => `${JSON.stringify(line)}\n`)
        .join('')
}

import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import { resolver, type WandbModule } from '../module.ts'
import type { RunNode } from '../nodes.ts'

/** The most lines of a page. */
const maxLines = 5000

const countSchema = z.number().int().min(1).nullish()
const linesSchema = z.object({ first: countSchema, after: z.string().nullish(), last: countSchema })

/** What a run printed, by pages from its beginning, or its last lines. */
export const consoleModule: WandbModule = {
  sdl: `
    extend type Run {
      logLines(first: Int, after: String, last: Int, useImprovedPagination: Boolean): LogLineConnection
    }
    type LogLineConnection { edges: [LogLineEdge!]! pageInfo: PageInfo! }
    type LogLineEdge { node: LogLine! cursor: String }
    type LogLine { number: Int! timestamp: DateTime level: String label: String line: String! }
  `,
  fields: {
    Run: {
      logLines: resolver(
        linesSchema,
        async ({ scope, run: { slug: run } }: RunNode, { first, after, last }, { services }) => {
          const { organization, project } = scope
          const read = (from: number, limit: number) =>
            services.console.page(scope, { organization, project, run, from, limit })
          const limit = Math.min(last ?? first ?? 1000, maxLines)
          const from = last ? Math.max(0, (await read(0, 1)).total - limit) : readPlace(after)
          const { lines, total } = await read(from, limit)
          const edges = lines.map(({ stream, time, text, label }, index) => ({
            node: {
              number: from + index,
              timestamp: new Date(time).toISOString(),
              level: stream === 'stderr' ? 'error' : null,
              label,
              line: text,
            },
            cursor: String(from + index + 1),
          }))
          const end = from + lines.length
          return { edges, pageInfo: { endCursor: String(end), hasNextPage: lines.length > 0 && end < total } }
        },
      ),
    },
  },
}

function readPlace(after: string | null | undefined): number {
  if (!after) return 0
  const place = z.coerce.number().int().nonnegative().safeParse(after)
  if (place.success) return place.data
  throw new KirokuError({ code: 'BAD_REQUEST', message: 'logLines: after is not the endCursor of a page' })
}

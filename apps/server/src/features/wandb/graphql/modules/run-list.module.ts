import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import { once } from '../../once.ts'
import { resolver, type WandbModule } from '../module.ts'
import type { ProjectNode, RunNode } from '../nodes.ts'

const filtersSchema = z.object({ filters: z.string().nullish() })

/** The most runs of a page, as of Kiroku's own lists. */
const maxPage = 1000

const pageSchema = filtersSchema.extend({
  after: z.string().nullish(),
  first: z.number().int().min(1).nullish(),
  order: z.string().nullish(),
})

/** A project's runs by pages, filtered and sorted, and how many there are. */
export const runListModule: WandbModule = {
  sdl: `
    extend type Project {
      runCount(filters: JSONString): Int
      runs(filters: JSONString, after: String, first: Int, order: String): RunConnection
      readOnly: Boolean
    }
    type RunConnection { edges: [RunEdge!]! pageInfo: PageInfo! totalCount: Int }
    type RunEdge { node: Run! cursor: String }
  `,
  fields: {
    Project: {
      readOnly: () => false,
      runCount: resolver(filtersSchema, ({ scope }: ProjectNode, { filters }, { services }) =>
        services.queries.count(scope, { filters }),
      ),
      runs: resolver(pageSchema, async ({ scope }: ProjectNode, { first, ...query }, { services }) => {
        if (first && first > maxPage)
          throw new KirokuError({ code: 'BAD_REQUEST', message: `runs: a page has at most ${maxPage} runs: per_page` })
        const { runs, nextCursor } = await services.queries.page(scope, { ...query, first: first ?? 50 })
        const keys = once(() =>
          services.queries.keys(
            scope,
            runs.map(({ id }) => id),
          ),
        )
        const edges = runs.map((run, index): { node: RunNode; cursor: string | null } => ({
          node: { scope, run, keys },
          // Clients go on from the last one.
          cursor: index === runs.length - 1 ? nextCursor : null,
        }))
        return { edges, pageInfo: { endCursor: nextCursor, hasNextPage: nextCursor !== null } }
      }),
    },
  },
}

import { KirokuError, parseInput } from '@kiroku/core/errors'
import { metricNameSchema } from '@kiroku/core/metrics'
import type { Value } from '@kiroku/core/values'
import * as z from 'zod'
import type { HistoryRow } from '../../history/wandb-history.service.ts'
import { resolver, type WandbModule } from '../module.ts'
import type { RunNode } from '../nodes.ts'
import { stringifyExtended } from '../run-documents.ts'

/** The most rows of a sample, and of the specifications that are asked for at once. */
const maxSamples = 100_000
const maxSpecs = 4
/** Rows where no number is asked for, as W&B has it. */
const usualSamples = 500
const maxKeys = 1000

const stepSchema = z.number().int()
const samplesSchema = z.number().int().min(1)

const pageSchema = z.object({
  minStep: stepSchema.nullish(),
  maxStep: stepSchema.nullish(),
  samples: samplesSchema.nullish(),
})
const specsSchema = z.object({ specs: z.array(z.string()).max(maxSpecs) })
const specSchema = z.object({
  keys: z.array(metricNameSchema).min(1).max(maxKeys),
  samples: samplesSchema.nullish(),
  minStep: stepSchema.nullish(),
  maxStep: stepSchema.nullish(),
})

/**
 * As many rows as are asked for, evenly spread. Who asks for more than there may be means all of them: refused where these are more
 * than are sampled.
 */
async function sampleOf(asked: number, read: (sample: number) => Promise<HistoryRow[]>): Promise<HistoryRow[]> {
  const rows = await read(Math.min(asked, maxSamples + 1))
  if (rows.length <= maxSamples) return rows
  const message = `samples: at most ${maxSamples} rows are sampled, and the run has more; scan_history reads all of them`
  throw new KirokuError({ code: 'BAD_REQUEST', message })
}

/** What a run logged, row by row: pages of steps as they are, samples of all rows where a client asks for them. */
export const historyModule: WandbModule = {
  sdl: `
    extend type Run {
      history(minStep: Int64, maxStep: Int64, samples: Int): [JSONString!]
      events(samples: Int): [JSONString!]
      sampledHistory(specs: [JSONString!]!): [JSON!]
      parquetHistory(liveKeys: [String!]): ParquetHistory
    }
    type ParquetHistory { parquetUrls: [String!]! liveData: [JSON!]! }
  `,
  fields: {
    Run: {
      history: resolver(pageSchema, async ({ scope, run }: RunNode, { minStep, maxStep, samples }, { services }) => {
        const isPage = minStep != null || maxStep != null
        const rows = isPage
          ? await services.history.rows(scope, run, {
              from: minStep ?? undefined,
              to: maxStep == null ? undefined : maxStep - 1,
            })
          : await sampleOf(samples ?? usualSamples, (sample) => services.history.rows(scope, run, { sample }))
        return rows.map(stringifyExtended)
      }),

      events: resolver(pageSchema, async ({ scope, run }: RunNode, { samples }, { services }) => {
        const read = (sample: number) => services.history.systemRows(scope, run, { sample })
        return (await sampleOf(samples ?? usualSamples, read)).map(stringifyExtended)
      }),

      sampledHistory: resolver(specsSchema, async ({ scope, run }: RunNode, { specs }, { services }) => {
        const found: unknown[][] = []
        for (const text of specs) {
          const { keys, samples, minStep, maxStep } = parseInput(specSchema, parseSpec(text), 'sampledHistory')
          // Clients up to 0.26 name the step after a page, others its last one: no row is to come twice.
          const isAfter = samples != null && minStep != null && maxStep === minStep + samples
          const range = {
            from: minStep ?? undefined,
            to: maxStep == null ? undefined : isAfter ? maxStep - 1 : maxStep,
          }
          const names = [...new Set(keys)]
          const read = (sample?: number) => services.history.rowsWith(scope, run, names, { ...range, sample })
          found.push((await (samples == null ? read() : sampleOf(samples, read))).map(toJson))
        }
        return found
      }),

      // No files of it are kept: clients take a first row for the sign that there are pages to read.
      parquetHistory: async ({ scope, run }: RunNode, _args, { services }) => {
        const [first] = await services.history.rows(scope, run, { sample: 1 })
        return { parquetUrls: [], liveData: first ? [{ _step: first['_step'] }] : [] }
      },
    },
  },
}

function parseSpec(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new KirokuError({ code: 'BAD_REQUEST', message: 'sampledHistory: a specification is JSON', cause })
  }
}

/** A value in JSON, where NaN and the infinities are their names. */
function toJson(value: Value): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (Array.isArray(value)) return value.map(toJson)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]))
}

import { readFileSync } from 'node:fs'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import { type MetricDefinition, metricDefinitionSchema } from '@kiroku/core/metrics'
import { createRunInputSchema } from '@kiroku/core/runs'
import { fromWireRecord, isRecord, wireRecordSchema } from '@kiroku/core/values'
import type * as z from 'zod'
import { definitionOf } from './define-metric.ts'
import { isSchema, type MetricMap } from './typed.ts'

/**
 * The config's values: checked by its schema where it has one, read from a JSON file where it is a path. Throws `KirokuError`
 * BAD_REQUEST.
 */
export function configValues(config: unknown): Record<string, unknown> {
  if (config === undefined) return {}
  if (typeof config === 'string') return recordOf(readConfigFile(config))
  if (isSchema(config)) return recordOf(parseInput(config, {}, 'init: config'))
  if (isRecord(config) && isSchema(config['schema']) && 'values' in config) {
    const { values } = config
    const given = typeof values === 'string' ? readConfigFile(values) : values
    return recordOf(parseInput(config['schema'], given, 'init: config'))
  }
  return recordOf(config)
}

/** In wire form, as `kiroku restore` writes it: NaN and the infinities are themselves again. */
function readConfigFile(path: string): unknown {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'))
    const record = wireRecordSchema.safeParse(content)
    return record.success ? fromWireRecord(record.data) : content
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KirokuError({ code: 'BAD_REQUEST', message: `init: config: ${path} is no JSON file (${why})`, cause })
  }
}

function recordOf(config: unknown): Record<string, unknown> {
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return { ...config }
  throw new KirokuError({ code: 'BAD_REQUEST', message: 'init: config must be a record such as { learningRate: 0.1 }' })
}

const definitionsSchema = createRunInputSchema.shape.definitions

/** The definitions of the metrics that a run declares, and the schemas of their values. Throws `KirokuError` BAD_REQUEST. */
export function declared(metrics: MetricMap): { definitions: MetricDefinition[]; schemas: Map<string, z.ZodType> } {
  const schemas = new Map<string, z.ZodType>()
  const definitions = Object.entries(metrics).map(([name, { options, schema }]) => {
    if (schema !== undefined) schemas.set(name, schema)
    const { step, ...rest } = options
    if (step !== undefined && !Object.hasOwn(metrics, step)) {
      throw new KirokuError({
        code: 'BAD_REQUEST',
        message: `init: metrics: ${name} has ${step} as its step, which is not a declared metric`,
      })
    }
    const definition = definitionOf(name, { ...rest, ...(step !== undefined && { stepMetric: step }) })
    return parseInput(metricDefinitionSchema, definition, 'init: metrics')
  })
  return { definitions: parseInput(definitionsSchema, definitions, 'init: metrics'), schemas }
}

import { KirokuError, parseInput } from '../errors.ts'
import type { WireRecord, WireValue } from '../values.ts'
import { bayesPoint, type Observation } from './bayes-search.ts'
import { gridPoint, gridSize } from './grid-search.ts'
import { randomPoint } from './random-search.ts'
import { seededRandom } from './seeded-random.ts'
import { type SweepConfig, sweepConfigSchema } from './sweep-config.ts'
import { configOf } from './sweep-parameters.ts'

/**
 * Reads a config and refuses by BAD_REQUEST what cannot be searched: each fault names its key, what is wrong and what to do.
 */
export function readSweepConfig(document: unknown): SweepConfig {
  const config = parseInput(sweepConfigSchema, document, 'sweep config')
  if (config.method !== 'grid') return config
  const refuse = (message: string): never => {
    throw new KirokuError({ code: 'BAD_REQUEST', message: `sweep config: ${message}` })
  }
  const grid = gridSize(config.parameters)
  if ('uncountable' in grid)
    return refuse(
      `parameters.${grid.uncountable[0]}: a grid cannot go through a continuous distribution; give values, use q_uniform or int_uniform, or method random`,
    )
  if (grid.size > Number.MAX_SAFE_INTEGER)
    return refuse('parameters: the grid has more combinations than can be counted; give fewer values, or use random')
  return config
}

/** How many runs a sweep can have: those of its grid, and at most `run_cap`. Null for no end. */
export function expectedRuns({ method, parameters, run_cap }: SweepConfig): number | null {
  const grid = method === 'grid' ? gridSize(parameters) : null
  const size = grid && 'size' in grid ? grid.size : null
  if (size === null) return run_cap ?? null
  return Math.min(size, run_cap ?? size)
}

/**
 * The config of the run number `number` (from 0) of a sweep; null when its grid has no more. The same config, seed, number and
 * runs so far give the same.
 */
export function nextPoint(
  config: SweepConfig,
  { seed, number, observations }: { seed: number; number: number; observations: readonly Observation[] },
): WireRecord | null {
  const { parameters } = config
  const values = valuesOf(config, { seed, number, observations })
  return values && configOf(parameters, values)
}

function valuesOf(
  { method, parameters, metric }: SweepConfig,
  { seed, number, observations }: { seed: number; number: number; observations: readonly Observation[] },
): WireValue[] | null {
  if (method === 'grid') return gridPoint(parameters, number)
  const random = seededRandom(seed, number)
  return method === 'bayes' && metric
    ? bayesPoint(parameters, observations, { goal: metric.goal, random })
    : randomPoint(parameters, random)
}

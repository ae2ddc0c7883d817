import { readSweepConfig } from '@kiroku/core/sweeps/next-point'
import { type Distribution, placeOf, valueAt } from '@kiroku/core/sweeps/parameter-distributions'
import { nameOfParameter, type Parameter, valueIn } from '@kiroku/core/sweeps/sweep-parameters'
import type { SweepDetails, SweepRun } from '@kiroku/core/sweeps/sweeps'
import type { WireValue } from '@kiroku/core/values'
import { yTicks } from '../chart/ticks.ts'
import { formatNumber } from '../format/numbers.ts'

/** One axis of the parallel coordinates: its ticks at places of 0 to 1 from below. */
export type Axis = { name: string; isMetric: boolean; ticks: readonly { at: number; label: string }[] }

/** One run: its places on the axes, null where it has none, and its rank among runs with a value, 0 for the best and 1 for the worst. */
export type RunLine = {
  run: SweepRun
  /** Its number in the order in which the runs began, from 1 on. */
  number: number
  values: readonly (WireValue | undefined)[]
  places: readonly (number | null)[]
  rank: number | null
}

/** How much a parameter goes with the metric: its rank correlation, or for categories the share of what varies, both -1 to 1. */
export type Importance = { name: string; strength: number; isSigned: boolean }

/** What a sweep's page shows, ready to be drawn. `goal` is null for a sweep without a metric. */
export type PreparedSweep = {
  metric: string | null
  goal: 'minimize' | 'maximize' | null
  parameters: readonly string[]
  fixed: readonly { name: string; value: WireValue }[]
  axes: readonly Axis[]
  lines: readonly RunLine[]
  /** The best value of the runs so far, by the number of a run that has one. */
  progress: readonly { line: RunLine; value: number; best: number; isBest: boolean }[]
  importance: readonly Importance[]
}

/** Fewer runs tell nothing of what goes with what. */
const leastRuns = 5

/** Decides all that a sweep's page draws. */
export function prepareSweep({ sweep, runs, leftOut }: SweepDetails): PreparedSweep {
  const { parameters: all, metric = null } = readSweepConfig(sweep.config)
  const parameters = all.filter(({ distribution }) => distribution.kind !== 'constant')
  const fixed = all.flatMap((parameter) =>
    parameter.distribution.kind === 'constant'
      ? [{ name: nameOfParameter(parameter), value: parameter.distribution.value }]
      : [],
  )
  const values = runs.flatMap(({ value }) => value ?? [])
  const span = { from: Math.min(...values), to: Math.max(...values) }
  const metricPlace = (value: number | null): number | null =>
    value === null ? null : span.to > span.from ? (value - span.from) / (span.to - span.from) : 0.5
  const sorted = values.toSorted((one, other) => (metric?.goal === 'maximize' ? other - one : one - other))
  const lines = runs.map((run, index): RunLine => {
    const own = parameters.map((parameter) => valueIn(run.config, parameter))
    const places = own.map((value, at) => placeIn(parameters[at], value))
    const rank = run.value === null ? null : sorted.length < 2 ? 0 : sorted.indexOf(run.value) / (sorted.length - 1)
    return {
      run,
      number: leftOut + index + 1,
      values: own,
      places: metric ? [...places, metricPlace(run.value)] : places,
      rank,
    }
  })
  return {
    metric: metric?.name ?? null,
    goal: metric?.goal ?? null,
    parameters: parameters.map(nameOfParameter),
    fixed,
    axes: [...parameters.map(axisOf), ...(metric ? [metricAxis(metric.name, values)] : [])],
    lines,
    progress: progressOf(lines, metric?.goal ?? 'minimize'),
    importance: importanceOf(parameters, lines),
  }
}

function placeIn(parameter: Parameter | undefined, value: WireValue | undefined): number | null {
  return parameter ? (placeOf(parameter.distribution, value) ?? null) : null
}

const shortText = (value: WireValue): string => {
  const text =
    typeof value === 'number' ? formatNumber(value, 3) : typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 14 ? `${text.slice(0, 13)}…` : text
}

function axisOf(parameter: Parameter): Axis {
  return { name: nameOfParameter(parameter), isMetric: false, ticks: ticksOf(parameter.distribution) }
}

/** At most so many values of a parameter are named. */
const mostTicks = 8

function ticksOf(distribution: Distribution): Axis['ticks'] {
  if (distribution.kind === 'categorical') {
    const { values } = distribution
    const stride = Math.ceil(values.length / mostTicks)
    return values.flatMap((value, index) =>
      index % stride === 0 ? [{ at: (index + 0.5) / values.length, label: shortText(value) }] : [],
    )
  }
  if (distribution.kind === 'integer' && distribution.max - distribution.min < mostTicks) {
    const count = distribution.max - distribution.min + 1
    return Array.from({ length: count }, (_, index) => ({
      at: (index + 0.5) / count,
      label: String(distribution.min + index),
    }))
  }
  const isEndless = distribution.kind === 'continuous' && !('min' in distribution.spread)
  const labels = new Map<string, number>()
  for (const at of isEndless ? [0.02, 0.25, 0.5, 0.75, 0.98] : [0, 0.25, 0.5, 0.75, 1]) {
    const label = shortText(valueAt(distribution, Math.min(at, 1 - 1e-12)))
    if (!labels.has(label)) labels.set(label, at)
  }
  return [...labels].map(([label, at]) => ({ at, label }))
}

function metricAxis(name: string, values: readonly number[]): Axis {
  if (values.length === 0) return { name, isMetric: true, ticks: [] }
  const [from, to] = [Math.min(...values), Math.max(...values)]
  if (from === to) return { name, isMetric: true, ticks: [{ at: 0.5, label: formatNumber(from, 3) }] }
  const inside = yTicks({ kind: 'linear', from, to }, 4)
  return {
    name,
    isMetric: true,
    ticks: inside.map(({ value, label }) => ({ at: (value - from) / (to - from), label })),
  }
}

function progressOf(lines: readonly RunLine[], goal: 'minimize' | 'maximize'): PreparedSweep['progress'] {
  let best: number | null = null
  return lines.flatMap((line) => {
    const { value } = line.run
    if (value === null) return []
    const isBest: boolean = best === null || (goal === 'minimize' ? value < best : value > best)
    best = isBest || best === null ? value : best
    return [{ line, value, best, isBest }]
  })
}

function importanceOf(parameters: readonly Parameter[], lines: readonly RunLine[]): Importance[] {
  const known = lines.filter(({ run }) => run.value !== null)
  if (known.length < leastRuns) return []
  const ranks = rankedOf(known.map(({ run }) => run.value ?? 0))
  return parameters
    .flatMap((parameter, index): Importance[] => {
      const name = nameOfParameter(parameter)
      const places = known.map(({ places: all }) => all[index] ?? null)
      if (places.some((place) => place === null) || new Set(places).size < 2) return []
      const isSigned =
        parameter.distribution.kind !== 'categorical' || known.every(({ values }) => typeof values[index] === 'number')
      const numbers = known.map(({ values }, at) => {
        const value = values[index]
        return typeof value === 'number' ? value : (places[at] ?? 0)
      })
      const strength = isSigned ? correlation(rankedOf(numbers), ranks) : explainedShare(places, ranks)
      return Number.isFinite(strength) ? [{ name, strength, isSigned }] : []
    })
    .sort((one, other) => Math.abs(other.strength) - Math.abs(one.strength))
}

/** Ranks from 1 on; equal values share the mean of theirs. */
function rankedOf(values: readonly number[]): number[] {
  const sorted = values.toSorted((one, other) => one - other)
  const last = new Map<number, number>()
  for (const [index, value] of sorted.entries()) last.set(value, index + 1)
  return values.map((value) => ((last.get(value) ?? 0) + sorted.indexOf(value) + 1) / 2)
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

function correlation(left: readonly number[], right: readonly number[]): number {
  const [leftMean, rightMean] = [meanOf(left), meanOf(right)]
  const sum = (of: (one: number, other: number) => number): number =>
    left.reduce((total, value, index) => total + of(value - leftMean, (right[index] ?? 0) - rightMean), 0)
  return sum((one, other) => one * other) / Math.sqrt(sum((one) => one * one) * sum((_, other) => other * other))
}

/** The root of the share of the values' variance that groups explain (the correlation ratio). */
function explainedShare(groups: readonly (number | null)[], values: readonly number[]): number {
  const mean = meanOf(values)
  const total = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const between = [...new Set(groups)].reduce<number>((sum, group) => {
    const own = values.filter((_, index) => groups[index] === group)
    return sum + own.length * (meanOf(own) - mean) ** 2
  }, 0)
  return Math.sqrt(between / total)
}

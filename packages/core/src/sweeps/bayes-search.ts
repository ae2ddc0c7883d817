import type { WireValue } from '../values.ts'
import { fitGaussianProcess, type GaussianProcess } from './gaussian-process.ts'
import { categoryOf, normalCumulative, placeOf, valueAt } from './parameter-distributions.ts'
import { randomPoint } from './random-search.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Parameter } from './sweep-parameters.ts'

/**
 * A run of the sweep: its parameters' values, and what came of it. `value` is its metric, null for a run that ended without a
 * finite one, undefined for one that goes on.
 */
export type Observation = { values: readonly (WireValue | undefined)[]; value: number | null | undefined }

/** Beyond so many runs only the best and the latest count, half of each: what a proposal costs grows with their cube. */
export const maxObservations = 120
/** What a training diverges to: its square is no number any more, and one such run would hide what all others tell. */
const largestValue = 1e100
const candidates = 400

/**
 * The point of the greatest expected improvement (Jones, Schonlau and Welch 1998) under a Gaussian process of the runs so far;
 * a random one until there are enough. A run that ended without a value counts as the worst, one that goes on as what is
 * believed of it, so that two agents do not try the same. Deterministic for the same runs and random numbers.
 */
export function bayesPoint(
  parameters: readonly Parameter[],
  observations: readonly Observation[],
  { goal, random }: { goal: 'minimize' | 'maximize'; random: SeededRandom },
): WireValue[] {
  const sign = goal === 'minimize' ? 1 : -1
  const searched = parameters.filter(({ distribution }) => distribution.kind !== 'constant')
  const placed = observations.flatMap(({ values, value }) => {
    const point = placeIn(parameters, values)
    return point ? [{ point, value: typeof value === 'number' ? sign * value : value }] : []
  })
  const finite = placed.flatMap(({ value }) => (typeof value === 'number' && isUsable(value) ? [value] : []))
  if (finite.length < Math.max(3, Math.min(10, searched.length + 1))) return randomPoint(parameters, random)
  const worst = Math.max(...finite)
  const best = Math.min(...finite)
  const ended = choose(
    placed.flatMap(({ point, value }) => (value === undefined ? [] : [{ point, value: finiteOr(value, worst) }])),
  )
  const categories = searched.map(({ distribution }) => distribution.kind === 'categorical')
  const process = believe(ended, categories, placed.filter(({ value }) => value === undefined).slice(-16))
  const leaders = ended.toSorted((left, right) => left.value - right.value).slice(0, 5)
  let found: { places: number[]; gain: number } = { places: [], gain: Number.NEGATIVE_INFINITY }
  const consider = (places: number[]): void => {
    const values = parameters.map(({ distribution }, index) => valueAt(distribution, places[index] ?? 0))
    const point = placeIn(parameters, values)
    const gain = point ? expectedImprovement(process, point, best) : Number.NEGATIVE_INFINITY
    if (gain > found.gain) found = { places, gain }
  }
  for (let index = 0; index < candidates; index++) consider(parameters.map(() => random()))
  for (const { point } of leaders)
    for (let index = 0; index < 20; index++) consider(near(parameters, placesOf(parameters, point), random, 0.1))
  for (const width of [0.05, 0.02, 0.01, 0.003])
    for (let index = 0; index < 15; index++) consider(near(parameters, found.places, random, width))
  return parameters.map(({ distribution }, index) => valueAt(distribution, found.places[index] ?? 0))
}

/** False, too, for NaN. */
const isUsable = (value: number): boolean => Math.abs(value) <= largestValue
const finiteOr = (value: number | null, other: number): number => (value !== null && isUsable(value) ? value : other)

type Placed = { point: readonly number[]; value: number }

function choose(ended: readonly Placed[]): readonly Placed[] {
  if (ended.length <= maxObservations) return ended
  const latest = new Set(ended.slice(-maxObservations / 2))
  const others = ended.filter((one) => !latest.has(one)).sort((left, right) => left.value - right.value)
  return [...others.slice(0, maxObservations / 2), ...latest]
}

/** Runs that go on are taken to become what is believed of them now. */
function believe(
  ended: readonly Placed[],
  categories: readonly boolean[],
  going: readonly { point: readonly number[] }[],
): GaussianProcess {
  const points = ended.map(({ point }) => point)
  const values = ended.map(({ value }) => value)
  const process = fitGaussianProcess(points, values, categories)
  if (going.length === 0) return process
  const believed = going.map(({ point }) => process.at(point).mean)
  return fitGaussianProcess([...points, ...going.map(({ point }) => point)], [...values, ...believed], categories)
}

function expectedImprovement(process: GaussianProcess, point: readonly number[], best: number): number {
  const { mean, deviation } = process.at(point)
  const z = (best - mean) / deviation
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  return (best - mean) * normalCumulative(z) + deviation * density
}

/** Where values lie in the unit cube, and which of its values a category is. Null for values that they cannot have. */
function placeIn(parameters: readonly Parameter[], values: readonly (WireValue | undefined)[]): number[] | null {
  const point: number[] = []
  for (const [index, { distribution }] of parameters.entries()) {
    if (distribution.kind === 'constant') continue
    if (distribution.kind === 'categorical') {
      const category = categoryOf(distribution, values[index])
      if (category < 0) return null
      point.push(category)
    } else {
      const place = placeOf(distribution, values[index])
      if (place === undefined) return null
      point.push(place)
    }
  }
  return point
}

/** One number of 0 to 1 for each parameter, of a point as `placeIn` has it. */
function placesOf(parameters: readonly Parameter[], point: readonly number[]): number[] {
  let at = 0
  return parameters.map(({ distribution }) => {
    if (distribution.kind === 'constant') return 0
    if (distribution.kind !== 'categorical') return point[at++] ?? 0
    const { values, probabilities } = distribution
    const category = point[at++] ?? 0
    const before = (probabilities ?? values.map(() => 1 / values.length)).slice(0, category + 1)
    const last = before.pop() ?? 0
    return before.reduce((sum, one) => sum + one, 0) + last / 2
  })
}

/** A place near another one: numbers move a little, categories seldom. */
function near(
  parameters: readonly Parameter[],
  places: readonly number[],
  random: SeededRandom,
  width: number,
): number[] {
  return parameters.map(({ distribution }, index) => {
    const place = places[index] ?? 0
    if (distribution.kind === 'categorical') return random() < 0.1 ? random() : place
    const moved = place + (random() + random() + random() - 1.5) * 2 * width
    return Math.min(1 - 1e-9, Math.max(0, moved))
  })
}

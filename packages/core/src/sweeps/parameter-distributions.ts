import type { WireValue } from '../values.ts'

/** How a value spreads before it is rounded. The moments of `logNormal` are those of its natural logarithm. */
export type Spread =
  | { shape: 'uniform' | 'logUniform'; min: number; max: number }
  | { shape: 'normal' | 'logNormal'; mu: number; sigma: number }

/**
 * What a parameter may be. `min` and `max` are values of the parameter, above 0 for `logUniform`. `q` makes values multiples of
 * it, those between the bounds; null leaves them as they are. `probabilities` add up to 1.
 */
export type Distribution =
  | { kind: 'constant'; value: WireValue }
  | { kind: 'categorical'; values: readonly WireValue[]; probabilities: readonly number[] | null }
  | { kind: 'integer'; min: number; max: number }
  | { kind: 'continuous'; spread: Spread; q: number | null }

/** The value at a place `u` of 0 to 1 (exclusive) of a distribution: its quantile function. Equal places give equal values. */
export function valueAt(distribution: Distribution, u: number): WireValue {
  switch (distribution.kind) {
    case 'constant':
      return distribution.value
    case 'categorical':
      return distribution.values[categoryAt(distribution, u)] ?? null
    case 'integer': {
      const { min, max } = distribution
      return Math.min(max, min + Math.floor(u * (max - min + 1)))
    }
    case 'continuous':
      return rounded(quantile(distribution.spread, u), distribution)
  }
}

/** Where a value lies in its distribution, 0 to 1: undefined for one that it cannot have. The middle of what rounds to it. */
export function placeOf(distribution: Distribution, value: WireValue | undefined): number | undefined {
  switch (distribution.kind) {
    case 'constant':
      return 0.5
    case 'categorical': {
      const index = categoryOf(distribution, value)
      return index < 0 ? undefined : (index + 0.5) / distribution.values.length
    }
    case 'integer': {
      const { min, max } = distribution
      if (typeof value !== 'number' || value < min || value > max) return undefined
      return (value - min + 0.5) / (max - min + 1)
    }
    case 'continuous':
      return typeof value === 'number' ? cumulative(distribution.spread, value) : undefined
  }
}

type Categorical = Extract<Distribution, { kind: 'categorical' }>

/** Which of its values a categorical parameter has at `u`. */
export function categoryAt({ values, probabilities }: Categorical, u: number): number {
  if (!probabilities) return Math.min(values.length - 1, Math.floor(u * values.length))
  let passed = 0
  const index = probabilities.findIndex((probability) => {
    passed += probability
    return u < passed
  })
  return index < 0 ? probabilities.findLastIndex((probability) => probability > 0) : index
}

const categories = new WeakMap<Categorical, Map<string | undefined, number>>()

/** Which of its values a categorical parameter has; -1 for none of them. */
export function categoryOf(distribution: Categorical, value: WireValue | undefined): number {
  let known = categories.get(distribution)
  if (!known) {
    // Of equal values the first counts.
    known = new Map(distribution.values.map((one, index) => [JSON.stringify(one), index] as const).reverse())
    categories.set(distribution, known)
  }
  return known.get(JSON.stringify(value)) ?? -1
}

/** All values, where they can be counted: a grid goes through them. Null for a continuous parameter. */
export function countable(distribution: Distribution): { count: number; at(index: number): WireValue } | null {
  switch (distribution.kind) {
    case 'constant':
      return { count: 1, at: () => distribution.value }
    case 'categorical': {
      const { values, probabilities } = distribution
      const possible = values.filter((_, index) => probabilities === null || (probabilities[index] ?? 0) > 0)
      return { count: possible.length, at: (index) => possible[index] ?? null }
    }
    case 'integer':
      return { count: distribution.max - distribution.min + 1, at: (index) => distribution.min + index }
    case 'continuous': {
      const { spread, q } = distribution
      if (q === null || !('min' in spread)) return null
      const { first, last } = multiplesIn(spread, q)
      return { count: last - first + 1, at: (index) => multiple(first + index, q) }
    }
  }
}

/** The first and the last multiple of `q` between two bounds, as how many times `q` they are; `last` is below `first` for none. */
export function multiplesIn({ min, max }: { min: number; max: number }, q: number): { first: number; last: number } {
  return { first: Math.ceil(min / q - 1e-9), last: Math.floor(max / q + 1e-9) }
}

/** Keeps 3 * 0.1 from being 0.30000000000000004. */
const multiple = (times: number, q: number): number => Number((times * q).toPrecision(15))

function rounded(value: number, { q, spread }: Extract<Distribution, { kind: 'continuous' }>): number {
  const clamped = 'min' in spread ? Math.min(spread.max, Math.max(spread.min, value)) : value
  if (q === null) return clamped
  const times = Math.round(clamped / q)
  if (!('min' in spread)) return multiple(times, q)
  const { first, last } = multiplesIn(spread, q)
  return multiple(Math.min(last, Math.max(first, times)), q)
}

/** A place at the very ends of a normal distribution would be infinite. */
const inside = (u: number): number => Math.min(1 - 1e-12, Math.max(1e-12, u))

function quantile(spread: Spread, u: number): number {
  switch (spread.shape) {
    case 'uniform':
      return spread.min + u * (spread.max - spread.min)
    case 'logUniform':
      return Math.exp(Math.log(spread.min) + u * (Math.log(spread.max) - Math.log(spread.min)))
    case 'normal':
      return spread.mu + spread.sigma * normalQuantile(inside(u))
    case 'logNormal':
      return Math.exp(spread.mu + spread.sigma * normalQuantile(inside(u)))
  }
}

function cumulative(spread: Spread, value: number): number | undefined {
  const share = (low: number, high: number, at: number): number =>
    high === low ? 0.5 : Math.min(1, Math.max(0, (at - low) / (high - low)))
  switch (spread.shape) {
    case 'uniform':
      return share(spread.min, spread.max, value)
    case 'logUniform':
      return value > 0 ? share(Math.log(spread.min), Math.log(spread.max), Math.log(value)) : 0
    case 'normal':
      return normalCumulative((value - spread.mu) / spread.sigma)
    case 'logNormal':
      return value > 0 ? normalCumulative((Math.log(value) - spread.mu) / spread.sigma) : 0
  }
}

/** The standard normal distribution function, by the series and continued fraction of Abramowitz and Stegun, 26.2.10 and 26.2.14. */
export function normalCumulative(z: number): number {
  const x = Math.abs(z)
  if (x > 38) return z < 0 ? 0 : 1
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
  let upper: number
  if (x < 3) {
    let term = x
    let sum = x
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
      term *= (x * x) / (2 * k + 1)
      sum += term
    }
    upper = 0.5 - density * sum
  } else {
    let fraction = x
    for (let k = 60; k > 0; k--) fraction = x + k / fraction
    upper = density / fraction
  }
  return z < 0 ? upper : 1 - upper
}

/** Its inverse, by bisection: a sweep asks for a few thousand of them. */
function normalQuantile(u: number): number {
  let low = -9
  let high = 9
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (normalCumulative(middle) < u) low = middle
    else high = middle
  }
  return (low + high) / 2
}

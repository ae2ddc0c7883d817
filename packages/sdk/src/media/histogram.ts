import { KirokuError, parseInput } from '@kiroku/core/errors'
import { type HistogramValue, histogramValueSchema, maxHistogramBins } from '@kiroku/core/media'
import { Media } from './media.ts'

/** A histogram that was counted already: `values[i]` of them lie from `bins[i]` to `bins[i + 1]`. */
export type CountedHistogram = { values: Iterable<number>; bins: Iterable<number> }

/**
 * How numbers are spread over bins of equal width, from the least of them to the greatest. NaN and infinities are in no
 * bin: they are counted as `nonFiniteCount`.
 */
export class Histogram extends Media {
  /** Undefined when none of the numbers is finite: there is nothing to draw then, and it is not recorded. */
  readonly value: HistogramValue | undefined

  /**
   * `bins` is how many there are, 64 when left out, 512 at most. Throws `KirokuError` BAD_REQUEST for no numbers at all,
   * for too many bins, and for counts and bins that do not fit together.
   */
  constructor(numbers: Iterable<number | bigint> | CountedHistogram, { bins = 64 }: { bins?: number } = {}) {
    super()
    if (isCounted(numbers)) {
      const counted = { _type: 'histogram', values: [...numbers.values], bins: [...numbers.bins] }
      this.value = parseInput(countedSchema, counted, 'histogram')
      return
    }
    if (!Number.isSafeInteger(bins) || bins < 1 || bins > maxHistogramBins)
      throw mistake(`it has 1 to ${maxHistogramBins} bins, not ${String(bins)}`)
    const all = toNumbers(numbers)
    if (all.length === 0) throw mistake('there are no numbers to count')
    this.value = countInBins(all, bins)
  }
}

const countedSchema = histogramValueSchema
  .refine(({ values }) => values.every((count) => count >= 0), 'a count is not below 0')
  .refine(
    ({ bins }) => bins.every((edge, index) => edge >= (bins[index - 1] ?? edge)),
    'the edges of the bins must rise',
  )

const mistake = (why: string): KirokuError => new KirokuError({ code: 'BAD_REQUEST', message: `histogram: ${why}` })

function isCounted(input: Iterable<number | bigint> | CountedHistogram): input is CountedHistogram {
  return typeof input === 'object' && input !== null && 'bins' in input && 'values' in input
}

function toNumbers(input: Iterable<number | bigint>): Float64Array {
  if (typeof input !== 'object' || input === null || !(Symbol.iterator in input))
    throw mistake('pass numbers, or { values, bins }')
  return Float64Array.from(input, (item) => {
    if (typeof item === 'number') return item
    if (typeof item === 'bigint') return Number(item)
    throw mistake(`\`${String(item)}\` is not a number`)
  })
}

/** Counts numbers in `bins` bins of equal width; undefined when none of them is finite. */
export function countInBins(numbers: Float64Array, bins: number): HistogramValue | undefined {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let finiteCount = 0
  for (const number of numbers) {
    if (!Number.isFinite(number)) continue
    finiteCount++
    if (number < min) min = number
    if (number > max) max = number
  }
  if (finiteCount === 0) return undefined
  const edges = binEdges(min, max, bins)
  const values = new Array<number>(bins).fill(0)
  for (const number of numbers) {
    if (!Number.isFinite(number)) continue
    const bin = binOf(number, edges)
    values[bin] = (values[bin] ?? 0) + 1
  }
  const nonFiniteCount = numbers.length - finiteCount
  return { _type: 'histogram', values, bins: edges, ...(nonFiniteCount > 0 && { nonFiniteCount }) }
}

/** The edges from `min` to `max`; half of 1 to either side of a single value, or what is next to it where 1 is nothing. */
function binEdges(min: number, max: number, bins: number): number[] {
  const around = Math.max(0.5, Math.abs(min) * Number.EPSILON * bins)
  const [low, high] = min < max ? [min, max] : [finite(min - around), finite(max + around)]
  const edges = [low]
  for (let index = 1; index < bins; index++) {
    // By shares of both ends: their difference may be more than a number can be. Between the least numbers that there are,
    // shares are rounded by as much as the edges are apart.
    const edge = low * (1 - index / bins) + high * (index / bins)
    edges.push(Math.min(high, Math.max(edges[index - 1] ?? low, edge)))
  }
  return [...edges, high]
}

const finite = (value: number): number => Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value))

/** The bin whose edges are around the number; the last one has its upper edge too. */
function binOf(number: number, edges: readonly number[]): number {
  const last = edges.length - 2
  const low = edges[0] ?? 0
  const high = edges[last + 1] ?? 0
  const share = (number / 2 - low / 2) / (high / 2 - low / 2)
  let bin = Math.min(last, Math.max(0, Math.floor(share * (last + 1)) || 0))
  while (bin > 0 && number < (edges[bin] ?? 0)) bin--
  while (bin < last && number >= (edges[bin + 1] ?? 0)) bin++
  return bin
}

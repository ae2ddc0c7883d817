import { type NativeBlock, numbersOf, packedOf } from '../engine/native-format.ts'
import { mostPlacedSteps, placedBits } from '../rollups/place.ts'

type Numbers = Float64Array<ArrayBuffer>

/** Points of a series, side by side, by step; without times where none were asked for. */
export type SteppedPoints = { step: Numbers; y: Numbers; time: Numbers }

/** The keys of series by what of their hashes is in an answer's rows, as a number; null where two of them are the same there. */
export function keysByPlace(hashes: ReadonlyMap<bigint, string>): Map<number, string> | null {
  const keys = new Map([...hashes].map(([hash, key]) => [Number(hash >> BigInt(placedBits)), key]))
  return keys.size === hashes.size ? keys : null
}

/**
 * Takes apart an answer whose rows have `seriesOf`, `valueOf` and perhaps `timeOf`: by series, the stretches of each whose steps rise. The
 * step is `stepOf`, or `firstStep` and what is on the lowest bits of `seriesOf`. It is done in the answer's own memory, where the rows of
 * other series are lost: so what is left lies side by side, to be sent as it is.
 */
export function takeApart(
  blocks: readonly NativeBlock[],
  keys: ReadonlyMap<number, string>,
  firstStep: number | null,
  hasTimes: boolean,
): Map<string, SteppedPoints[]> {
  const found = new Map<string, SteppedPoints[]>()
  for (const block of blocks) {
    const rows = rowsOf(block, firstStep, hasTimes)
    for (let row = 0, to = 0; row < block.rows; ) {
      const key = keys.get(placeAt(rows.words, row))
      const end = endOfStretch(rows, row, firstStep)
      if (key !== undefined) {
        const stretch = movedTo(rows, row, end, to)
        to += end - row
        const others = found.get(key)
        if (others) others.push(stretch)
        else found.set(key, [stretch])
      }
      row = end
    }
  }
  return found
}

/** The columns of a block: `words` has the halves of each row's `seriesOf`, which may lie where the row's step comes to lie. */
type BlockRows = { words: Uint32Array; steps: Numbers; values: Numbers; times: Numbers | null }

function rowsOf(block: NativeBlock, firstStep: number | null, hasTimes: boolean): BlockRows {
  const { bytes, numbers } = packedOf(block, 'seriesOf')
  return {
    words: new Uint32Array(bytes.buffer, bytes.byteOffset, block.rows * 2),
    steps: firstStep === null ? numbersOf(block, 'stepOf') : numbers,
    values: numbersOf(block, 'valueOf'),
    times: hasTimes ? numbersOf(block, 'timeOf') : null,
  }
}

/** What a row has of its series' hash. */
const placeAt = (words: Uint32Array, row: number): number =>
  (words[2 * row + 1] ?? 0) * upperUnit + ((words[2 * row] ?? 0) >>> placedBits)
/** Not worked out at each row: a power takes ten times as long as all else. */
const upperUnit = 2 ** (32 - placedBits)
const stepBits = mostPlacedSteps - 1

/** Finds the row behind those from `from` on that are of one series and whose steps rise, and writes the step of each, over its words. */
function endOfStretch({ words, steps }: BlockRows, from: number, firstStep: number | null): number {
  const [low, high] = [words[2 * from] ?? 0, words[2 * from + 1] ?? 0]
  const place = low >>> placedBits
  const stepAt = (row: number, bits: number): number =>
    firstStep === null ? (steps[row] ?? 0) : firstStep + (bits & stepBits)
  let last = stepAt(from, low)
  steps[from] = last
  let row = from + 1
  for (; row < steps.length && words[2 * row + 1] === high; row++) {
    const next = words[2 * row] ?? 0
    const step = stepAt(row, next)
    if (next >>> placedBits !== place || step <= last) break
    steps[row] = step
    last = step
  }
  return row
}

/** Moves rows to where they begin at `to`, which is not behind them. */
function movedTo({ steps, values, times }: BlockRows, from: number, end: number, to: number): SteppedPoints {
  const moved = (column: Numbers): Numbers => {
    if (to < from) column.copyWithin(to, from, end)
    return column.subarray(to, to + end - from)
  }
  return { step: moved(steps), y: moved(values), time: times ? moved(times) : new Float64Array(0) }
}

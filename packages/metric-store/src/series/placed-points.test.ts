import { expect, test } from 'vitest'
import type { NativeBlock, NativeColumn } from '../engine/native-format.ts'
import { keysByPlace, takeApart } from './placed-points.ts'

const [mine, other, foreign] = [0xfedc_ba98_7654_0000n, 0x0123_4567_89ab_0000n, 0x1111_1111_1111_0000n]
const keys = new Map([
  [0xfedc_ba98_7654, 'mine'],
  [0x0123_4567_89ab, 'other'],
])

type Row = readonly [hash: bigint, step: number, value: number]

/** A block of rows, each with its hash, step, value and time. */
function blockOf(rows: readonly Row[], firstStep: number | null): NativeBlock {
  const words = new BigUint64Array(
    rows.map(([hash, step]) => (firstStep === null ? hash : hash + BigInt(step - firstStep))),
  )
  const numbers = (of: (row: Row) => number): Float64Array<ArrayBuffer> => new Float64Array(rows.map(of))
  return {
    rows: rows.length,
    columns: new Map<string, NativeColumn>([
      ['seriesOf', { bytes: new DataView(words.buffer), numbers: new Float64Array(words.buffer) }],
      ['stepOf', numbers(([, step]) => step)],
      ['valueOf', numbers(([, , value]) => value)],
      ['timeOf', numbers(([, step]) => 1000 + step)],
    ]),
  }
}

const rows: Row[] = [
  [foreign, 70_000, 1],
  [mine, 70_000, 2],
  [mine, 70_001, 3],
  [foreign, 70_002, 4],
  [other, 70_001, 5],
  [other, 135_535, 6],
  [other, 70_000, 7],
  [foreign, 70_000, 8],
]
const expected = new Map([
  ['mine', [{ step: [70_000, 70_001], y: [2, 3], time: [71_000, 71_001] }]],
  [
    'other',
    [
      { step: [70_001, 135_535], y: [5, 6], time: [71_001, 136_535] },
      { step: [70_000], y: [7], time: [71_000] },
    ],
  ],
])

test.each([70_000, null])(
  'series are taken apart by their hashes, in stretches whose steps rise, with first step %j',
  (first) => {
    const found = takeApart([blockOf(rows, first)], keys, first, true)
    const plain = [...found].map(([key, stretches]): [string, object[]] => [
      key,
      stretches.map(({ step, y, time }) => ({ step: [...step], y: [...y], time: [...time] })),
    ])
    expect(new Map(plain)).toEqual(expected)
  },
)

test('what is left of a block lies side by side, without the rows of other series', () => {
  const found = takeApart([blockOf(rows, 70_000)], keys, 70_000, false)
  const stretches = [...found.values()].flat()
  for (const name of ['step', 'y'] as const) {
    let end = 0
    for (const stretch of stretches) {
      expect(stretch[name].byteOffset).toBe(end)
      end += stretch[name].byteLength
    }
  }
  expect(stretches.map(({ time }) => time.length)).toEqual([0, 0, 0])
})

test('two series that have the same place cannot be told apart', () => {
  const hashes = new Map([
    [mine + 1n, 'mine'],
    [other, 'other'],
  ])
  expect(keysByPlace(hashes)).toEqual(keys)
  expect(keysByPlace(new Map([...hashes, [mine + 2n, 'again']]))).toBeNull()
})

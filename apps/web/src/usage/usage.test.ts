import type { Usage } from '@kiroku/core/usage'
import { expect, test } from 'vitest'
import { describeBytes, describeTotal, partsOf, usageKinds } from './usage-kinds.ts'

const usage: Usage = {
  pointCount: 1000,
  textCount: 0,
  lineCount: 10,
  fileCount: 2,
  pointBytes: 3000,
  textBytes: 0,
  lineBytes: 1000,
  fileBytes: 4192,
}
const filesOnly: Usage = { ...usage, pointCount: 0, pointBytes: 0, lineCount: 0, lineBytes: 0 }

test('an estimate is marked, and what is exact is not', () => {
  expect(usageKinds.map((kind) => describeBytes(kind, usage))).toEqual(['~2.9 KiB', '0 B', '~1000 B', '4.1 KiB'])
  expect(describeTotal(usage)).toBe('~8 KiB')
  expect(describeTotal(filesOnly)).toBe('4.1 KiB')
})

test('a bar has a part for each kind that takes room', () => {
  const percents = partsOf(usage, 16_384).map(({ kind, percent }) => [kind.order, Math.round(percent)])
  expect(percents).toEqual([
    ['points', 18],
    ['lines', 6],
    ['files', 26],
  ])
  expect(partsOf(filesOnly, 4192)).toMatchObject([{ percent: 100 }])
  expect(partsOf({ ...filesOnly, fileBytes: 0 }, 0)).toEqual([])
})

import type { Usage } from '@kiroku/core/usage'
import { expect, it } from 'vitest'
import { describe } from './usage.ts'

const none: Usage = {
  pointCount: 0,
  textCount: 0,
  lineCount: 0,
  fileCount: 0,
  pointBytes: 0,
  textBytes: 0,
  lineBytes: 0,
  fileBytes: 0,
}

it('draws a bar a row, marks estimates, and tells what it leaves out', () => {
  const rows = [
    { name: 'large', isDeleted: false, usage: { ...none, pointCount: 1_234_567, pointBytes: 4_194_304 } },
    { name: 'small', isDeleted: true, usage: { ...none, fileCount: 2, fileBytes: 1024 * 1024 } },
  ]
  const total = { ...none, pointCount: 1_234_567, pointBytes: 4_194_304, fileCount: 2, fileBytes: 1024 * 1024 }
  expect(describe({ title: 'RUN', rows, count: 5, total, sort: 'bytes' })).toEqual([
    'RUN                                 TAKES     POINTS  TEXTS  LINES  FILES',
    'large            ████████████████  ~4 MiB  1 234 567      0      0      0',
    'small (deleted)  ████               1 MiB          0      0      0      2  1 MiB',
    'all                                ~5 MiB  1 234 567      0      0      2  1 MiB',
    '2 of 5 are shown; --limit shows more, --json with it all figures.',
    'Counts and bytes of files are exact; ~ is an estimate by the mean size of a row.',
  ])
})

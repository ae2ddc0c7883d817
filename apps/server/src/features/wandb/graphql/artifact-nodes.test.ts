import { maxLineage } from '@kiroku/core/artifacts'
import { expect, it } from 'vitest'
import { usingRuns } from './artifact-nodes.ts'

const runs = Array.from({ length: maxLineage }, (_, index) => index)
const all = { runs, total: maxLineage }
const more = { runs, total: maxLineage + 1 }

it('tells all runs that used an artifact where no number is asked for', () => {
  expect(usingRuns(all, {}).runs).toEqual(runs)
  expect(usingRuns({ runs: [], total: 0 }, {}).runs).toEqual([])
})

it('tells them by pages where one is', () => {
  expect(usingRuns(all, { first: 2, after: '3' })).toEqual({ runs: [3, 4], start: 3, limit: 2 })
  expect(usingRuns(all, { first: 10_000 }).runs).toEqual(runs)
  expect(usingRuns(more, { first: maxLineage }).runs).toEqual(runs)
})

it('refuses to leave any out', () => {
  const refusal = expect.objectContaining({ code: 'TOO_LARGE', message: expect.stringContaining(`${more.total} runs`) })
  for (const page of [{}, { after: '100' }, { first: maxLineage + 1 }, { first: 50, after: String(maxLineage) }])
    expect(() => usingRuns(more, page)).toThrow(refusal)
})

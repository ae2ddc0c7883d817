import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeGroupsAnswer,
  encodeGroupsAnswer,
  type GroupSeries,
  groupColumnsFrom,
  groupsRequestSchema,
  maxGroupedRuns,
} from './groups.ts'

const group: fc.Arbitrary<GroupSeries> = fc
  .record({ length: fc.integer({ min: 0, max: 5 }), withoutX: fc.nat(), isExact: fc.boolean(), seed: fc.double() })
  .map(({ length, withoutX, isExact, seed }) => ({
    withoutX,
    isExact,
    columns: groupColumnsFrom(() => new Float64Array(length).fill(seed)),
  }))

describe('a groups answer', () => {
  test('comes back as it was sent', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 4 }), fc.integer({ min: 1, max: 9 }), (groups, buckets) => {
        const answer = { range: groups.length > 0 ? { from: -1.5, to: 2 } : null, buckets, groups }
        expect(decodeGroupsAnswer(encodeGroupsAnswer(answer))).toEqual(answer)
      }),
    )
  })
})

describe('a groups request', () => {
  const path = { organization: 'team', project: 'p' }

  test('has defaults', () => {
    const asked = groupsRequestSchema.parse({ ...path, metric: 'loss', groups: [{ runs: ['a'] }], buckets: 10 })
    expect(asked).toMatchObject({ stream: 'history', x: { kind: 'bound' } })
  })

  test('is told its limits', () => {
    const runs = Array.from({ length: maxGroupedRuns + 1 }, (_, index) => `r${index}`)
    const refusal = groupsRequestSchema.safeParse({ ...path, metric: 'loss', groups: [{ runs }], buckets: 10 }).error
    expect(refusal?.message).toContain(`at most ${maxGroupedRuns} runs`)
  })
})

import { type GroupSeries, groupColumnsFrom } from '@kiroku/core/groups'
import { describe, expect, test } from 'vitest'
import { hoverAt } from './hover.ts'
import { type PrepareGroupsOptions, prepareGroups } from './prepare-groups.ts'

/** A group whose figures are these, with as many runs as asked for; NaN everywhere else where there is none. */
function group(
  mean: readonly number[],
  { runs = 3, buckets }: { runs?: number; buckets?: readonly number[] } = {},
): GroupSeries {
  const at = (offset: number) => Float64Array.from(mean, (value) => value + offset)
  const columns = groupColumnsFrom(() => new Float64Array(mean.length))
  return {
    withoutX: 0,
    isExact: true,
    columns: {
      ...columns,
      bucket: Float64Array.from(buckets ?? mean.map((_, index) => index)),
      runs: Float64Array.from(mean, (value) => (Number.isNaN(value) ? 0 : runs)),
      mean: at(0),
      std: new Float64Array(mean.length).fill(0.5),
      min: at(-2),
      q10: at(-1),
      median: at(0.25),
      q90: at(1),
      max: at(2),
      count: new Float64Array(mean.length).fill(10),
      notFiniteCount: Float64Array.from(mean, (value) => (Number.isNaN(value) ? 10 : 0)),
    },
  }
}

const options = (given: Partial<PrepareGroupsOptions>): PrepareGroupsOptions => ({
  answer: { range: { from: 0, to: 40 }, buckets: 4, groups: [] },
  looks: [
    { key: 'a', name: 'lr 0.1', color: '#111111', runs: ['r1', 'r2', 'r3'] },
    { key: 'b', name: 'lr 0.2', color: '#222222', runs: ['r3', 'r4'] },
  ],
  metric: 'loss',
  axis: { kind: 'step' },
  figure: 'mean',
  band: 'range',
  range: null,
  smoothing: 0,
  yKind: 'linear',
  notes: [],
  ...given,
})

const answerOf = (...groups: GroupSeries[]) => ({ range: { from: 0, to: 40 }, buckets: 4, groups })

describe('a chart of groups', () => {
  test('has a line in the middle of each bucket and the band that was chosen', () => {
    const { lines } = prepareGroups(options({ answer: answerOf(group([5, 6, 7, 8])) }))
    expect([...(lines[0]?.line.x ?? [])]).toEqual([5, 15, 25, 35])
    expect([...(lines[0]?.line.y ?? [])]).toEqual([5, 6, 7, 8])
    const bandOf = (band: PrepareGroupsOptions['band']) => {
      const model = prepareGroups(options({ answer: answerOf(group([5, 6, 7, 8])), band }))
      const envelope = model.lines[0]?.envelope
      return envelope ? [envelope.low[0], envelope.high[0]] : null
    }
    expect(bandOf('range')).toEqual([3, 7])
    expect(bandOf('std')).toEqual([4.5, 5.5])
    expect(bandOf('quantiles')).toEqual([4, 6])
    expect(bandOf('none')).toBeNull()
  })

  test('draws the figure that was chosen', () => {
    const lineOf = (figure: PrepareGroupsOptions['figure']) =>
      prepareGroups(options({ answer: answerOf(group([5])), figure })).lines[0]?.line.y[0]
    expect([lineOf('mean'), lineOf('median'), lineOf('min'), lineOf('max')]).toEqual([5, 5.25, 3, 7])
  })

  test('tells of each line its band and of how many runs it is', () => {
    const model = prepareGroups(
      options({ answer: answerOf(group([5, 6, 7, 8]), group([1, 1], { buckets: [1, 3], runs: 2 })) }),
    )
    const hover = hoverAt(model, 15, 0)
    expect(hover?.rows.map(({ line, index }) => [line.name, line.group?.runs[index], line.group?.low[index]])).toEqual([
      ['lr 0.1', 3, 4],
      ['lr 0.2', 2, -1],
    ])
    expect(model.badge).toMatchObject({ label: 'mean of 4', isExact: false })
    expect(model.badge?.explanation).toContain('lowest to highest')
  })

  test('passes over groups without points, and says what is in no figure', () => {
    const model = prepareGroups(
      options({ answer: answerOf(group([]), { ...group([1, Number.NaN]), withoutX: 7 }), notes: ['more'] }),
    )
    expect(model.lines.map(({ name }) => name)).toEqual(['lr 0.2'])
    expect(model.lines[0]?.marks).toEqual([{ kind: 'nan', x: 15, y: 1 }])
    expect(model.notes).toEqual([
      '7 points were logged without _step and cannot be drawn here.',
      '10 values in view are NaN or infinite and not in any figure.',
      'more',
    ])
  })

  test('smooths the line when asked to, and keeps it beneath', () => {
    const [line] = prepareGroups(options({ answer: answerOf(group([0, 10, 0, 10])), smoothing: 0.9 })).lines
    expect(line?.isSmoothed).toBe(true)
    expect(line?.center?.y[3]).toBeGreaterThan(4)
    expect(line?.center?.y[3]).toBeLessThan(7)
    expect([...(line?.line.y ?? [])]).toEqual([0, 10, 0, 10])
  })
})

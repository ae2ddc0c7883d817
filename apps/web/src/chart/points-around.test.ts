import { expect, test } from 'vitest'
import { withPointsAround } from './points-around.ts'
import { prepareChart } from './prepare-chart.ts'
import { bucketSeries, pointSeries } from './series-factory.ts'

const view = { from: 600, to: 800 }
const range = { from: 550, to: 850 }
const cut = bucketSeries(Array.from({ length: 2000 }, Math.sqrt), 100, { run: 'dense' })
const near = pointSeries([24, 25], { run: 'dense', x: [600, 700] })
const sparse = pointSeries([0, 1, 3], { run: 'sparse', x: [0, 500, 1000] })
const whole = { range: { from: 0, to: 1999 }, series: [cut, sparse] }

const pointsOf = (inside: typeof sparse, around: typeof sparse | typeof cut) => {
  const [series] = withPointsAround({ range, series: [inside] }, { range: whole.range, series: [around] }).series
  return series?.form === 'points' ? [...series.columns.x].map((x, index) => [x, series.columns.y[index]]) : null
}

test('an exact line that has no point where a chart with a cut one is zoomed to crosses it', () => {
  const model = prepareChart({
    answer: withPointsAround({ range, series: [near, pointSeries([], { run: 'sparse' })] }, whole),
    looks: ['dense', 'sparse'].map((run) => ({ run, name: run, color: '#000000' })),
    range: view,
    smoothing: 0,
    yKind: 'linear',
    fallbackAxis: { kind: 'step' },
  })
  expect(model.lines.map(({ run, count, edges }) => ({ run, count, edges }))).toEqual([
    { run: 'dense', count: 2, edges: { from: 24, to: 24 } },
    { run: 'sparse', count: 0, edges: { from: 1.4, to: 2.2 } },
  ])
})

test('points in the range are those of the answer for it, which may be newer', () => {
  const inside = pointSeries([7, 8], { run: 'sparse', x: [600, 850] })
  expect(pointsOf(inside, pointSeries([1, 2, 3, 4], { run: 'sparse', x: [500, 600, 700, 1000] }))).toEqual([
    [500, 1],
    [600, 7],
    [850, 8],
    [1000, 4],
  ])
  expect(pointsOf(inside, pointSeries([1], { run: 'sparse', x: [500] }))).toEqual([
    [500, 1],
    [600, 7],
    [850, 8],
  ])
})

test('nothing is taken from a cut line, from another line, or over another axis', () => {
  const xs = (around: typeof sparse | typeof cut) => pointsOf(near, around)?.map(([x]) => x)
  expect(xs(cut)).toEqual([600, 700])
  expect(xs(sparse)).toEqual([600, 700])
  const other = { ...pointSeries([1], { run: 'dense', x: [500] }), x: { kind: 'metric' as const, name: 'epoch' } }
  expect(xs(other)).toEqual([600, 700])
  expect(xs({ ...other, x: { kind: 'step' } })).toEqual([500, 600, 700])
})

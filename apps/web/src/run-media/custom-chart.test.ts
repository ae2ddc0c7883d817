import { describe, expect, test } from 'vitest'
import { maxBars, maxClasses, maxLines, prepareCustomChart } from './custom-chart.ts'

const color = '#123456'
const prepare = (
  preset: string,
  columns: string[],
  data: (number | string | { $n: string })[][],
  fields: Record<string, string>,
  texts: Record<string, string> = {},
) => prepareCustomChart({ columns, data }, { preset, fields, texts }, color)

describe('a table that is drawn as its client said', () => {
  test('is one line in the run’s colour, in the order of x, without what has no place', () => {
    const data = [
      [2, 20],
      [1, 10],
      [{ $n: 'NaN' }, 5],
      [3, { $n: 'NaN' }],
      ['x', 1],
    ]
    const chart = prepare('wandb/line/v0', ['a', 'b'], data, { x: 'a', y: 'b', stroke: 'none' }, { title: 'A line' })
    if (chart?.kind !== 'lines') throw new Error('no lines')
    expect(chart).toMatchObject({ title: 'A line', yTitle: 'b', axis: { name: 'a' }, leftOut: 0 })
    expect(chart.looks).toEqual([{ run: '0', name: 'b', color }])
    const [series] = chart.answer.series
    expect([[...(series?.columns.x ?? [])], [...(series?.columns.y ?? [])]]).toEqual([
      [1, 2],
      [10, 20],
    ])
    expect(chart.answer.range).toEqual({ from: 1, to: 2 })
  })

  test('is a line for each key, of which no more than can be told apart are drawn', () => {
    const fields = { step: 'step', lineKey: 'lineKey', lineVal: 'lineVal' }
    const data = Array.from({ length: maxLines + 3 }, (_, index) => [0, `line ${index}`, index])
    const chart = prepare('wandb/lineseries/v0', ['step', 'lineKey', 'lineVal'], data, fields, { xname: 'epoch' })
    if (chart?.kind !== 'lines') throw new Error('no lines')
    expect(chart.axis).toEqual({ kind: 'metric', name: 'epoch' })
    expect([chart.looks.length, chart.leftOut, chart.looks[1]?.name]).toEqual([maxLines, 3, 'line 1'])
  })

  test('is a curve for each class, with titles of its axes', () => {
    const texts = { title: 'PR', 'x-axis-title': 'Recall', 'y-axis-title': 'Precision' }
    const data = [
      ['cat', 0, 1],
      ['cat', 1, 0.5],
      ['dog', 0, 1],
      ['dog', 1, 0.25],
    ]
    const fields = { x: 'recall', y: 'precision', class: 'class' }
    const chart = prepare('wandb/area-under-curve/v0', ['class', 'recall', 'precision'], data, fields, texts)
    if (chart?.kind !== 'lines') throw new Error('no lines')
    expect([chart.axis, chart.yTitle]).toEqual([{ kind: 'metric', name: 'Recall' }, 'Precision'])
    expect(chart.looks.map(({ name }) => name)).toEqual(['cat', 'dog'])
  })

  test('is points, bars and a histogram', () => {
    expect(
      prepare(
        'wandb/scatter/v0',
        ['a', 'b'],
        [
          [1, 2],
          ['x', 3],
        ],
        { x: 'a', y: 'b' },
      ),
    ).toMatchObject({
      kind: 'points',
      points: [{ x: 1, y: 2 }],
    })
    const bars = Array.from({ length: maxBars + 1 }, (_, index) => [`bar ${index}`, index])
    expect(prepare('wandb/bar/v0', ['l', 'v'], bars, { label: 'l', value: 'v' })).toMatchObject({
      kind: 'bars',
      bars: bars.slice(0, maxBars).map(([label, value]) => ({ label, value })),
      leftOut: 1,
    })
    const values = Array.from({ length: 100 }, (_, index) => [index]).concat([[Number.NaN]])
    const chart = prepare('wandb/histogram/v0', ['v'], values, { value: 'v' })
    if (chart?.kind !== 'histogram') throw new Error('no histogram')
    const { histogram } = chart
    expect([histogram.bins[0], histogram.bins.at(-1), histogram.nonFiniteCount]).toEqual([0, 99, 1])
    expect(histogram.values.reduce((sum, count) => sum + count)).toBe(100)
  })

  test('counts what was taken for what', () => {
    const columns = ['Actual', 'Predicted', 'nPredictions']
    const fields = { Actual: 'Actual', Predicted: 'Predicted', nPredictions: 'nPredictions' }
    const data = [
      ['cat', 'cat', 5],
      ['cat', 'dog', 1],
      ['dog', 'cat', 2],
      ['dog', 'dog', 7],
    ]
    expect(prepare('wandb/confusion_matrix/v1', columns, data, fields)).toMatchObject({
      kind: 'matrix',
      classes: ['cat', 'dog'],
      counts: [
        [5, 1],
        [2, 7],
      ],
      most: 7,
    })
    const many = Array.from({ length: maxClasses + 2 }, (_, index) => [`c${index}`, `c${index}`, 1])
    expect(prepare('wandb/confusion_matrix/v1', columns, many, fields)).toMatchObject({ leftOut: 2, most: 1 })
  })

  test('is none where its preset is not known, a column is missing, or nothing has a place', () => {
    expect(prepare('me/mine', ['a', 'b'], [[1, 2]], { x: 'a', y: 'b' })).toBeNull()
    expect(prepare('wandb/line/v0', ['a', 'b'], [[1, 2]], { x: 'a', y: 'c' })).toBeNull()
    expect(prepare('wandb/line/v0', ['a', 'b'], [], { x: 'a', y: 'b' })).toBeNull()
    expect(prepare('wandb/histogram/v0', ['a'], [['x']], { value: 'a' })).toBeNull()
  })
})

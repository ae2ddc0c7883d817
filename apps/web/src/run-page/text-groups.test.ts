import { expect, test } from 'vitest'
import { textGroups } from './text-groups.ts'

const text = (metric: string, step: number, value: Parameters<typeof textGroups>[0][number]['value']) => ({
  metric,
  step,
  time: 1_700_000_000_000 + step,
  value,
})

const texts = [text('note', 1, 'began'), text('note', 9, 'ended'), text('betas', 0, [0.9, { $n: 'NaN' }])]

test('texts come by name, newest first, with what is not a text as JSON', () => {
  expect(textGroups(texts).map(({ metric, lines }) => [metric, lines.map((line) => line.text)])).toEqual([
    ['betas', ['[0.9,"NaN"]']],
    ['note', ['ended', 'began']],
  ])
})

test('a search looks in names and texts', () => {
  expect(textGroups(texts, ' END').map(({ lines }) => lines.map((line) => line.step))).toEqual([[9]])
  expect(textGroups(texts, 'note')[0]?.lines).toHaveLength(2)
  expect(textGroups(texts, 'nothing')).toEqual([])
})

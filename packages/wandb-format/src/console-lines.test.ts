import { consoleLineSchema } from '@kiroku/core/history'
import { expect, it } from 'vitest'
import { readConsoleLine } from './console-lines.ts'

const time = Date.UTC(2026, 10, 23, 13, 38, 44, 168)

it.each([
  ['2026-11-23T13:38:44.168327 hello [x] y', { stream: 'stdout', time, label: null, text: 'hello [x] y' }],
  ['ERROR 2026-11-23T13:38:44.168327 err\n', { stream: 'stderr', time, label: null, text: 'err' }],
  ['2026-11-23T13:38:44.168327 [node-0] hello', { stream: 'stdout', time, label: 'node-0', text: 'hello' }],
  ['2026-11-23T13:38:44.168327 ', { stream: 'stdout', time, label: null, text: '' }],
  [
    '{"ts":"2026-11-23T13:38:44.168327","content":"{\\"a\\":1}"}',
    { stream: 'stdout', time, label: null, text: '{"a":1}' },
  ],
  [
    '{"level":"error","ts":"2026-11-23T13:38:44.168327","label":"n","content":"x"}',
    { stream: 'stderr', time, label: 'n', text: 'x' },
  ],
  ['{"loss": 1}', { stream: 'stdout', time: null, label: null, text: '{"loss": 1}' }],
  ['{broken', { stream: 'stdout', time: null, label: null, text: '{broken' }],
  ['2026-99-99T13:38:44.168327 x', { stream: 'stdout', time: null, label: null, text: 'x' }],
  ['a\0b', { stream: 'stdout', time: null, label: null, text: 'a\ufffdb' }],
  ['', { stream: 'stdout', time: null, label: null, text: '' }],
])('reads %j', (line, printed) => expect(readConsoleLine(line)).toEqual(printed))

it('cuts a line that is too long, and says by how much', () => {
  const { text } = readConsoleLine('x'.repeat(10_000))
  expect(text).toMatch(/x \.\.\. \(1856 more characters\)$/)
  expect(consoleLineSchema.shape.text.safeParse(text).success).toBe(true)
})

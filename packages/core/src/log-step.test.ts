import { describe, expect, it } from 'vitest'
import { decideStep, type LogCall, type StepState } from './log-step.ts'

type Row = Record<string, number>
type Call = [data: Row, step?: number, commit?: boolean]

const T = true
const F = false
const _ = undefined

/** Runs calls through the machine as a script's side would, each case ended by a commit of whatever waits. */
function rowsOf(calls: readonly Call[]): Record<number, Row> {
  const rows: Record<number, Row> = {}
  let state: StepState = { step: 0, hasRow: false }
  let waiting: Row = {}
  const flush = (step: number): void => {
    if (Object.keys(waiting).length > 0) rows[step] = waiting
    waiting = {}
  }
  for (const [data, step, commit] of calls) {
    const call: LogCall = { step, commit }
    const decision = decideStep(state, call)
    if (decision.flushBefore) flush(state.step)
    if (!decision.isDropped) waiting = { ...waiting, ...data }
    if (decision.flushAfter) flush(decision.step)
    state = decision.next
  }
  flush(state.step)
  return rows
}

const ab = { a: 1, b: 2 }

describe('decideStep', () => {
  it.each<[number, Call[], Record<number, Row>]>([
    [
      1,
      [
        [ab, 0, F],
        [{ b: 3 }, 1, T],
      ],
      { 0: ab, 1: { b: 3 } },
    ],
    [
      2,
      [
        [ab, 0, F],
        [{ b: 3 }, 0, T],
      ],
      { 0: { a: 1, b: 3 } },
    ],
    [
      3,
      [
        [ab, 0, T],
        [{ b: 3 }, 1, T],
      ],
      { 0: ab, 1: { b: 3 } },
    ],
    [
      4,
      [
        [ab, 0, T],
        [{ b: 3 }, 0, T],
      ],
      { 0: ab },
    ],
    [
      5,
      [
        [ab, 0, T],
        [{ b: 3 }, 1, F],
        [{}, 1, T],
      ],
      { 0: ab, 1: { b: 3 } },
    ],
    [
      6,
      [
        [ab, 0, T],
        [{ b: 3 }, 0, F],
        [{}, 0, T],
      ],
      { 0: ab },
    ],
    [
      7,
      [
        [ab, 0, F],
        [{ b: 3 }, 1, F],
        [{}, 1, T],
      ],
      { 0: ab, 1: { b: 3 } },
    ],
    [
      8,
      [
        [ab, 0, F],
        [{ b: 3 }, 0, F],
        [{}, 0, T],
      ],
      { 0: { a: 1, b: 3 } },
    ],
    [
      9,
      [
        [ab, _, _],
        [{ b: 3 }, _, _],
      ],
      { 0: ab, 1: { b: 3 } },
    ],
    [
      10,
      [
        [ab, _, _],
        [{ a: 2, b: 3 }, _, F],
        [{}, _, T],
      ],
      { 0: ab, 1: { a: 2, b: 3 } },
    ],
    [
      11,
      [
        [{ a: 1 }, _, _],
        [{ a: 2 }, _, T],
      ],
      { 0: { a: 1 }, 1: { a: 2 } },
    ],
    [
      12,
      [
        [{ a: 1 }, 1, F],
        [{ a: 2 }, _, _],
      ],
      { 1: { a: 2 } },
    ],
    [
      13,
      [
        [{ a: 1 }, 1, T],
        [{ a: 2 }, _, _],
      ],
      { 1: { a: 1 }, 2: { a: 2 } },
    ],
    [
      14,
      [
        [{ a: 1 }, 1, _],
        [{ a: 2 }, _, _],
      ],
      { 1: { a: 2 } },
    ],
    [
      15,
      [
        [{ a: 1 }, _, T],
        [{ a: 2 }, _, _],
      ],
      { 0: { a: 1 }, 1: { a: 2 } },
    ],
    [
      16,
      [
        [{ a: 1 }, _, F],
        [{ a: 2 }, _, _],
      ],
      { 0: { a: 2 } },
    ],
  ])('keeps case %i of the truth table', (_case, calls, rows) => {
    expect(rowsOf(calls)).toEqual(rows)
  })

  it('puts a call without a step into the row that waits at an explicit one', () => {
    expect(rowsOf([[{ x: 2 }, 5], [{ y: 3 }]])).toEqual({ 5: { x: 2, y: 3 } })
  })

  it('drops a call below the current step and says so', () => {
    const decision = decideStep({ step: 7, hasRow: false }, { step: 6 })
    expect(decision).toMatchObject({ isDropped: true, next: { step: 7, hasRow: false } })
  })
})

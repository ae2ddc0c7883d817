import { testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Api, api } from '../src/api/api.ts'
import type { LogOptions } from '../src/run.ts'
import { Script } from './script.ts'
import { endedRun, type Place } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let reader: Api
let env: Record<string, string>
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  env = { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey }
  reader = api({ url: place.url, apiKey: place.apiKey })
})
afterAll(() => server.close())

type Row = Record<string, unknown>

/** A run's rows as the server has them, without their times. */
async function storedRows(id: string): Promise<Row[]> {
  const history = await (await reader.run(`demo/${id}`)).history()
  return history.map(({ _timestamp, _runtime, ...row }) => row)
}

const F = (step?: number): LogOptions => ({ commit: false, ...(step !== undefined && { step }) })
const T = (step?: number): LogOptions => ({ commit: true, ...(step !== undefined && { step }) })
const ab = { a: 1, b: 2 }
const none: LogOptions = {}
const table: { calls: [Row, LogOptions][]; rows: Row[] }[] = [
  {
    calls: [
      [ab, F(0)],
      [{ b: 3 }, T(1)],
    ],
    rows: [
      { _step: 0, ...ab },
      { _step: 1, b: 3 },
    ],
  },
  {
    calls: [
      [ab, F(0)],
      [{ b: 3 }, T(0)],
    ],
    rows: [{ _step: 0, a: 1, b: 3 }],
  },
  {
    calls: [
      [ab, T(0)],
      [{ b: 3 }, T(1)],
    ],
    rows: [
      { _step: 0, ...ab },
      { _step: 1, b: 3 },
    ],
  },
  {
    calls: [
      [ab, T(0)],
      [{ b: 3 }, T(0)],
    ],
    rows: [{ _step: 0, ...ab }],
  },
  {
    calls: [
      [ab, T(0)],
      [{ b: 3 }, F(1)],
      [{}, T(1)],
    ],
    rows: [
      { _step: 0, ...ab },
      { _step: 1, b: 3 },
    ],
  },
  {
    calls: [
      [ab, T(0)],
      [{ b: 3 }, F(0)],
      [{}, T(0)],
    ],
    rows: [{ _step: 0, ...ab }],
  },
  {
    calls: [
      [ab, F(0)],
      [{ b: 3 }, F(1)],
      [{}, T(1)],
    ],
    rows: [
      { _step: 0, ...ab },
      { _step: 1, b: 3 },
    ],
  },
  {
    calls: [
      [ab, F(0)],
      [{ b: 3 }, F(0)],
      [{}, T(0)],
    ],
    rows: [{ _step: 0, a: 1, b: 3 }],
  },
  {
    calls: [
      [ab, none],
      [{ b: 3 }, none],
    ],
    rows: [
      { _step: 0, ...ab },
      { _step: 1, b: 3 },
    ],
  },
  {
    calls: [
      [ab, none],
      [{ a: 2, b: 3 }, F()],
      [{}, T()],
    ],
    rows: [
      { _step: 0, ...ab },
      { _step: 1, a: 2, b: 3 },
    ],
  },
  {
    calls: [
      [{ a: 1 }, none],
      [{ a: 2 }, T()],
    ],
    rows: [
      { _step: 0, a: 1 },
      { _step: 1, a: 2 },
    ],
  },
  {
    calls: [
      [{ a: 1 }, F(1)],
      [{ a: 2 }, none],
    ],
    rows: [{ _step: 1, a: 2 }],
  },
  {
    calls: [
      [{ a: 1 }, T(1)],
      [{ a: 2 }, none],
    ],
    rows: [
      { _step: 1, a: 1 },
      { _step: 2, a: 2 },
    ],
  },
  {
    calls: [
      [{ a: 1 }, { step: 1 }],
      [{ a: 2 }, none],
    ],
    rows: [{ _step: 1, a: 2 }],
  },
  {
    calls: [
      [{ a: 1 }, T()],
      [{ a: 2 }, none],
    ],
    rows: [
      { _step: 0, a: 1 },
      { _step: 1, a: 2 },
    ],
  },
  {
    calls: [
      [{ a: 1 }, F()],
      [{ a: 2 }, none],
    ],
    rows: [{ _step: 0, a: 2 }],
  },
]

describe('1.3 the truth table of steps', () => {
  it('is kept by the server, case by case', async () => {
    const runs = table.map(({ calls }, index) => ({ id: `case-${index + 1}`, calls }))
    await using script = new Script('calls.mjs', [JSON.stringify(runs)], env)
    expect(await script.exit()).toBe(0)
    for (const [index, { rows }] of table.entries()) {
      await endedRun(place, `case-${index + 1}`)
      expect(await storedRows(`case-${index + 1}`), `case ${index + 1}`).toEqual(rows)
    }
  })
})

describe('1.1, 1.2, 1.5, 1.6 what is logged', () => {
  let rows: Row[]
  let times: unknown[]
  let told: Row
  let stderr: string
  let summary: Row
  beforeAll(async () => {
    await using script = new Script('values.mjs', [], env)
    expect(await script.exit()).toBe(0)
    stderr = script.stderr
    told = script.lines.at(-1) ?? {}
    await endedRun(place, 'values')
    rows = await storedRows('values')
    times = (await (await reader.run('demo/values')).history()).map(({ _timestamp }) => _timestamp)
    summary = { ...(await reader.run('demo/values')).summary }
  })

  it('1.1 throws for what is no row and no step, and changes nothing', () => {
    expect(told['thrown']).toEqual(Array(11).fill('BAD_REQUEST'))
    expect(told['late']).toMatch(/run values is finished; log\(\) comes too late/)
  })

  it('1.2 says the step of the next row, takes a time but no step from the row, leaves gaps, drops what is lower with a warning, and ends the open row', () => {
    expect(told['steps']).toEqual([7, 20, 26])
    expect(rows.map(({ _step }) => _step)).toEqual([0, 1, 2, 3, 4, 6, 20, 25, 30])
    expect(rows.at(-1)).toEqual({ _step: 30, open: 1 })
    expect(rows[5]).toEqual({ _step: 6, x: 4 })
    expect(times[5]).toBe(5)
    expect(stderr).toContain('step 3 is below the current step 20')
    expect(stderr).toMatch(/step -1 is below .* \(1 more of the kind\)/)
  })

  it('1.5 keeps every kind of value as it is', () => {
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number
    expect(rows[1]).toEqual({ _step: 1, nan, infinity, minus: -infinity, zero: -0, tiny: Number.MIN_VALUE })
    expect(rows[2]).toMatchObject({ yes: true, no: false, nothing: null, text: 'a text', list: [1, [nan]] })
    expect(rows[2]).toMatchObject({ date: new Date(0).toISOString(), floats: [1, 2] })
  })

  it('1.6 opens records to dotted keys, and both spellings are one metric', () => {
    expect(rows[0]).toEqual({ _step: 0, x: 1, 'nested.a': 1, 'nested.b.c': 2, 'nested.d': 3 })
    expect(rows[3]).toEqual({ _step: 3, 'x.y': 2 })
    expect(summary).toMatchObject({ x: 8, 'x.y': 2, 'nested.b.c': 2, text: 'a text' })
    expect(summary).not.toHaveProperty('nothing')
    expect(summary).not.toHaveProperty('empty')
  })
})

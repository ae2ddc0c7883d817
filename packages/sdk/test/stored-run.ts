import { liveRunStates, type Run } from '@kiroku/core/runs'
import { type Caller, client, readPoints } from '@kiroku/testkit'
import { expect } from 'vitest'
import { until } from './script.ts'

export type Place = Caller & { organization: string }

/** A run as the server has it; undefined while it knows none. */
export async function storedRun(place: Place, run: string): Promise<Run | undefined> {
  try {
    return await client(place).runs.byId.query({ organization: place.organization, project: 'demo', run })
  } catch (cause) {
    if (cause instanceof Error && /NOT_FOUND|no run|no project|not found/i.test(cause.message)) return undefined
    if (cause instanceof Error && /fetch failed|ECONN/.test(`${cause.message} ${cause.cause}`)) return undefined
    throw cause
  }
}

/** The run once it goes on no more. */
export async function endedRun(place: Place, run: string): Promise<Run> {
  let state = 'unknown to the server'
  const ended = async (): Promise<Run | undefined> => {
    const stored = await storedRun(place, run)
    state = stored?.state ?? state
    return stored !== undefined && !liveRunStates.includes(stored.state) ? stored : undefined
  }
  return until(ended, () => `run ${run} to end, which is ${state}`)
}

/** Reads back every row that `train.mjs` logged; expects rows 0 to `count - 1`, each once, and answers the count. */
export async function expectRows(place: Place, run: string, count?: number): Promise<number> {
  const address = { organization: place.organization, project: 'demo', run }
  const [row, wave, half] = await Promise.all(
    ['row', 'wave', 'half'].map((metric) => readPoints(place, { ...address, metric })),
  )
  if (row === undefined || wave === undefined || half === undefined) throw new Error('a metric is missing')
  const expected = Float64Array.from({ length: count ?? row.values.length }, (_, index) => index)
  expect(row.steps).toEqual(expected)
  expect(row.values).toEqual(expected)
  expect(wave.values).toEqual(expected.map(Math.sin))
  expect(half.values).toEqual(expected.map((index) => index / 2))
  const { metrics } = await client(place).metrics.byRun.query(address)
  const totals = metrics.filter(({ stream }) => stream === 'history').map(({ name, count: points }) => [name, points])
  const each = expected.length
  expect(Object.fromEntries(totals)).toEqual(each === 0 ? {} : { row: each, wave: each, half: each })
  return expected.length
}

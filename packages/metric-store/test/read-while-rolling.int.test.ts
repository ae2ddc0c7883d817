import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openEmbeddedEngine } from '../src/engine/embedded-engine.ts'
import type { Engine } from '../src/engine/engine.ts'
import { readGroups } from '../src/groups/read-groups.ts'
import { openMetricStore } from '../src/index.ts'
import { insertPoints } from '../src/insert.ts'
import { readMeasures } from '../src/measures/read-measures.ts'
import { Freshness } from '../src/rollups/freshness.ts'
import { Roller } from '../src/rollups/roller.ts'
import { readSeries } from '../src/series/series.ts'
import { temporaryDirectory } from './stores.ts'

/** A store whose rollups are filled between two reads of one answer: when the `turn`th read has been answered. */
async function rolledWithin(count: number) {
  const directory = temporaryDirectory()
  const { path } = directory
  await (await openMetricStore({ kind: 'embedded', path })).close()
  const engine = await openEmbeddedEngine(path)
  onTestFinished(async () => {
    await engine.close()
    directory[Symbol.dispose]()
  })
  const freshness = await Freshness.read(engine, null)
  const roller = new Roller(engine, freshness)
  const [project, run] = [randomUUID(), randomUUID()]
  const log = async (version: number, from: number, values: readonly number[]): Promise<void> => {
    const steps = Float64Array.from(values, (_, index) => from + index)
    const metrics = [{ name: 'loss', rows: null, values: Float64Array.from(values) }]
    const points = [{ project, run, stream: 'history' as const, version, steps, times: steps, metrics }]
    const settle = freshness.begin(points)
    await insertPoints(engine, points).finally(settle)
  }
  await log(
    1,
    0,
    Array.from({ length: count }, () => 1),
  )
  await roller.roll()
  // What comes since is the highest, and no rollup knows it yet.
  await log(2, count, [7])
  const reading = (turn: number): Engine => {
    let reads = 0
    return {
      ...engine,
      async columns(statement) {
        const answer = await engine.columns(statement)
        if (++reads === turn) await roller.roll()
        return answer
      },
    }
  }
  return { project, run, freshness, reading, log, engine }
}

test.each([1, 2])('points that the rollups learn of after read %i of an answer are in it', async (turn) => {
  const { project, run, freshness, reading } = await rolledWithin(3000)
  const measures = [{ kind: 'best', metric: 'loss', goal: 'max' } as const]
  const [best] = await readMeasures(reading(turn), freshness, { project, runs: [run], measures }, undefined)
  expect(best?.[0]).toMatchObject({ value: 7, step: 3000 })
})

test.each([1, 2, 3, 4])('a group has points that the rollups learn of after read %i of it', async (turn) => {
  const { project, run, freshness, reading } = await rolledWithin(3000)
  const groups = [{ runs: [{ run, x: { kind: 'step' } as const, segments: [] }] }]
  const request = { project, stream: 'history' as const, metric: 'loss', groups, buckets: 2 }
  const answer = await readGroups(reading(turn), freshness, request, undefined)
  const columns = answer.groups[0]?.columns
  expect(columns?.count.reduce((sum, count) => sum + count, 0)).toBe(3001)
  expect(columns?.max.at(-1)).toBe(7)
  expect(answer.range).toEqual({ from: 0, to: 3000 })
})

test('more points than are read as they are, which the rollups are behind of, are cut in the engine and all there', async () => {
  const { project, run, freshness, log, engine } = await rolledWithin(3000)
  const later = Array.from({ length: 1_000_001 }, (_, index) => (index === 500_000 ? -5 : 2))
  await log(3, 3001, later)
  let most = 0
  const watched: Engine = {
    ...engine,
    async columns(statement) {
      const blocks = await engine.columns(statement)
      const points = blocks.flatMap(({ columns }) => [...columns.values()]).flat()
      most = Math.max(most, ...points.map((column) => (column instanceof Float64Array ? column.length : 0)))
      return blocks
    },
  }
  const series = [{ run, metric: 'loss', stream: 'history' as const, x: { kind: 'step' } as const, segments: [] }]
  const answer = await readSeries(watched, freshness, { project, width: 100, series }, undefined)
  const [drawn] = answer.series
  expect(drawn).toMatchObject({ form: 'buckets', count: 3001 + later.length })
  expect(answer.range).toEqual({ from: 0, to: 3000 + later.length })
  if (drawn?.form !== 'buckets') throw new Error('no buckets')
  expect(Math.min(...drawn.columns.minY)).toBe(-5)
  expect(drawn.columns.minX[drawn.columns.minY.indexOf(-5)]).toBe(503_001)
  expect(Math.max(...drawn.columns.maxY)).toBe(7)
  // One more than may be: that there are too many.
  expect(most).toBe(1_000_001)
})

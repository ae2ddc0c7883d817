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
  return { project, run, freshness, reading }
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

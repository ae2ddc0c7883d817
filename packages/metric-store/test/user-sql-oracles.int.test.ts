import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MetricStore } from '../src/index.ts'
import { marker, over, pointsOf, type TestProject, testProject } from './sql-fixture.ts'
import { engines, type TestStore } from './stores.ts'

/**
 * An expression that fails on a value tells of the value by failing: so none may be computed of a row of another project, though the rows
 * lie in the same block of the same table. Each of these fails on what the other project has, and on nothing of the own one.
 */
const oracles = [
  'SELECT count() FROM points WHERE toInt64(metric) >= 0',
  "SELECT count() FROM points WHERE toInt64(metric) >= 0 AND run = '7'",
  "SELECT count() FROM points WHERE toInt64(metric) >= 0 AND run IN ('7', '8')",
  "SELECT count() FROM points WHERE run = '7' AND toInt64(metric) >= 0 AND step >= 0",
  'SELECT count() FROM points WHERE toInt64(run) > 0 AND toInt64(metric) > 0',
  'SELECT sum(toInt64(metric)) FROM points',
  'SELECT toInt64(metric) AS m, count() FROM points GROUP BY m',
  'SELECT max(toInt64(metric)) FROM points WHERE value > 0',
  'SELECT count() FROM points WHERE intDiv(1, toInt64(value) - 5) < 100',
  'SELECT count() FROM points WHERE intDiv(1, step - 3) < 100 AND value = 1',
  'SELECT count() FROM points AS p JOIN runs AS r ON r.run = p.run WHERE toInt64(p.metric) > 0',
  'SELECT count() FROM runs AS r JOIN points AS p ON r.run = p.run AND toInt64(p.metric) > 0',
  'SELECT count() FROM points AS a JOIN points AS b ON toInt64(a.metric) = toInt64(b.metric)',
  'SELECT count() FROM runs WHERE toInt64(run) IN (SELECT toInt64(metric) + 6 FROM points)',
  'SELECT step FROM points ORDER BY toInt64(metric) LIMIT 1',
  'SELECT count() FROM (SELECT metric FROM points) WHERE toInt64(metric) = 1',
  'WITH m AS (SELECT toInt64(metric) AS x FROM points) SELECT max(x) FROM m WHERE x = 1',
  'SELECT count() FROM texts WHERE toInt64(value) = 1',
  "SELECT count() FROM texts WHERE toInt64(value) = 1 AND run = '7'",
  'SELECT count() FROM console WHERE toInt64(text) = 1',
  'SELECT any(toInt64(text)) FROM console WHERE line >= 0',
]

for (const { kind, open, isMissing } of engines) {
  describe.skipIf(isMissing)(`a value of another project on the ${kind} engine`, () => {
    let opened: TestStore
    let store: MetricStore
    let own: TestProject

    beforeAll(async () => {
      opened = await open()
      store = opened.store
      own = testProject()
      // In one insert, which makes one part: before and behind the own rows in the order of the tables.
      const projects = [own, ...Array.from({ length: 20 }, testProject)]
      const rows = projects.map(({ project, add }) => {
        const isOwn = project === own.project
        return { project, run: add({ run: '7' }), version: 1, metric: isOwn ? '1' : marker, text: isOwn ? '1' : marker }
      })
      await store.insert(
        rows.map((row) => pointsOf(row, row.project === own.project ? [1, 2, 3] : [1, 2, 3, 4, 5, 6, 7])),
        rows.map((row) => ({ ...row, step: 0, time: 0, value: row.text === '1' ? 1 : row.text })),
        rows.map((row) => ({ ...row, writer: row.run, label: null, line: 0, stream: 'stdout', time: 0 })),
      )
    })

    afterAll(async () => {
      await opened[Symbol.asyncDispose]()
    })

    test.each(oracles)('does not show in what fails: %s', async (query) => {
      expect((await over(store, own, query)).rows).toHaveLength(1)
    })
  })
}

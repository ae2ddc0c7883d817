import type { Engine } from '../engine/engine.ts'
import { numbersOf, stringsOf } from '../engine/native-format.ts'
import { bucketSize, type FieldName, fieldNames, fields } from './bucket.ts'
import { listSeries, readPages } from './fresh-points.ts'
import type { Freshness } from './freshness.ts'
import { SeriesRollup } from './series-rollup.ts'
import { bucketOf, selectedBuckets, storedField } from './stored-fields.ts'
import { keyOf, readWholes, type StoreSeriesKey } from './stored-rollups.ts'

/** How many series were counted, and in which the rollups are not what their points amount to, with the first difference. */
export type RollupCheck = { series: number; wrong: string[] }

/** Counts every series anew from its points and compares all of its buckets. For a store that nobody writes to meanwhile. */
export async function checkRollups(engine: Engine, freshness: Freshness): Promise<RollupCheck> {
  const to = await freshness.progress()
  const check: RollupCheck = { series: 0, wrong: [] }
  for (const { project, run } of await listRuns(engine)) {
    const stored = await readWholes(engine, project, [run])
    const series = new Map([...stored].map(([name, { key }]) => [name, key]))
    for (const key of await listSeries(engine, project, run)) series.set(keyOf(key), key)
    for (const [name, key] of series) {
      check.series++
      const difference = await compare(engine, key, stored.get(name)?.validFrom ?? 0, to)
      if (difference !== null) check.wrong.push(`${project} ${name}: ${difference}`)
    }
  }
  return check
}

async function listRuns(engine: Engine): Promise<{ project: string; run: string }[]> {
  const blocks = await engine.columns({
    sql: `SELECT toString(project) AS projectKey, toString(run) AS runKey
          FROM (SELECT DISTINCT project, run FROM points UNION DISTINCT SELECT DISTINCT project, run FROM rollups)`,
  })
  return blocks.flatMap((block) => {
    const runs = stringsOf(block, 'runKey')
    return stringsOf(block, 'projectKey').map((project, row) => ({ project, run: runs[row] ?? '' }))
  })
}

type Buckets = Map<string, Record<FieldName, number>>

async function compare(engine: Engine, key: StoreSeriesKey, validFrom: number, to: number): Promise<string | null> {
  const rollup = new SeriesRollup()
  const counted: Buckets = new Map()
  const collect = (level: number, numbers: Float64Array, at: number): void => {
    const bucket: Record<FieldName, number> = { ...fields }
    for (const name of fieldNames) bucket[name] = numbers.subarray(at, at + bucketSize)[fields[name]] ?? Number.NaN
    counted.set(`level ${level} at step ${bucket.start}`, bucket)
  }
  for await (const page of readPages(engine, key, { after: 0, to })) rollup.append(page, collect)
  rollup.flush(collect)
  const stored = await readBuckets(engine, key, validFrom)
  for (const [place, bucket] of counted) {
    const found = stored.get(place)
    if (!found) return `${place} is missing`
    const name = fieldNames.find((field) => !isSame(field, found[field], bucket))
    if (name) return `${place} has ${name} ${found[name]} where its points give ${bucket[name]}`
  }
  const left = [...stored.keys()].find((place) => !counted.has(place))
  return left === undefined ? null : `${left} has no points`
}

/** Sums of the same numbers in another order may differ in their last digits. */
function isSame(name: FieldName, found: number, bucket: Readonly<Record<FieldName, number>>): boolean {
  const expected = bucket[name]
  if (Object.is(found, expected) || found === expected) return true
  if (name !== 'sum' && name !== 'deviation') return false
  const size = Math.max(Math.abs(bucket.min), Math.abs(bucket.max)) * bucket.count
  const scale = name === 'sum' ? size : size * Math.max(Math.abs(bucket.min), Math.abs(bucket.max))
  return Math.abs(found - expected) <= Math.max(1e-9 * scale, 1e-6 * Math.abs(expected))
}

async function readBuckets(engine: Engine, key: StoreSeriesKey, validFrom: number): Promise<Buckets> {
  const { project, run, stream, metric } = key
  const blocks = await engine.columns({
    sql: `SELECT level, ${selectedBuckets} FROM rollups FINAL
          WHERE project = {project:UUID} AND run = {run:UUID} AND stream = {stream:String}
            AND metric = {metric:String} AND version >= {validFrom:UInt64} AND ${storedField('count')} > 0`,
    parameters: { project, run, stream, metric, validFrom },
  })
  const buckets: Buckets = new Map()
  for (const block of blocks)
    for (let row = 0; row < block.rows; row++) {
      const bucket = bucketOf(block, row)
      buckets.set(`level ${numbersOf(block, 'level')[row]} at step ${bucket.start}`, bucket)
    }
  return buckets
}

import { KirokuError } from '@kiroku/core/errors'
import { wireValueSchema } from '@kiroku/core/values'
import * as z from 'zod'
import type { Engine, Parameters } from './engine/engine.ts'
import { numbersOf, stringsOf } from './engine/native-format.ts'
import type { RowQuery, StoredRow } from './types.ts'

const textRowSchema = z.object({
  metric: z.string(),
  step: z.coerce.number(),
  time: z.coerce.number(),
  value: z.string().transform((text) => wireValueSchema.parse(JSON.parse(text))),
})

/** Which values are meant, and which of their steps, both as conditions. */
type Wanted = { where: string; ofRows: string; parameters: Parameters }

function wantedOf({ project, run, stream, metrics, from, to, sample }: RowQuery): Wanted {
  const conditions = ['project = {project:UUID}', 'run = {run:UUID}']
  if (metrics !== undefined) conditions.push('metric IN {metrics:Array(String)}')
  if (from !== undefined) conditions.push('step >= {from:Int64}')
  if (to !== undefined) conditions.push('step <= {to:Int64}')
  const where = conditions.join(' AND ')
  const steps = stepsSql(where, stream === 'history', metrics !== undefined)
  return {
    where,
    ofRows:
      sample !== undefined
        ? `AND step IN (${spreadSql(steps)})`
        : metrics !== undefined
          ? `AND step IN (${steps})`
          : '',
    parameters: {
      project,
      run,
      stream,
      ...(metrics !== undefined && { metrics: [...new Set(metrics)], wanted: new Set(metrics).size }),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(sample !== undefined && { sample }),
    },
  }
}

/** The steps of rows; with `isWhole` of those that have all metrics that are asked for. */
function stepsSql(where: string, hasTexts: boolean, isWhole: boolean): string {
  const points = `SELECT step, CAST(metric, 'String') AS name FROM points WHERE ${where} AND stream = {stream:String}`
  const texts = `SELECT step, CAST(metric, 'String') AS name FROM texts WHERE ${where}`
  return `SELECT step FROM (${hasTexts ? `${points} UNION ALL ${texts}` : points}) GROUP BY step
    ${isWhole ? 'HAVING uniqExact(name) >= {wanted:UInt64}' : ''}`
}

/** Of more steps than `sample` so many, evenly spread over their places, the first and the last among them. */
function spreadSql(steps: string): string {
  const mark = (place: string): string =>
    `intDiv((${place}) * (toInt64({sample:UInt64}) - 1), greatest(toInt64(total) - 1, 1))`
  return `SELECT step FROM (
      SELECT step, toInt64(row_number() OVER (ORDER BY step)) - 1 AS place, count() OVER () AS total FROM (${steps}))
    WHERE total <= {sample:UInt64} OR place = 0 OR ${mark('place')} > ${mark('place - 1')}`
}

/**
 * Rows of a run as they were logged, by step: of all its metrics, or those that have all of some. Throws TOO_LARGE for more values
 * than `maxValues`.
 */
export async function readRows(engine: Engine, query: RowQuery): Promise<StoredRow[]> {
  const { where, ofRows, parameters } = wantedOf(query)
  const limit = query.maxValues + 1
  const [blocks, texts] = await Promise.all([
    engine.columns({
      sql: `SELECT CAST(metric, 'String') AS name, toFloat64(step) AS stepOf, toFloat64(time) AS timeOf, value
            FROM (SELECT metric, step, time, value FROM points FINAL
                  WHERE ${where} AND stream = {stream:String} ${ofRows} LIMIT ${limit})
            ORDER BY stepOf, name`,
      parameters,
    }),
    query.stream === 'history'
      ? engine.query({
          sql: `SELECT metric, step, time, value FROM texts FINAL WHERE ${where} ${ofRows} LIMIT ${limit}`,
          parameters,
          row: textRowSchema,
        })
      : [],
  ])
  const rows = new Map<number, StoredRow>()
  const rowAt = (step: number, time: number): StoredRow => {
    const known = rows.get(step)
    const row = known ?? { step, time, numbers: new Map(), texts: new Map() }
    row.time = Math.max(row.time, time)
    if (!known) rows.set(step, row)
    return row
  }
  let count = texts.length
  for (const block of blocks) {
    const [steps, times, values] = ['stepOf', 'timeOf', 'value'].map((name) => numbersOf(block, name))
    count += block.rows
    for (const [index, name] of stringsOf(block, 'name').entries())
      rowAt(steps?.[index] ?? 0, times?.[index] ?? 0).numbers.set(name, values?.[index] ?? 0)
  }
  if (count > query.maxValues)
    throw new KirokuError({
      code: 'TOO_LARGE',
      message: `these rows have more than ${query.maxValues} values; ask for fewer steps or metrics at once`,
    })
  for (const { metric, step, time, value } of texts) rowAt(step, time).texts.set(metric, value)
  return [...rows.values()].sort((left, right) => left.step - right.step)
}

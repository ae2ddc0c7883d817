import type { Engine } from './engine/engine.ts'
import { numbersOf } from './engine/native-format.ts'
import type { PointChunk, PointQuery } from './types.ts'

const pointsPerChunk = 500_000
const laterSteps = 'AND step > {lastStep:Int64}'

/** Points of one series, sorted by step, read a chunk at a time. */
export async function* readPoints(engine: Engine, query: PointQuery): AsyncIterable<PointChunk> {
  const { project, run, stream, metric } = query
  let left = query.limit ?? Number.POSITIVE_INFINITY
  let lastStep = query.after ?? 0
  let after = query.after === undefined ? '' : laterSteps
  while (left > 0) {
    const asked = Math.min(pointsPerChunk, left)
    const blocks = await engine.columns({
      sql: `SELECT toFloat64(step) AS step, toFloat64(time) AS time, value
            FROM (SELECT step, time, value FROM points FINAL
                  WHERE project = {project:UUID} AND run = {run:UUID} AND stream = {stream:String}
                    AND metric = {metric:String} ${after}
                  ORDER BY step LIMIT ${asked})
            ORDER BY step`,
      parameters: { project, run, stream, metric, lastStep },
    })
    const chunk = {
      steps: joined(blocks.map((block) => numbersOf(block, 'step'))),
      times: joined(blocks.map((block) => numbersOf(block, 'time'))),
      values: joined(blocks.map((block) => numbersOf(block, 'value'))),
    }
    const length = chunk.steps.length
    if (length > 0) yield chunk
    if (length < asked) return
    left -= length
    lastStep = chunk.steps[length - 1] ?? 0
    after = laterSteps
  }
}

function joined(pieces: readonly Float64Array<ArrayBuffer>[]): Float64Array<ArrayBuffer> {
  const [only] = pieces
  if (pieces.length === 1 && only) return only
  const all = new Float64Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let offset = 0
  for (const piece of pieces) {
    all.set(piece, offset)
    offset += piece.length
  }
  return all
}

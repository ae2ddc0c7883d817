import type { Parameters } from '../engine/engine.ts'

/** Steps of one run, both included. */
export type Stretch = { run: string; from: number; to: number }

/** Stretches that one statement names, at most, and how far apart they may begin unless they are wide themselves. */
const stretchesPerStatement = 256
const startsPerStatement = 32_768
/** The end of a stretch that has none. */
export const lastStep = Number.MAX_SAFE_INTEGER
/**
 * The condition for the rows of one stretch a run, by a column of steps. The primary key prunes by the runs and by the range that
 * all stretches are in: to hold every part of it against hundreds of stretches would take longer than to read some more rows.
 */
export function pickedRows(
  stretches: readonly Stretch[],
  column: 'step' | 'start',
): { condition: string; values: Parameters } {
  const bound = (list: string): string => `transform(run, {runs:Array(UUID)}, {${list}:Array(Int64)}, toInt64(0))`
  return {
    condition: `run IN {runs:Array(UUID)} AND ${column} >= {least:Int64} AND ${column} <= {most:Int64}
                AND ${column} >= ${bound('froms')} AND ${column} <= ${bound('tos')}`,
    values: {
      runs: stretches.map(({ run }) => run),
      froms: stretches.map(({ from }) => from),
      tos: stretches.map(({ to }) => to),
      least: stretches.reduce((least, { from }) => Math.min(least, from), Number.MAX_SAFE_INTEGER),
      most: stretches.reduce((most, { to }) => Math.max(most, to), Number.MIN_SAFE_INTEGER),
    },
  }
}

/** Stretches that lie near each other, together: a statement reads the range that they are all in. */
export function chunked<T extends Stretch>(stretches: readonly T[]): T[][] {
  const chunks: T[][] = []
  for (const stretch of [...stretches].sort((a, b) => a.from - b.from)) {
    const chunk = chunks.at(-1)
    const first = chunk?.[0]
    const reach = first ? Math.max(startsPerStatement, first.to === lastStep ? 0 : first.to - first.from) : 0
    const isNear = first !== undefined && stretch.from - first.from <= reach
    if (chunk && isNear && chunk.length < stretchesPerStatement) chunk.push(stretch)
    else chunks.push([stretch])
  }
  return chunks
}

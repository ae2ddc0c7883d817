import type { Measure, Measured } from '@kiroku/core/measures'
import type { Engine, Statement } from '../engine/engine.ts'
import { type NativeBlock, numbersOf, stringsOf } from '../engine/native-format.ts'
import { type KnownRun, readKnownRuns } from '../groups/known-runs.ts'
import { chunked, lastStep, type Stretch } from '../groups/stretches.ts'
import type { Freshness } from '../rollups/freshness.ts'
import { levelCount, pointsOfLevel, smallestBucket } from '../rollups/levels.ts'
import { withKey } from '../series/groups.ts'
import type { Asking } from '../series/raw-series.ts'
import { firstReachingStatement, type MeasuredRows, measureStatement, type StoredStretch } from './measure-sql.ts'

/** Some measures of some runs of a project, by their UUIDs. */
export type StoreMeasuresRequest = { project: string; runs: readonly string[]; measures: readonly Measure[] }

/** Stored buckets of a run that are looked at at once, as a rule: those of three levels below one. */
const rowsAtOnce = 64
const levelsAtOnce = 3

/**
 * Measures runs: for each run, each measure, null without such a point. What the bucket of a whole series tells costs nothing
 * more; else stored buckets say which few points to read. Runs that the rollups do not tell of are read from all their points.
 */
export async function readMeasures(
  engine: Engine,
  freshness: Freshness,
  { project, runs, measures }: StoreMeasuresRequest,
  signal: AbortSignal | undefined,
): Promise<(Measured | null)[][]> {
  const asking = { engine, project, signal }
  const unique = [...new Set(runs)]
  const known = new Map<string, Map<string, KnownRun>>()
  for (const metric of new Set(measures.map((measure) => measure.metric))) {
    const series = unique.map((run) => withKey({ run, metric, stream: 'history', x: { kind: 'step' }, segments: [] }))
    const { byKey } = await readKnownRuns(asking, freshness, series)
    known.set(metric, new Map([...byKey.values()].map((of) => [of.entry.run, of])))
  }
  const found = await Promise.all(
    measures.map((measure) => readMeasure(asking, unique, known.get(measure.metric) ?? new Map(), measure)),
  )
  return runs.map((run) => found.map((ofMeasure) => ofMeasure.get(run) ?? null))
}

type Found = Map<string, Measured>

async function readMeasure(
  asking: Asking,
  runs: readonly string[],
  known: ReadonlyMap<string, KnownRun>,
  measure: Measure,
): Promise<Found> {
  const unknown = runs.filter((run) => !known.has(run))
  const [all, rolled] = await Promise.all([
    readPoints(asking, measure, { runs: unknown }),
    readRolled(asking, [...known.values()], measure),
  ])
  return new Map([...all.found, ...rolled])
}

function readRolled(asking: Asking, known: readonly KnownRun[], measure: Measure): Promise<Found> {
  switch (measure.kind) {
    case 'best':
      return readBest(asking, known, measure)
    case 'target':
      return readTarget(asking, known, measure)
    case 'last':
      return readLast(asking, known, measure)
  }
}

async function readBest(
  asking: Asking,
  known: readonly KnownRun[],
  measure: Extract<Measure, { kind: 'best' }>,
): Promise<Found> {
  const isMin = measure.goal === 'min'
  const { found: fresh } = await readPoints(asking, measure, { stretches: freshStretches(known) })
  const found: Found = new Map(fresh)
  for (const { entry, whole } of known) {
    const { bucket } = whole
    const later = fresh.get(entry.run)
    const value = isMin ? bucket.min : bucket.max
    if (Number.isNaN(value)) continue
    // Of equal values the first stands, and the points that came since are later ones.
    if (later && (isMin ? later.value < value : later.value > value)) continue
    const [step, time] = isMin ? [bucket.minStep, bucket.minTime] : [bucket.maxStep, bucket.maxTime]
    found.set(entry.run, { value, step, time })
  }
  return found
}

/** The points that came since the rollups of these runs were filled, which all lie behind them. */
function freshStretches(known: readonly KnownRun[]): Stretch[] {
  return known
    .filter(({ hasFresh }) => hasFresh)
    .map(({ entry, whole }) => ({ run: entry.run, from: whole.bucket.lastStep + 1, to: lastStep }))
}

async function readTarget(
  asking: Asking,
  known: readonly KnownRun[],
  measure: Extract<Measure, { kind: 'target' }>,
): Promise<Found> {
  const isReached = ({ whole: { bucket } }: KnownRun): boolean =>
    measure.direction === 'atLeast' ? bucket.max >= measure.target : bucket.min <= measure.target
  const reached = known.filter(isReached)
  const stretches = await firstReaching(asking, reached, measure)
  const [later, inBucket] = await Promise.all([
    readPoints(asking, measure, { stretches: freshStretches(known.filter((run) => !isReached(run))) }),
    readPoints(asking, measure, { stretches }),
  ])
  // What was stored anew meanwhile is not where it was.
  const missing = reached.map(({ entry }) => entry.run).filter((run) => !inBucket.found.has(run))
  const all = await readPoints(asking, measure, { runs: missing })
  return new Map([...later.found, ...inBucket.found, ...all.found])
}

/** The steps of the first smallest bucket of each run that reaches a target, found level by level. */
async function firstReaching(
  asking: Asking,
  runs: readonly KnownRun[],
  measure: Extract<Measure, { kind: 'target' }>,
): Promise<Stretch[]> {
  const done: Stretch[] = []
  let open = runs.map(({ entry, whole: { bucket, validFrom } }) => ({
    level: levelFor(bucket.count),
    stretch: { run: entry.run, from: bucket.start, to: bucket.lastStep, validFrom },
  }))
  while (open.length > 0) {
    const next: typeof open = []
    for (const level of new Set(open.map((entry) => entry.level))) {
      const stretches = open.filter((entry) => entry.level === level).map(({ stretch }) => stretch)
      for (const stretch of await readReaching(asking, measure, level, stretches)) {
        if (level === 0) done.push(stretch)
        else next.push({ level: Math.max(0, level - levelsAtOnce), stretch })
      }
    }
    open = next
  }
  return done
}

function levelFor(points: number): number {
  let level = 0
  while (level < levelCount - 1 && points / pointsOfLevel(level) > rowsAtOnce) level++
  return level
}

async function readReaching(
  asking: Asking,
  measure: Extract<Measure, { kind: 'target' }>,
  level: number,
  stretches: readonly StoredStretch[],
): Promise<StoredStretch[]> {
  const byRun = new Map(stretches.map((stretch) => [stretch.run, stretch]))
  const statements = chunked(stretches).map((some) => firstReachingStatement(asking.project, measure, level, some))
  const blocks = await readAll(asking, statements)
  return blocks.flatMap((block) => {
    const [from, to] = ['firstOf', 'finalOf'].map((name) => numbersOf(block, name))
    return stringsOf(block, 'runKey').map((run, row) => ({
      run,
      from: from?.[row] ?? 0,
      to: to?.[row] ?? 0,
      validFrom: byRun.get(run)?.validFrom ?? 0,
    }))
  })
}

/** Reads the last points of each run, from where so many of them are if they lie evenly, or from further back. */
async function readLast(
  asking: Asking,
  known: readonly KnownRun[],
  measure: Extract<Measure, { kind: 'last' }>,
): Promise<Found> {
  const found: Found = new Map()
  let wanted = known
  for (let points = measure.count + smallestBucket; wanted.length > 0; points *= 16) {
    const isWhole = ({ count }: KnownRun): boolean => points >= count
    const stretches = wanted.map((run) => ({
      run: run.entry.run,
      from: isWhole(run) ? run.minX : Math.floor(run.maxX - ((run.maxX - run.minX) / run.count) * points),
      // Points may have come since.
      to: lastStep,
    }))
    const read = await readPoints(asking, measure, { stretches })
    for (const [run, measured] of read.found) found.set(run, measured)
    wanted = wanted.filter((run) => !isWhole(run) && (read.counts.get(run.entry.run) ?? 0) < measure.count)
  }
  return found
}

/** What was found by run, and of how many points. */
async function readPoints(
  asking: Asking,
  measure: Measure,
  where: MeasuredRows,
): Promise<{ found: Found; counts: Map<string, number> }> {
  const parts =
    'runs' in where
      ? where.runs.length > 0
        ? [where]
        : []
      : chunked(where.stretches).map((stretches) => ({ stretches }))
  const blocks = await readAll(
    asking,
    parts.map((part) => measureStatement(asking.project, measure, part)),
  )
  const found: Found = new Map()
  const counts = new Map<string, number>()
  for (const block of blocks) {
    const at = (name: string, row: number): number => numbersOf(block, name)[row] ?? 0
    for (const [row, run] of stringsOf(block, 'runKey').entries()) {
      counts.set(run, at('found', row))
      if (at('found', row) > 0 && at('finite', row) > 0)
        found.set(run, { value: at('valueOf', row), step: at('stepOf', row), time: at('timeOf', row) })
    }
  }
  return { found, counts }
}

async function readAll({ engine, signal }: Asking, statements: readonly Statement[]): Promise<NativeBlock[]> {
  const answers = await Promise.all(statements.map((statement) => engine.columns({ ...statement, signal })))
  return answers.flat()
}

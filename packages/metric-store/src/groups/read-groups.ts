import { type Buckets, cutBuckets } from '@kiroku/core/buckets'
import { KirokuError } from '@kiroku/core/errors'
import { type GroupColumn, type GroupColumns, type GroupSeries, groupColumnsFrom } from '@kiroku/core/groups'
import type { Engine } from '../engine/engine.ts'
import { arraysOf, type NativeBlock, numbersOf } from '../engine/native-format.ts'
import type { Freshness } from '../rollups/freshness.ts'
import { groupSeries, type KeyedSeries, seriesKeyOf, withKey } from '../series/groups.ts'
import { type Asking, type Facts, readFacts } from '../series/raw-series.ts'
import { groupsStatement, type Part, wideRowsStatement } from './group-sql.ts'
import type { StoreGroupsAnswer, StoreGroupsRequest } from './group-types.ts'
import { type KnownRuns, readKnownRuns } from './known-runs.ts'
import { groupLevel } from './plan-groups.ts'
import { chunked, type Stretch } from './stretches.ts'

type Range = { from: number; to: number }

/** A series with more stored buckets that are too wide for the cut comes from a lower level, or from its points. */
const maxWideRows = 16
/** How often the answer is asked for when the rollups are filled meanwhile, before they are left out. */
const attempts = 3

/**
 * Reads groups: in one query each run's sums by bucket, of stored buckets of the highest level that fits, of the points that
 * came since, and of the points of runs that the rollups do not tell of, and over these the figures of each group.
 */
export async function readGroups(
  engine: Engine,
  freshness: Freshness,
  request: StoreGroupsRequest,
  signal: AbortSignal | undefined,
): Promise<StoreGroupsAnswer> {
  const asking = { engine, project: request.project, signal }
  const { series, groupsOf } = membersOf(request)
  for (let attempt = 0; attempt < attempts; attempt++) {
    const known = await readKnownRuns(asking, freshness, series)
    const answer = await readOnce(asking, request, series, groupsOf, known)
    if (answer !== null) return answer
  }
  const none = await readKnownRuns(asking, freshness, [])
  const answer = await readOnce(asking, request, series, groupsOf, {
    ...none,
    factsOf: placesOf(series),
  })
  if (answer === null) throw new KirokuError({ code: 'INTERNAL', message: 'points cannot be older than their rollups' })
  return answer
}

function placesOf(series: readonly KeyedSeries[]): KnownRuns['factsOf'] {
  const places = new Map(series.map((entry, place) => [entry.key, place]))
  return (key) => ({ place: places.get(key) ?? 0, lastStep: 0, version: 0, validFrom: 0 })
}

/** Each run once, and of each in which groups it is. */
function membersOf({ groups, metric, stream }: StoreGroupsRequest): {
  series: KeyedSeries[]
  groupsOf: number[][]
} {
  const places = new Map<string, number>()
  const series: KeyedSeries[] = []
  const groupsOf: Set<number>[] = []
  for (const [index, { runs }] of groups.entries())
    for (const { run, x, segments } of runs) {
      const place = places.get(run) ?? series.length
      if (place === series.length) {
        places.set(run, place)
        series.push(withKey({ run, metric, stream, x, segments }))
        groupsOf.push(new Set())
      } else if (JSON.stringify(series[place]?.x) !== JSON.stringify(x))
        throw new KirokuError({ code: 'BAD_REQUEST', message: `run ${run} was given two x axes` })
      groupsOf[place]?.add(index)
    }
  return { series, groupsOf: groupsOf.map((some) => [...some]) }
}

async function readOnce(
  asking: Asking,
  request: StoreGroupsRequest,
  series: readonly KeyedSeries[],
  groupsOf: readonly (readonly number[])[],
  known: KnownRuns,
): Promise<StoreGroupsAnswer | null> {
  const unknown = series.filter((entry) => !known.byKey.has(entry.key))
  // Over a metric the count of points without an x is told, which is of the whole series.
  const counted = request.range ? unknown.filter(({ x }) => x.kind === 'metric') : unknown
  const facts = await readFacts(asking, counted, null)
  const range = request.range ?? extentOf(known, facts)
  const withoutX = request.groups.map(({ runs }) =>
    runs.reduce((sum, { run, x }) => {
      const key = seriesKeyOf({ run, x, metric: request.metric, stream: request.stream })
      return sum + (facts.get(key)?.withoutX ?? 0)
    }, 0),
  )
  if (range === null) return { range, buckets: request.buckets, groups: withoutX.map((without) => emptyGroup(without)) }
  const buckets = usable(cutBuckets(range, request.buckets))
  const { parts, rolled } = await planParts(asking, known, unknown, range, buckets)
  const rolledGroups = new Set(series.flatMap((entry, place) => (rolled.has(entry.key) ? groupsOf[place] : [])))
  const read = parts.length === 0 ? [] : await readParts(asking, parts, groupsOf, known, range, buckets)
  if (read === null) return null
  return {
    range,
    buckets: buckets.count,
    groups: withoutX.map((without, index) => ({
      withoutX: without,
      isExact: !rolledGroups.has(index),
      columns: read[index] ?? emptyColumns(),
    })),
  }
}

const emptyColumns = (): GroupColumns => groupColumnsFrom(() => new Float64Array(0))
const emptyGroup = (withoutX: number): GroupSeries => ({ withoutX, isExact: true, columns: emptyColumns() })

/** A range so wide that its extent is not a finite number has one bucket. */
const usable = (buckets: Buckets): Buckets =>
  Number.isFinite(buckets.width) ? buckets : { from: buckets.from, width: Number.MAX_VALUE, count: 1 }

function extentOf(known: KnownRuns, facts: ReadonlyMap<string, Facts>): Range | null {
  const drawn = [...known.byKey.values(), ...facts.values()].filter(({ count }) => count > 0)
  if (drawn.length === 0) return null
  return drawn.reduce((range, { minX, maxX }) => ({ from: Math.min(range.from, minX), to: Math.max(range.to, maxX) }), {
    from: Number.POSITIVE_INFINITY,
    to: Number.NEGATIVE_INFINITY,
  })
}

/** What to read from where, and which series come from rollups. */
async function planParts(
  asking: Asking,
  known: KnownRuns,
  unknown: readonly KeyedSeries[],
  range: Range,
  buckets: Buckets,
): Promise<{ parts: Part[]; rolled: Set<string> }> {
  const levels = new Map<string, number>()
  const raw = [...unknown]
  for (const [key, run] of known.byKey) {
    if (run.maxX < range.from || run.minX > range.to) continue
    const level = groupLevel({ ...run, rolledCount: run.whole.bucket.count }, buckets)
    if (level === null) raw.push(run.entry)
    else levels.set(key, level)
  }
  const stretches = await findStretches(asking, known, levels, range, buckets)
  for (const [key, { entry }] of known.byKey) if (levels.get(key) === -1) raw.push(entry)
  for (const [key, level] of levels) if (level === -1) levels.delete(key)
  const rolled = [...levels].flatMap(([key, level]) => {
    const run = known.byKey.get(key)
    return run ? [{ ...run, level }] : []
  })
  const fresh = rolled.filter(({ hasFresh }) => hasFresh).map(({ entry }) => entry)
  const parts: Part[] = [
    ...[...new Set(levels.values())].flatMap((level) =>
      groupSeries(rolled.filter((run) => run.level === level).map(({ entry }) => entry)).map((group) => ({
        kind: 'rolled' as const,
        group,
        level,
      })),
    ),
    ...groupSeries(fresh).map((group) => ({ kind: 'fresh' as const, group, after: known.rolled })),
    ...groupSeries(raw).map((group) => ({ kind: 'raw' as const, group })),
    ...stretchParts(stretches),
  ]
  return { parts, rolled: new Set(levels.keys()) }
}

type FoundStretch = Stretch & { entry: KeyedSeries }

/**
 * The stretches of points whose stored bucket is too wide for the cut, as one is where a run paused. A series with many of
 * these gets a lower level in `levels`, -1 for its points.
 */
async function findStretches(
  asking: Asking,
  { byKey, factsOf }: KnownRuns,
  levels: Map<string, number>,
  range: Range,
  buckets: Buckets,
): Promise<FoundStretch[]> {
  const found: FoundStretch[] = []
  let open = [...levels.keys()]
  while (open.length > 0) {
    const wide = await readWideRows(asking, { byKey, factsOf }, open, levels, range, buckets)
    const again: string[] = []
    for (const [key, rows] of wide) {
      if (rows.length <= maxWideRows) {
        found.push(...rows)
        continue
      }
      const level = (levels.get(key) ?? 0) - 1
      levels.set(key, level)
      if (level >= 0) again.push(key)
    }
    open = again
  }
  return found
}

async function readWideRows(
  { engine, project, signal }: Asking,
  { byKey, factsOf }: Pick<KnownRuns, 'byKey' | 'factsOf'>,
  keys: readonly string[],
  levels: ReadonlyMap<string, number>,
  range: Range,
  buckets: Buckets,
): Promise<Map<string, FoundStretch[]>> {
  const byPlace = new Map<number, string>(keys.map((key) => [factsOf(key).place, key]))
  const found = new Map<string, FoundStretch[]>()
  const asked = [...new Set(keys.map((key) => levels.get(key) ?? 0))].flatMap((level) => {
    const some = keys.filter((key) => levels.get(key) === level).flatMap((key) => byKey.get(key)?.entry ?? [])
    return groupSeries(some).map((group) => ({ group, level }))
  })
  const read = asked.map(async (part) => {
    const statement = wideRowsStatement(project, part, factsOf, range, buckets)
    for (const block of await engine.columns({ ...statement, signal })) {
      const [places, from, to] = ['placeKey', 'firstOf', 'finalOf'].map((name) => numbersOf(block, name))
      for (let row = 0; row < block.rows; row++) {
        const key = byPlace.get(places?.[row] ?? 0) ?? ''
        const entry = byKey.get(key)?.entry
        if (!entry) continue
        const others = found.get(key) ?? []
        others.push({ entry, run: entry.run, from: from?.[row] ?? 0, to: to?.[row] ?? 0 })
        found.set(key, others)
      }
    }
  })
  await Promise.all(read)
  return found
}

function stretchParts(found: readonly FoundStretch[]): Part[] {
  const rounds: FoundStretch[][] = []
  const counts = new Map<string, number>()
  for (const stretch of found) {
    const round = counts.get(stretch.run) ?? 0
    counts.set(stretch.run, round + 1)
    const others = rounds[round]
    if (others) others.push(stretch)
    else rounds[round] = [stretch]
  }
  return rounds
    .flatMap((round) => chunked(round))
    .flatMap((some) => {
      const byRun = new Map(some.map((stretch) => [stretch.run, stretch]))
      return groupSeries(some.map(({ entry }) => entry)).map((group) => ({
        kind: 'stretches' as const,
        group,
        stretches: group.runs.flatMap((run) => byRun.get(run) ?? []),
      }))
    })
}

/** The columns of each group that has any; null when rollups were filled since they were looked at. */
async function readParts(
  { engine, project, signal }: Asking,
  parts: readonly Part[],
  groupsOf: readonly (readonly number[])[],
  known: KnownRuns,
  range: Range,
  buckets: Buckets,
): Promise<GroupColumns[] | null> {
  const statement = groupsStatement(project, parts, groupsOf, known.factsOf, range, buckets)
  const blocks = await engine.columns({ ...statement, signal })
  const rows = new Map<number, { block: NativeBlock; row: number; bucket: number }[]>()
  for (const block of blocks) {
    const [keys, places] = [numbersOf(block, 'groupKey'), numbersOf(block, 'bucketKey')]
    if (numbersOf(block, 'isStale').some((isStale) => isStale > 0)) return null
    for (let row = 0; row < block.rows; row++) {
      const others = rows.get(keys[row] ?? 0) ?? []
      others.push({ block, row, bucket: places[row] ?? 0 })
      rows.set(keys[row] ?? 0, others)
    }
  }
  const columns: GroupColumns[] = []
  for (const [group, some] of rows) {
    const sorted = some.sort((a, b) => a.bucket - b.bucket)
    columns[group] = groupColumnsFrom((name) =>
      Float64Array.from(sorted, ({ block, row }) => numberAt(block, row, name)),
    )
  }
  return columns
}

const quantilePlaces: Partial<Record<GroupColumn, number>> = { q10: 0, q25: 1, median: 2, q75: 3, q90: 4 }
const columnNames: Partial<Record<GroupColumn, string>> = { bucket: 'bucketKey', notFiniteCount: 'notFiniteOf' }

function numberAt(block: NativeBlock, row: number, name: GroupColumn): number {
  const quantile = quantilePlaces[name]
  if (quantile === undefined) return numbersOf(block, columnNames[name] ?? `${name}Of`)[row] ?? Number.NaN
  const isEmpty = (numbersOf(block, 'runsOf')[row] ?? 0) === 0
  return isEmpty ? Number.NaN : (arraysOf(block, 'quantilesOf')[row]?.[quantile] ?? Number.NaN)
}

import { arraysOf, numbersOf } from '../engine/native-format.ts'
import { type FieldName, fieldNames, fields, type PointColumns } from '../rollups/bucket.ts'
import { inOrder } from '../rollups/fresh-points.ts'
import type { Freshness } from '../rollups/freshness.ts'
import type { RequestedSeries } from '../types.ts'
import { groupSeries, type SeriesGroup } from './groups.ts'
import { type Asking, forEachSeries } from './raw-series.ts'
import { columnOf, freshStatement, wholesStatement } from './rolled-sql.ts'

/**
 * A series whose buckets can be had from the rollups: its whole up to version `version`, and the points that came since,
 * which all lie behind it. Stored buckets below version `validFrom` are not of it.
 */
export type KnownSeries = {
  group: SeriesGroup
  whole: Readonly<Record<FieldName, number>>
  fresh: PointColumns
  validFrom: number
  version: number
}

type FreshPoints = PointColumns & { versions: Float64Array }

/**
 * Of series the ones that their rollups tell the whole of, by key: on an axis of steps, or on one of times that rise with the steps.
 * Left out are those of a run that is being put in order, and those that got points at steps from before.
 */
export async function readKnownSeries(
  asking: Asking,
  freshness: Freshness,
  series: readonly RequestedSeries[],
): Promise<Map<string, KnownSeries>> {
  const { project } = asking
  // Before the rollups: points that they learn of meanwhile are told by their version.
  const look = await freshness.look(project, [...new Set(series.map(({ run }) => run))])
  const groups = groupSeries(series.filter(({ run, x }) => x.kind !== 'metric' && !look.isReset(run))).filter(
    hasOneClock,
  )
  const fresh = new Map<string, FreshPoints>()
  const freshSeries = series.filter(({ run }) => look.isFresh(run))
  const freshGroups =
    look.rolled === 0 ? [] : groupSeries(freshSeries.filter(({ run, x }) => x.kind !== 'metric' && !look.isReset(run)))
  await Promise.all(freshGroups.map((group) => readFreshOf(asking, group, look.rolled, fresh)))
  const known = new Map<string, KnownSeries>()
  if (look.rolled === 0) return known
  await Promise.all(groups.map((group) => readWholesOf(asking, group, fresh, known)))
  return known
}

const hasOneClock = ({ x, clocks }: SeriesGroup): boolean =>
  x.kind !== 'relative' || clocks.every(({ starts }) => starts.length === 1)

async function readFreshOf(
  { engine, project, signal }: Asking,
  group: SeriesGroup,
  after: number,
  found: Map<string, FreshPoints>,
): Promise<void> {
  const blocks = await engine.columns({ ...freshStatement(project, group, after), signal })
  forEachSeries(group, blocks, (key, block, row) => {
    const column = (name: string): Float64Array => arraysOf(block, name)[row] ?? new Float64Array(0)
    found.set(key, {
      steps: column('steps'),
      times: column('times'),
      values: column('numbers'),
      versions: column('versions'),
    })
  })
}

async function readWholesOf(
  { engine, project, signal }: Asking,
  group: SeriesGroup,
  fresh: ReadonlyMap<string, FreshPoints>,
  known: Map<string, KnownSeries>,
): Promise<void> {
  const blocks = await engine.columns({ ...wholesStatement(project, group), signal })
  forEachSeries(group, blocks, (key, block, row) => {
    const at = (name: string): number => numbersOf(block, name)[row] ?? 0
    const whole: Record<FieldName, number> = { ...fields }
    for (const name of fieldNames) whole[name] = at(columnOf(name))
    const version = at('versionOf')
    const later = inOrder(newerThan(version, fresh.get(key)))
    const isTime = group.x.kind !== 'step'
    const isInOrder =
      whole.count > 0 &&
      (later.steps.length === 0 || (later.steps[0] ?? 0) > whole.lastStep) &&
      (!isTime || (at('timeRises') === 1 && risesFrom(whole.lastTime, later.times)))
    if (isInOrder) known.set(key, { group, whole, fresh: later, validFrom: at('valid'), version })
  })
}

function newerThan(version: number, points: FreshPoints | undefined): PointColumns {
  if (points === undefined) return { steps: empty, times: empty, values: empty }
  const { versions } = points
  const pick = (column: Float64Array): Float64Array => column.filter((_, index) => (versions[index] ?? 0) > version)
  return { steps: pick(points.steps), times: pick(points.times), values: pick(points.values) }
}

const empty = new Float64Array(0)

function risesFrom(first: number, times: Float64Array): boolean {
  let last = first
  for (const time of times) {
    if (time < last) return false
    last = time
  }
  return true
}

/** Where on its axis a known series is. */
export function axisOf(
  { group: { x, runs, clocks } }: KnownSeries,
  run: string,
): { kind: 'step' | 'time'; base: number } {
  if (x.kind === 'step') return { kind: 'step', base: 0 }
  return { kind: 'time', base: x.kind === 'relative' ? (clocks[runs.indexOf(run)]?.bases[0] ?? 0) : 0 }
}

/** How many points a known series has, and from where to where on its axis. */
export function extentOfKnown(known: KnownSeries, run: string): { count: number; minX: number; maxX: number } {
  const { whole, fresh } = known
  const { kind, base } = axisOf(known, run)
  const last = kind === 'step' ? fresh.steps.at(-1) : fresh.times.at(-1)
  const [from, to] = kind === 'step' ? [whole.start, whole.lastStep] : [whole.startTime, whole.lastTime]
  return { count: whole.count + fresh.steps.length, minX: from - base, maxX: (last ?? to) - base }
}

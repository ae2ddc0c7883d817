import type { XAxisChoice } from '@kiroku/core/axes'
import { type RunState, runStateSchema } from '@kiroku/core/runs'
import { type GroupBand, type GroupFigure, groupBands, groupFigures } from '../chart/prepare-groups.ts'
import type { Range } from '../chart/scale.ts'
import { type ColumnFilter, formatColumnFilter, parseColumnFilter } from '../filters/column-filters.ts'
import { ownValue } from '../ui/own-value.ts'

/** How one chart differs from the others. */
export type ChartView = { x: XAxisChoice | null; isLog: boolean; range: Range | null }

/** By which column of the runs table, and which way. */
export type Sort = { column: string; isDescending: boolean }

/** The parts of a run's page. */
export const runTabs = ['overview', 'media', 'logs', 'files', 'artifacts'] as const
export type RunTab = (typeof runTabs)[number]

/** Whether the address narrows which runs are listed. */
export const isFiltered = ({ search, tags, states, filters }: View): boolean =>
  search !== '' || tags.length + states.length + filters.length > 0

/** Everything that the address says about a project's or a run's page. */
export type View = {
  search: string
  tags: readonly string[]
  states: readonly RunState[]
  /** What the values of runs must be, by columns of the runs table; all of it. */
  filters: readonly ColumnFilter[]
  /** How many of the newest runs are drawn unless said otherwise by `hidden` and `shown`. */
  drawn: number
  hidden: readonly string[]
  shown: readonly string[]
  x: XAxisChoice
  /** The weight of the past, from 0 to 0.99. */
  smoothing: number
  /** What the names of the charts that are there contain. */
  find: string
  /** What runs are grouped by: a fact of theirs or `config.KEY`; null draws a line a run. */
  groupBy: string | null
  /** What the line of a group is, and its band. */
  figure: GroupFigure
  band: GroupBand
  /** Sections, or groups of the runs table, whose folding differs from how they are at first. */
  toggled: readonly string[]
  charts: Readonly<Record<string, ChartView>>
  /** The chart that fills the screen. */
  panel: string | null
  isListFolded: boolean
  sort: Sort | null
  /** The columns of the runs table; null for those that it chooses itself. */
  columns: readonly string[] | null
  /** Which part of a run's page is seen. */
  tab: RunTab
  /** What the printed lines that are seen contain, and the label of the writer that printed them, or null for all. */
  lines: string
  writer: string | null
  /** The file of a run that is seen, or, with `/` at its end, the folder. */
  file: string
  /** The steps at which the reader holds media, by metric; others follow the latest. */
  steps: Readonly<Record<string, number>>
}

export const defaultDrawn = 20

/** The numbers of runs that a reader may choose to draw. */
export const drawnChoices = [5, 10, 20, 50, 100, 200, 500] as const

/** A chart that is like all others. */
export const plainChart: ChartView = { x: null, isLog: false, range: null }

/** The view of an address that says nothing. */
export const defaultView: View = {
  search: '',
  tags: [],
  states: [],
  filters: [],
  drawn: defaultDrawn,
  hidden: [],
  shown: [],
  x: { kind: 'bound' },
  smoothing: 0,
  find: '',
  groupBy: null,
  figure: 'mean',
  band: 'range',
  toggled: [],
  charts: {},
  panel: null,
  isListFolded: false,
  sort: null,
  columns: null,
  tab: 'overview',
  lines: '',
  writer: null,
  file: '',
  steps: {},
}

const metricPrefix = 'metric:'
const chartPrefix = 'chart.'
const stepPrefix = 'step.'

/** An x axis in an address: `bound`, `step`, `time`, `relative` or `metric:NAME`. */
export function formatAxisChoice(choice: XAxisChoice): string {
  return choice.kind === 'metric' ? metricPrefix + choice.name : choice.kind
}

/** The inverse of `formatAxisChoice`; null for what it never writes. */
export function parseAxisChoice(text: string): XAxisChoice | null {
  if (text.startsWith(metricPrefix) && text.length > metricPrefix.length)
    return { kind: 'metric', name: text.slice(metricPrefix.length) }
  const known = ['bound', 'step', 'time', 'relative'] as const
  const kind = known.find((name) => name === text)
  return kind === undefined ? null : { kind }
}

function formatChart({ x, isLog, range }: ChartView): string {
  const parts = [
    ...(isLog ? ['log'] : []),
    ...(range === null ? [] : [`${range.from}..${range.to}`]),
    ...(x === null ? [] : [`x=${formatAxisChoice(x)}`]),
  ]
  return parts.join(';')
}

function parseChart(text: string): ChartView {
  const [settings = '', ...rest] = text.split('x=')
  const zoom = /(?:^|;)(-?[\d.e+-]+?)\.\.(-?[\d.e+-]+)/.exec(settings)
  const from = Number(zoom?.[1])
  const to = Number(zoom?.[2])
  return {
    x: rest.length === 0 ? null : parseAxisChoice(rest.join('x=')),
    isLog: settings.split(';').includes('log'),
    range: Number.isFinite(from) && Number.isFinite(to) && from < to ? { from, to } : null,
  }
}

const isPlain = ({ x, isLog, range }: ChartView): boolean => x === null && !isLog && range === null

function parseSort(text: string): Sort | null {
  const [, sign, column] = /^([+-])(.+)$/s.exec(text) ?? []
  return column === undefined ? null : { column, isDescending: sign === '-' }
}

/** Reads a view from an address' parameters. What they do not say, or say wrongly, is as it is by default. */
export function parseView(params: URLSearchParams): View {
  const drawn = Number(params.get('drawn'))
  const smoothing = Number(params.get('smooth'))
  const charts = [...params].flatMap(([name, text]) => {
    const chart = name.startsWith(chartPrefix) ? parseChart(text) : plainChart
    return isPlain(chart) ? [] : [[name.slice(chartPrefix.length), chart] as const]
  })
  const steps = [...params].flatMap(([name, text]) => {
    const step = Number(text)
    return name.startsWith(stepPrefix) && text !== '' && Number.isSafeInteger(step)
      ? [[name.slice(stepPrefix.length), step] as const]
      : []
  })
  return {
    search: params.get('q') ?? '',
    tags: params.getAll('tag'),
    states: params.getAll('state').flatMap((state) => runStateSchema.safeParse(state).data ?? []),
    filters: params.getAll('where').flatMap((text) => parseColumnFilter(text) ?? []),
    drawn: Number.isInteger(drawn) && drawn > 0 ? Math.min(drawn, 2000) : defaultDrawn,
    hidden: params.getAll('hide'),
    shown: params.getAll('show'),
    x: parseAxisChoice(params.get('x') ?? '') ?? { kind: 'bound' },
    smoothing: smoothing > 0 && smoothing < 1 ? smoothing : 0,
    find: params.get('find') ?? '',
    groupBy: params.get('by') || null,
    figure: groupFigures.find((figure) => figure === params.get('line')) ?? 'mean',
    band: groupBands.find((band) => band === params.get('band')) ?? 'range',
    toggled: params.getAll('fold'),
    charts: Object.fromEntries(charts),
    panel: params.get('panel'),
    isListFolded: params.get('list') === 'off',
    sort: parseSort(params.get('sort') ?? ''),
    columns: params.has('column') ? params.getAll('column').filter((column) => column !== '') : null,
    tab: runTabs.find((tab) => tab === params.get('tab')) ?? 'overview',
    lines: params.get('lines') ?? '',
    writer: params.get('writer'),
    file: params.get('file') ?? '',
    steps: Object.fromEntries(steps),
  }
}

/** Writes a view as an address' parameters; what is as by default is left out. */
export function formatView(view: View): URLSearchParams {
  const params = new URLSearchParams()
  if (view.search !== '') params.set('q', view.search)
  for (const tag of view.tags) params.append('tag', tag)
  for (const state of view.states) params.append('state', state)
  for (const filter of view.filters) params.append('where', formatColumnFilter(filter))
  if (view.drawn !== defaultDrawn) params.set('drawn', String(view.drawn))
  for (const run of view.hidden) params.append('hide', run)
  for (const run of view.shown) params.append('show', run)
  if (view.x.kind !== 'bound') params.set('x', formatAxisChoice(view.x))
  if (view.smoothing > 0) params.set('smooth', String(view.smoothing))
  if (view.find !== '') params.set('find', view.find)
  if (view.groupBy !== null) params.set('by', view.groupBy)
  if (view.figure !== 'mean') params.set('line', view.figure)
  if (view.band !== 'range') params.set('band', view.band)
  for (const section of view.toggled) params.append('fold', section)
  for (const [key, chart] of Object.entries(view.charts)) {
    if (!isPlain(chart)) params.set(chartPrefix + key, formatChart(chart))
  }
  if (view.panel !== null) params.set('panel', view.panel)
  if (view.isListFolded) params.set('list', 'off')
  if (view.sort !== null) params.set('sort', `${view.sort.isDescending ? '-' : '+'}${view.sort.column}`)
  for (const column of view.columns?.length === 0 ? [''] : (view.columns ?? [])) params.append('column', column)
  if (view.tab !== 'overview') params.set('tab', view.tab)
  if (view.lines !== '') params.set('lines', view.lines)
  if (view.writer !== null) params.set('writer', view.writer)
  if (view.file !== '') params.set('file', view.file)
  for (const [metric, step] of Object.entries(view.steps)) params.set(stepPrefix + metric, String(step))
  return params
}

/** How a chart is drawn. */
export const chartOf = (view: View, key: string): ChartView => ownValue(view.charts, key) ?? plainChart

/** The view with one chart changed. */
export function withChart(view: View, key: string, change: Partial<ChartView>): View {
  return { ...view, charts: { ...view.charts, [key]: { ...chartOf(view, key), ...change } } }
}

/** The view with another x for all charts. Those that follow it lose their zoom, which was a range of the axis before. */
export function withAxis(view: View, x: XAxisChoice): View {
  const charts = Object.entries(view.charts).map(
    ([key, chart]) => [key, chart.x === null ? { ...chart, range: null } : chart] as const,
  )
  return { ...view, x, charts: Object.fromEntries(charts) }
}

/** The list with the item taken out, or put in where it was missing. */
export function toggle<T>(list: readonly T[], item: T): T[] {
  return list.includes(item) ? list.filter((other) => other !== item) : [...list, item]
}

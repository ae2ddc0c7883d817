import type { MetricInfo } from '@kiroku/core/queries'
import { metricTitle } from './metric-title.ts'
import { type ChartMetric, withFamilies } from './system-metrics.ts'

/** A part of the page: charts whose metrics begin alike. `id` tells it from a prefix that is called the same. */
export type Section = { id: string; name: string; metrics: readonly ChartMetric[]; isFoldedAtFirst: boolean }

const collator = new Intl.Collator('en', { numeric: true })

/** Splits of the data, in the order in which they come before other prefixes. */
const splits = ['train', 'val', 'valid', 'validation', 'eval', 'test']

const splitRank = (name: string): number => (splits.includes(name) ? splits.indexOf(name) : splits.length)

/** The section of metrics without a prefix. */
export const plainSection = 'charts'

/** Parts of the data that frameworks without `/` in their names (Hugging Face's Trainer, Keras) put before a `_`. */
const splitPrefix = /^(?:train|eval|val|valid|validation|test)(?=_.)/

/** The section that a metric's name puts it in: what stands before its first `/`, or a split of the data before `_`. */
export function sectionOf(name: string): string {
  const slash = name.indexOf('/')
  return slash > 0 ? name.slice(0, slash) : (splitPrefix.exec(name)?.[0] ?? plainSection)
}

type Part = { name: string; rank: number; isFoldedAtFirst: boolean }

function partOf(metric: MetricInfo): Part {
  if (metric.stream === 'system') return { name: 'system', rank: 2, isFoldedAtFirst: true }
  if (metric.isHidden) return { name: 'hidden', rank: 4, isFoldedAtFirst: true }
  if (metric.isStepMetric || metric.name.startsWith('_')) return { name: 'axes', rank: 3, isFoldedAtFirst: true }
  const name = sectionOf(metric.name)
  return { name, rank: name === plainSection ? 0 : 1, isFoldedAtFirst: false }
}

/**
 * Sections in the order of the page: metrics without a prefix, then training, validation and test, then other prefixes by
 * name, then what is folded at first: what
 * machines did, metrics that are axes of others, and hidden ones.
 */
export function sectionsOf(metrics: readonly MetricInfo[], search = ''): Section[] {
  const wanted = search.trim().toLowerCase()
  const parts = new Map<string, Part & { metrics: ChartMetric[] }>()
  for (const metric of withFamilies(metrics)) {
    const { title } = metricTitle(metric)
    if (!`${metric.name}\n${title}`.toLowerCase().includes(wanted)) continue
    const part = partOf(metric)
    const key = `${part.rank} ${part.name}`
    const known = parts.get(key)
    if (known === undefined) parts.set(key, { ...part, metrics: [metric] })
    else known.metrics.push(metric)
  }
  return [...parts.values()]
    .toSorted(
      (one, other) =>
        one.rank - other.rank || splitRank(one.name) - splitRank(other.name) || collator.compare(one.name, other.name),
    )
    .map(({ name, rank, metrics: list, isFoldedAtFirst }) => ({
      id: rank > 1 ? `${name}~` : name,
      name,
      isFoldedAtFirst,
      metrics: list.toSorted((one, other) => collator.compare(metricTitle(one).title, metricTitle(other).title)),
    }))
}

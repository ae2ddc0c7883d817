import type { MetricInfo } from '@kiroku/core/queries'

/** How a metric is called where a reader meets it. */
export type MetricTitle = { title: string; unit: string | null }

type Rule = readonly [pattern: RegExp, title: string, unit: string | null]

/** What the SDK measures of the machine. `$1` is the part of the name that the pattern's group found. */
const systemRules: readonly Rule[] = [
  [/^cpu_percent$/, 'CPU', '%'],
  [/^cpu$/, 'CPU of the script', '% of all cores'],
  [/^cpu\.(\d+)\.cpu_percent$/, 'CPU core $1', '%'],
  [/^memory_percent$/, 'Memory', '%'],
  [/^proc\.memory\.availableMB$/, 'Memory available', 'MiB'],
  [/^proc\.memory\.rssMB$/, 'Memory of the script', 'MiB'],
  [/^proc\.memory\.percent$/, 'Memory of the script', '%'],
  [/^proc\.cpu\.threads$/, 'Threads of the script', null],
  [/^disk\.(.+)\.usagePercent$/, 'Disk $1 used', '%'],
  [/^disk\.(.+)\.usageGB$/, 'Disk $1 used', 'GiB'],
  [/^disk\.(.+)\.in$/, 'Disk $1 read', 'MiB'],
  [/^disk\.(.+)\.out$/, 'Disk $1 written', 'MiB'],
  [/^network\.recv$/, 'Network received', 'bytes'],
  [/^network\.sent$/, 'Network sent', 'bytes'],
]

/** A metric's title and unit: its own name, or of what the SDK measures of the machine, words. */
export function metricTitle({ name, stream, unit }: Pick<MetricInfo, 'name' | 'stream' | 'unit'>): MetricTitle {
  if (stream === 'system') {
    for (const [pattern, words, itsUnit] of systemRules) {
      const found = pattern.exec(name)
      if (found !== null) return { title: words.replace('$1', found[1] ?? ''), unit: unit ?? itsUnit }
    }
  }
  return { title: name, unit }
}

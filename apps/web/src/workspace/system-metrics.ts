import type { MetricInfo } from '@kiroku/core/queries'
import type { Range } from '../chart/scale.ts'
import type { MetricTitle } from './metric-title.ts'

/**
 * How a machine's metric is shown: the range that its values never leave, how many bytes one of what is stored is, and
 * whether it counts up from the run's start, so that what it grows by in a second is what tells something.
 */
export type SystemView = { range: Range | null; bytes: number | null; isCounter: boolean }

/** What the SDK measures: how it is called, in what it is shown, and how. */
type Rule = readonly [pattern: RegExp, title: string, unit: string | null, view?: Partial<SystemView>]

const percent: Partial<SystemView> = { range: { from: 0, to: 100 } }
const bytes: Partial<SystemView> = { bytes: 1 }
const mebibytes: Partial<SystemView> = { bytes: 2 ** 20 }
const gibibytes: Partial<SystemView> = { bytes: 2 ** 30 }

const gpu = (key: string): RegExp => new RegExp(`^gpu\\.(?:\\*|\\d+)\\.${key}$`)
const gpuOfScript = (key: string): RegExp => new RegExp(`^gpu\\.process\\.(?:\\*|\\d+)\\.${key}$`)

const gpuRules = (of: (key: string) => RegExp, who: string): Rule[] => [
  [of('gpu'), `${who} utilization`, '%', percent],
  [of('memory'), `${who} memory access`, '%', percent],
  [of('memoryAllocated'), `${who} memory used`, '%', percent],
  [of('memoryAllocatedBytes'), `${who} memory used`, 'bytes', bytes],
  [of('temp'), `${who} temperature`, '°C'],
  [of('powerWatts'), `${who} power`, 'W'],
  [of('powerPercent'), `${who} power`, '% of its limit', percent],
  [of('enforcedPowerLimitWatts'), `${who} power limit`, 'W'],
]

/** `$1` is the part of the name that the pattern's group found. */
const rules: readonly Rule[] = [
  [/^cpu_percent$/, 'CPU', '%', percent],
  [/^cpu$/, 'CPU of the script', '% of all cores', percent],
  [/^cpu\.(?:\*|\d+)\.cpu_percent$/, 'CPU cores', '%', percent],
  [/^memory_percent$/, 'Memory', '%', percent],
  [/^proc\.memory\.availableMB$/, 'Memory available', 'bytes', mebibytes],
  [/^proc\.memory\.rssMB$/, 'Memory of the script', 'bytes', mebibytes],
  [/^proc\.memory\.percent$/, 'Memory of the script', '%', percent],
  [/^proc\.cpu\.threads$/, 'Threads of the script', null],
  [/^disk\.(.+)\.usagePercent$/, 'Disk $1 used', '%', percent],
  [/^disk\.(.+)\.usageGB$/, 'Disk $1 used', 'bytes', gibibytes],
  [/^disk\.(.+)\.in$/, 'Disk $1 read', 'bytes/s', { ...mebibytes, isCounter: true }],
  [/^disk\.(.+)\.out$/, 'Disk $1 written', 'bytes/s', { ...mebibytes, isCounter: true }],
  [/^network\.recv$/, 'Network received', 'bytes/s', { ...bytes, isCounter: true }],
  [/^network\.sent$/, 'Network sent', 'bytes/s', { ...bytes, isCounter: true }],
  ...gpuRules(gpu, 'GPU'),
  ...gpuRules(gpuOfScript, 'GPU of the script:'),
  [gpu('smClock'), 'GPU multiprocessor clock', 'MHz'],
  [gpu('memoryClock'), 'GPU memory clock', 'MHz'],
  [gpu('graphicsClock'), 'GPU graphics clock', 'MHz'],
  [gpu('correctedMemoryErrors'), 'GPU memory errors, corrected', null],
  [gpu('uncorrectedMemoryErrors'), 'GPU memory errors, not corrected', null],
  [gpu('fanSpeed'), 'GPU fan', '%', percent],
  [gpu('encoderUtilization'), 'GPU encoder', '%', percent],
  [gpu('pcieLinkGen'), 'GPU PCIe generation', null],
  [gpu('pcieLinkSpeed'), 'GPU PCIe speed', null],
  [gpu('pcieLinkWidth'), 'GPU PCIe lanes', null],
  [gpu('maxPcieLinkGen'), 'GPU PCIe generation at most', null],
  [gpu('maxPcieLinkWidth'), 'GPU PCIe lanes at most', null],
  [gpu('smActive'), 'GPU multiprocessors active', '%', percent],
  [gpu('smOccupancy'), 'GPU multiprocessor occupancy', '%', percent],
  [gpu('dramActive'), 'GPU memory active', '%', percent],
  [gpu('pipe(Tensor|TensorHmma|Fp64|Fp32|Fp16)Active'), 'GPU $1 pipes active', '%', percent],
  [gpu('pcie(Tx|Rx)Bytes'), 'GPU PCIe $1', 'bytes/s', bytes],
  [gpu('nvlink(Tx|Rx)Bytes'), 'GPU NVLink $1', 'bytes/s', bytes],
]

/** The title, unit and view of a machine's metric or family; undefined for one that the SDK does not measure. */
export function systemRule(name: string): (MetricTitle & SystemView) | undefined {
  for (const [pattern, title, unit, view] of rules) {
    const found = pattern.exec(name)
    if (found !== null)
      return { title: title.replace('$1', found[1] ?? ''), unit, range: null, bytes: null, isCounter: false, ...view }
  }
  return undefined
}

/** A metric that charts show: one, or of a machine those that differ only in the device or writer, in one chart. */
export type ChartMetric = MetricInfo & { members?: readonly string[] }

const devicePattern = /^(cpu|gpu(?:\.process)?)\.(\d+)\.(.+)$/
const labelPattern = /\/l:(.+)$/

/** The name that metrics of several devices, or of several labelled writers, have in common. */
export function familyOf(name: string): string {
  return name.replace(labelPattern, '').replace(devicePattern, '$1.*.$3')
}

/** What tells a metric from the others of its family, such as `GPU 3, worker 0`. */
export function memberName(name: string): string {
  const label = labelPattern.exec(name)?.[1]
  const [, kind, index] = devicePattern.exec(name.replace(labelPattern, '')) ?? []
  const device = kind === undefined ? [] : [`${kind === 'cpu' ? 'core' : 'GPU'} ${index}`]
  return [...device, ...(label === undefined ? [] : [label])].join(', ')
}

const collator = new Intl.Collator('en', { numeric: true })

/** The metrics, with those of a machine's devices and labelled writers as one for each family. */
export function withFamilies(metrics: readonly MetricInfo[]): ChartMetric[] {
  const families = new Map<string, ChartMetric & { members: string[] }>()
  const others: ChartMetric[] = []
  for (const metric of metrics) {
    const family = familyOf(metric.name)
    const known = families.get(family)
    if (metric.stream !== 'system' || family === metric.name) others.push(metric)
    else if (known === undefined) families.set(family, { ...metric, name: family, members: [metric.name] })
    else {
      known.members.push(metric.name)
      known.runCount = Math.max(known.runCount, metric.runCount)
    }
  }
  for (const family of families.values()) family.members.sort(collator.compare)
  // A writer without a label and those with one are one family too.
  const plain = others.map((metric) => {
    const labelled = metric.stream === 'system' ? families.get(metric.name) : undefined
    if (labelled === undefined) return metric
    families.delete(metric.name)
    return { ...labelled, members: [metric.name, ...labelled.members] }
  })
  return [...plain, ...families.values()]
}

import { totalBytes, type Usage, type UsageOrder } from '@kiroku/core/usage'
import { formatBytes } from '../format/numbers.ts'

/** One kind of what is stored. Bytes of an `isEstimate` are not known exactly. */
export type UsageKind = {
  order: Exclude<UsageOrder, 'bytes'>
  label: string
  isEstimate: boolean
  count: (usage: Usage) => number
  bytes: (usage: Usage) => number
}

/** All kinds, in the order of columns and of a bar's parts. */
export const usageKinds: readonly UsageKind[] = [
  { order: 'points', label: 'Points', isEstimate: true, count: (of) => of.pointCount, bytes: (of) => of.pointBytes },
  { order: 'texts', label: 'Texts', isEstimate: true, count: (of) => of.textCount, bytes: (of) => of.textBytes },
  {
    order: 'lines',
    label: 'Console lines',
    isEstimate: true,
    count: (of) => of.lineCount,
    bytes: (of) => of.lineBytes,
  },
  { order: 'files', label: 'Files', isEstimate: false, count: (of) => of.fileCount, bytes: (of) => of.fileBytes },
]

/** The bytes of one kind, with `~` before an estimate. */
export function describeBytes(kind: UsageKind, usage: Usage): string {
  return `${kind.isEstimate && kind.count(usage) > 0 ? '~' : ''}${formatBytes(kind.bytes(usage))}`
}

/** The bytes of all kinds, with `~` before it when an estimate is among them. */
export function describeTotal(usage: Usage): string {
  const isEstimate = usageKinds.some((kind) => kind.isEstimate && kind.count(usage) > 0)
  return `${isEstimate ? '~' : ''}${formatBytes(totalBytes(usage))}`
}

/** The parts of a bar, in percent of its whole width; a bar of `ofBytes` fills it. Kinds that take nothing have no part. */
export function partsOf(usage: Usage, ofBytes: number): { kind: UsageKind; percent: number }[] {
  if (ofBytes <= 0) return []
  return usageKinds
    .map((kind) => ({ kind, percent: (100 * kind.bytes(usage)) / ofBytes }))
    .filter(({ percent }) => percent > 0)
}

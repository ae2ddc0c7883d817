import type { RunText } from '@kiroku/core/queries'
import { fromWire } from '@kiroku/core/values'
import { valueText } from '../ui/number-value.tsx'

/** One logged text for reading. `time` is unix milliseconds. */
export type TextLine = { step: number; time: number; text: string }

/** What a run logged under one name that is not a number, newest first. */
export type TextGroup = { metric: string; lines: TextLine[] }

const collator = new Intl.Collator('en', { numeric: true })

/** A run's texts by name, each newest first, those that contain `search` in name or text. */
export function textGroups(texts: readonly RunText[], search = ''): TextGroup[] {
  const wanted = search.trim().toLowerCase()
  const groups = new Map<string, TextLine[]>()
  for (const { metric, step, time, value } of texts) {
    const text = valueText(fromWire(value))
    if (!metric.toLowerCase().includes(wanted) && !text.toLowerCase().includes(wanted)) continue
    const lines = groups.get(metric)
    if (lines === undefined) groups.set(metric, [{ step, time, text }])
    else lines.push({ step, time, text })
  }
  return [...groups]
    .toSorted(([one], [other]) => collator.compare(one, other))
    .map(([metric, lines]) => ({ metric, lines: lines.toSorted((one, other) => other.step - one.step) }))
}

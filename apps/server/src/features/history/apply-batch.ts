import {
  emptyRowBlock,
  type HistoryBatch,
  type Rejection,
  type RowBlock,
  type RunUpdate,
  type Stream,
} from '@kiroku/core/history'
import {
  applyDefinition,
  clearSummaryOperations,
  type DefineMetricInput,
  type MetricDefinition,
  resolveDefinition,
} from '@kiroku/core/metrics'
import type { RunLabelsPatch } from '@kiroku/core/runs'
import { addToTotals, emptyTotals, type MetricTotals, summaryOf } from '@kiroku/core/summary'
import { toWire, type WireRecord, type WireValue } from '@kiroku/core/values'

/** One metric of a run in its document. */
export type DocumentTotals = { stream: Stream; name: string; totals: MetricTotals }

/**
 * What a batch changes of a run. `summary` is in wire form under flat names; `explicit` names the
 * entries that were set or removed last by hand or by a value that is not a number. `totals` holds at least the metrics that the batch has, and all of
 * the run when it defines metrics.
 */
export type RunDocument = {
  summary: Map<string, WireValue>
  explicit: Set<string>
  definitions: readonly MetricDefinition[]
  totals: Map<string, DocumentTotals>
  /** Totals counted from all points, those of the batch included, where adding it would be wrong. */
  counted: ReadonlyMap<string, MetricTotals>
  lastStep: number | null
}

/** What a script found out about its code and machine; what is left out is not known. */
export type RunFacts = Pick<Extract<RunUpdate, { type: 'facts' }>, 'git' | 'host'>

/** What a batch said beside what is in the document. `totals` are the keys of the totals that moved. */
export type BatchEffects = {
  totals: Set<string>
  config: WireRecord | null
  labels: RunLabelsPatch | null
  facts: RunFacts | null
  finish: Extract<RunUpdate, { type: 'finish' }> | null
  /** The writer's machine is about to be taken away. */
  isPreempting: boolean
  /** An import is over: this is what the run is. */
  imported: Extract<RunUpdate, { type: 'imported' }> | null
  hasDefined: boolean
  /** A value that was set by hand took the summary operations of its metric away. */
  hasCleared: boolean
  files: Extract<RunUpdate, { type: 'file' }>[]
  /** What of it cannot be stored. */
  rejected: Rejection[]
}

/** The key of a metric's totals in a document. */
export function totalsKey(stream: Stream, name: string): string {
  return `${stream}:${name}`
}

/** A name as a key of a wire record, where a first `$` is doubled. */
export function wireKey(name: string): string {
  return name.startsWith('$') ? `$${name}` : name
}

function nameOfKey(key: string): string {
  return key.startsWith('$$') ? key.slice(1) : key
}

/** Adds a batch of new records to the document, in their order, and tells what else it said. */
export function applyBatch(document: RunDocument, batch: HistoryBatch): BatchEffects {
  const effects: BatchEffects = {
    totals: new Set(),
    config: null,
    labels: null,
    facts: null,
    finish: null,
    isPreempting: false,
    imported: null,
    hasDefined: false,
    hasCleared: false,
    files: [],
    rejected: [],
  }
  /** Of what summary entries get by hand, by a text or by points the last in the stream stands. */
  const writes = new SummaryWrites()
  addBlock(document, 'history', batch.history, effects, writes)
  addBlock(document, 'system', batch.system, effects, null)
  for (const { seq, metric, value } of batch.texts) if (value !== null) writes.set(seq, wireKey(metric), value)
  for (const update of [...batch.updates].sort((left, right) => left.seq - right.seq)) {
    switch (update.type) {
      case 'config':
        effects.config = { ...effects.config, ...update.set }
        break
      case 'labels':
        effects.labels = { ...effects.labels, ...update.set }
        break
      case 'facts':
        effects.facts = {
          ...effects.facts,
          ...(update.git && { git: update.git }),
          ...(update.host && { host: update.host }),
        }
        break
      case 'finish':
        effects.finish = update
        break
      case 'preempting':
        effects.isPreempting = true
        break
      case 'imported':
        effects.imported = update
        break
      case 'define':
        document.definitions = applyDefinition(document.definitions, update.definition)
        effects.hasDefined = true
        break
      case 'file':
        effects.files.push(update)
        break
      case 'summary':
        if (update.unset.length > 0)
          writes.unset(update.seq, new Set(update.unset.map(wireKey)), document.summary.keys())
        for (const [key, value] of Object.entries(update.set)) {
          writes.set(update.seq, key, value)
          const cleared = clearSummaryOperations(document.definitions, nameOfKey(key))
          effects.hasCleared ||= cleared !== document.definitions
          document.definitions = cleared
        }
        break
    }
  }
  writes.apply(document)
  if (effects.hasDefined) refreshSummary(document)
  return effects
}

/** Applies updates that come with no batch, as if a writer had said them. */
export function applyUpdates(document: RunDocument, updates: readonly RunUpdate[]): BatchEffects {
  const [project, run, writer] = ['', '', '']
  const [history, system] = [emptyRowBlock(), emptyRowBlock()]
  const rest = { texts: [], console: [], firstSeq: 1, lastSeq: updates.length }
  return applyBatch(document, { project, run, writer, history, system, ...rest, updates: [...updates] })
}

/** Merges definitions in the document and lets its summary follow them. */
export function defineInDocument(document: RunDocument, definitions: readonly DefineMetricInput[]): void {
  for (const definition of definitions) document.definitions = applyDefinition(document.definitions, definition)
  refreshSummary(document)
}

function addBlock(
  document: RunDocument,
  stream: Stream,
  block: RowBlock,
  effects: BatchEffects,
  writes: SummaryWrites | null,
): void {
  const lastRow = block.seqs.length - 1
  for (const { name, rows, values } of block.metrics) {
    if (values.length === 0) continue
    const row = rows === null ? lastRow : (rows.at(-1) ?? lastRow)
    const key = totalsKey(stream, name)
    const range = { from: 0, to: values.length, lastStep: block.steps[row] ?? 0 }
    const counted = document.counted.get(key)
    const totals = counted ?? addToTotals(document.totals.get(key)?.totals ?? emptyTotals(), values, range)
    document.totals.set(key, { stream, name, totals })
    effects.totals.add(key)
    writes?.points(block.seqs[row] ?? 0, wireKey(name), name)
  }
  if (stream !== 'history') return
  for (const step of block.steps) document.lastStep = Math.max(document.lastStep ?? step, step)
}

type SummaryWrite = { kind: 'value'; value: WireValue } | { kind: 'gone' } | { kind: 'points'; name: string }

/** The last write to each summary entry of a batch. */
class SummaryWrites {
  private readonly byKey = new Map<string, { seq: number; write: SummaryWrite }>()

  set(seq: number, key: string, value: WireValue): void {
    this.put(seq, key, { kind: 'value', value })
  }

  points(seq: number, key: string, name: string): void {
    this.put(seq, key, { kind: 'points', name })
  }

  /** Removes entries and those nested in them, among the `known` ones and those that the batch wrote. */
  unset(seq: number, keys: ReadonlySet<string>, known: Iterable<string>): void {
    for (const other of [...known, ...this.byKey.keys()])
      if (isNestedInOne(other, keys)) this.put(seq, other, { kind: 'gone' })
    for (const key of keys) this.put(seq, key, { kind: 'gone' })
  }

  private put(seq: number, key: string, write: SummaryWrite): void {
    const known = this.byKey.get(key)
    if (known === undefined || seq >= known.seq) this.byKey.set(key, { seq, write })
  }

  apply(document: RunDocument): void {
    for (const [key, { write }] of this.byKey) {
      if (write.kind === 'points') {
        document.explicit.delete(key)
        showTotals(document, write.name)
      } else if (write.kind === 'gone') {
        document.summary.delete(key)
        document.explicit.add(key)
      } else {
        document.summary.set(key, write.value)
        document.explicit.add(key)
      }
    }
  }
}

function isNestedInOne(key: string, keys: ReadonlySet<string>): boolean {
  for (let dot = key.indexOf('.'); dot >= 0; dot = key.indexOf('.', dot + 1))
    if (keys.has(key.slice(0, dot))) return true
  return false
}

/** Lets the summary have what a metric's totals and definition make of it. */
export function showTotals(document: RunDocument, name: string): void {
  const known = document.totals.get(totalsKey('history', name))
  if (!known) return
  const value = summaryOf(known.totals, resolveDefinition(document.definitions, name))
  if (value === undefined) document.summary.delete(wireKey(name))
  else document.summary.set(wireKey(name), toWire(value))
}

function refreshSummary(document: RunDocument): void {
  for (const { stream, name } of document.totals.values())
    if (stream === 'history' && !document.explicit.has(wireKey(name))) showTotals(document, name)
}

import type { HistoryBatch } from '@kiroku/core/history'
import type { WireValue } from '@kiroku/core/values'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BatchParts, batchOf } from '../../testing/factories.ts'
import { applyBatch, type RunDocument } from './apply-batch.ts'
import { trimBatch } from './trim-batch.ts'

const run = { project: 'p', run: 'r', writer: 'w'.repeat(16) }
const emptyDocument = (): RunDocument => ({
  summary: new Map(),
  explicit: new Set(),
  definitions: [],
  totals: new Map(),
  counted: new Map(),
  lastStep: null,
})

/** Applies batches that follow each other; answers the summary. */
function summaryAfter(...parts: BatchParts[]): Record<string, WireValue> {
  const document = emptyDocument()
  let firstSeq = 1
  for (const part of parts) {
    const batch = batchOf(run, { ...part, firstSeq })
    applyBatch(document, batch)
    firstSeq = batch.lastSeq + 1
  }
  return Object.fromEntries(document.summary)
}

const row = (values: Record<string, number>, step = 0): BatchParts => ({ rows: [{ step, values }] })
const set = (values: Record<string, WireValue>): BatchParts => ({
  updates: [{ type: 'summary', set: values, unset: [] }],
})
const unset = (...names: string[]): BatchParts => ({ updates: [{ type: 'summary', set: {}, unset: names }] })
const define = (name: string, summary: ('min' | 'max' | 'mean' | 'none')[]): BatchParts => ({
  updates: [{ type: 'define', definition: { name, summary } }],
})
const text = (metric: string, value: WireValue): BatchParts => ({ texts: [{ step: 0, time: 0, metric, value }] })

describe('a summary', () => {
  it.each<[string, BatchParts[], Record<string, WireValue>]>([
    ['has the last value', [row({ loss: 3 }), row({ loss: 1 })], { loss: 1 }],
    ['has NaN when it came last', [row({ loss: 3 }), row({ loss: Number.NaN })], { loss: { $n: 'NaN' } }],
    ['has an infinity', [row({ loss: Number.NEGATIVE_INFINITY })], { loss: { $n: '-Infinity' } }],
    [
      'has the defined operations',
      [define('v', ['min', 'max']), row({ v: 3 }), row({ v: 1 })],
      { v: { min: 1, max: 3 } },
    ],
    ['counts what came before the definition', [row({ v: 9 }), row({ v: 2 }), define('v', ['max'])], { v: { max: 9 } }],
    ['follows a prefix', [define('val/*', ['min']), row({ 'val/a': 2, a: 1 })], { 'val/a': { min: 2 }, a: 1 }],
    [
      'passes over NaN in a mean',
      [define('v', ['mean']), row({ v: 2 }), row({ v: Number.NaN }), row({ v: 4 })],
      { v: { mean: 3 } },
    ],
    ['leaves out what is defined as none', [row({ v: 1 }), define('v', ['none'])], {}],
    ['shows what is set although defined as none', [define('v', ['none']), row({ v: 1 }), set({ v: 5 })], { v: 5 }],
    ['takes what is set last', [row({ v: 3 }), set({ v: 10 })], { v: 10 }],
    ['takes what is logged after it was set', [set({ v: 10 }), row({ v: 3 })], { v: 3 }],
    ['keeps what was set when a definition comes', [row({ v: 3 }), set({ v: 10 }), define('v', ['max'])], { v: 10 }],
    ['forgets what is unset, with all below it', [set({ a: 1, 'a.b': 2, ab: 3 }), unset('a')], { ab: 3 }],
    ['keeps it away when a definition comes', [row({ v: 1 }), unset('v'), define('v', ['max'])], {}],
    ['has it again when it is logged again', [row({ v: 1 }), unset('v'), row({ v: 2 })], { v: 2 }],
    ['has texts', [text('note', 'hello'), row({ v: 1 })], { note: 'hello', v: 1 }],
    [
      'has a text in the place of a number, and a number in the place of a text',
      [row({ v: 1 }), text('v', 'x')],
      { v: 'x' },
    ],
    ['takes a number after a text', [text('v', 'x'), row({ v: 1 })], { v: 1 }],
    ['has nothing of null', [text('v', null)], {}],
    ['doubles the $ of names', [row({ $n: 1 })], { $$n: 1 }],
    ['has nothing of the machine', [{ systemRows: [{ step: 5, values: { cpu: 1 } }] }], {}],
  ])('%s', (_name, parts, expected) => {
    expect(summaryAfter(...parts)).toEqual(expected)
  })

  it('takes the last in the stream within one batch, whichever part of the batch it is in', () => {
    const batch = batchOf(run, row({ v: 1 }))
    const withLaterText: HistoryBatch = {
      ...batch,
      lastSeq: 3,
      texts: [{ seq: 2, step: 1, time: 0, metric: 'v', value: 'text' }],
      updates: [{ type: 'summary', seq: 3, set: { v: 'set' }, unset: [] }],
    }
    const document = emptyDocument()
    applyBatch(document, withLaterText)
    expect(document.summary.get('v')).toBe('set')
    const reversed = { ...withLaterText, history: { ...batch.history, seqs: new Float64Array([9]) }, lastSeq: 9 }
    const other = emptyDocument()
    applyBatch(other, reversed)
    expect(other.summary.get('v')).toBe(1)
  })
})

describe('3.2 a value that is set by hand', () => {
  it.each<[string, BatchParts[], Record<string, WireValue>]>([
    ['clears the operations', [define('v', ['max']), row({ v: 9 }), set({ v: 1 })], { v: 1 }],
    [
      'so that what is logged later is bare',
      [define('v', ['max']), row({ v: 9 }), set({ v: 1 }), row({ v: 2 })],
      { v: 2 },
    ],
    [
      'of one metric only, where a prefix rules several',
      [
        define('val/*', ['min']),
        row({ 'val/a': 5, 'val/b': 5 }),
        set({ 'val/a': 1 }),
        row({ 'val/a': 7, 'val/b': 6 }, 1),
      ],
      { 'val/a': 7, 'val/b': { min: 5 } },
    ],
    [
      'shows although it was none, and so does what follows',
      [define('v', ['none']), set({ v: 5 }), row({ v: 6 })],
      { v: 6 },
    ],
    [
      'takes new operations again',
      [define('v', ['max']), set({ v: 1 }), define('v', ['min']), row({ v: 3 })],
      { v: { min: 3 } },
    ],
    [
      'keeps them when it is removed',
      [define('v', ['max']), row({ v: 9 }), unset('v'), row({ v: 2 }, 1)],
      { v: { max: 9 } },
    ],
    ['knows names that begin with $', [define('$v', ['max']), set({ $$v: 1 }), row({ $v: 2 })], { $$v: 2 }],
  ])('%s', (_name, parts, expected) => {
    expect(summaryAfter(...parts)).toEqual(expected)
  })
})

describe('batches', () => {
  it('leave the same, however a stream is cut and whatever is sent again', () => {
    const partArbitrary = fc.oneof(
      fc.dictionary(fc.constantFrom('a', 'b'), fc.double(), { maxKeys: 2 }).map((values) => row(values)),
      fc.constantFrom(set({ a: 1 }), unset('a'), define('a', ['min', 'max']), define('*', ['mean']), text('b', 'x')),
    )
    fc.assert(
      fc.property(fc.array(partArbitrary, { maxLength: 12 }), fc.nat(12), fc.nat(4), (parts, cut, overlap) => {
        const stream = parts.map((part, index) => batchOf(run, { ...part, firstSeq: index + 1 }))
        const oneByOne = emptyDocument()
        for (const batch of stream) applyBatch(oneByOne, batch)
        const joined = emptyDocument()
        const first = join(stream.slice(0, cut), 1)
        const from = Math.max(0, Math.min(cut, stream.length) - overlap)
        applyBatch(joined, first)
        applyBatch(joined, trimBatch(join(stream.slice(from), from + 1), first.lastSeq))
        expect(plain(joined)).toEqual(plain(oneByOne))
      }),
    )
  })

  it('tell config, labels and the end', () => {
    const effects = applyBatch(
      emptyDocument(),
      batchOf(run, {
        updates: [
          { type: 'config', set: { lr: 1, seed: 1 } },
          { type: 'config', set: { lr: 2 } },
          { type: 'labels', set: { notes: 'x' } },
          { type: 'finish', state: 'failed', exitCode: 3, time: 5 },
        ],
      }),
    )
    expect(effects).toMatchObject({
      config: { lr: 2, seed: 1 },
      labels: { notes: 'x' },
      finish: { state: 'failed', exitCode: 3 },
    })
  })

  it('know the highest step', () => {
    const document = emptyDocument()
    applyBatch(
      document,
      batchOf(run, {
        rows: [
          { step: 7, values: {} },
          { step: 3, values: { a: 1 } },
        ],
      }),
    )
    expect(document.lastStep).toBe(7)
  })
})

const plain = (document: RunDocument) => ({
  summary: Object.fromEntries([...document.summary].sort()),
  totals: [...document.totals.entries()].sort(([left], [right]) => left.localeCompare(right)),
  lastStep: document.lastStep,
})

/** One batch of what several said, in the columns that a sender would make of it. */
function join(batches: readonly HistoryBatch[], firstSeq: number): HistoryBatch {
  const rows = batches.flatMap(({ history }) =>
    history.seqs.length === 0
      ? []
      : [
          {
            seq: history.seqs[0] ?? 0,
            values: Object.fromEntries(history.metrics.map(({ name, values }) => [name, values[0] ?? 0])),
          },
        ],
  )
  const { history } = batchOf(run, { rows: rows.map(({ values }) => ({ step: 0, values })) })
  return {
    ...run,
    firstSeq,
    lastSeq: firstSeq + batches.length - 1,
    history: { ...history, seqs: new Float64Array(rows.map(({ seq }) => seq)) },
    system: batchOf(run, {}).system,
    texts: batches.flatMap(({ texts }) => texts),
    updates: batches.flatMap(({ updates }) => updates),
    console: [],
  }
}

it('takes the facts about code and machine that came last, each apart', () => {
  const effects = applyBatch(
    emptyDocument(),
    batchOf(run, {
      updates: [
        { type: 'facts', git: { commit: 'a' }, host: { hostname: 'box' } },
        { type: 'facts', git: { commit: 'b' } },
      ],
    }),
  )
  expect(effects.facts).toEqual({ git: { commit: 'b' }, host: { hostname: 'box' } })
})

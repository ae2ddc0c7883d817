import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { decodeHistoryBatch, encodeHistoryBatch } from '@kiroku/core/history'
import { resolveDefinition } from '@kiroku/core/metrics'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { trainerBatches, trainerDefinitions } from './batches.ts'
import { parsePythonJson } from './python-json.ts'
import { readTrainerState } from './trainer-state.ts'

const fixture = readFileSync(new URL('../../test/fixtures/multi-eval.trainer_state.json', import.meta.url))
const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const log = (...entries: unknown[]): Uint8Array => bytes({ log_history: entries })
const target = { project: 'p', run: 'r', writer: 'a'.repeat(16) }

describe('parsePythonJson', () => {
  it('takes the bare tokens for numbers, and leaves texts that look like them', () => {
    expect(
      parsePythonJson('{"a": NaN, "b": [Infinity, -Infinity, 1e999], "NaN": "NaN, \\"Infinity\\" -Infinity"}'),
    ).toEqual({
      a: Number.NaN,
      b: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
      NaN: 'NaN, "Infinity" -Infinity',
    })
  })

  it.each(['{"a": nan}', '{"a": -NaN}', '{"a": Infinity1}', '{NaN: 1}', '{"a": NaN', ''])('refuses %s', (text) => {
    expect(() => parsePythonJson(text)).toThrow(SyntaxError)
  })

  it('reads what JSON.parse reads, and gives back every number that Python would write', () => {
    const python = (value: unknown): string => {
      if (typeof value === 'number') return Object.is(value, -0) ? '-0.0' : String(value)
      if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`
      if (value === null || typeof value !== 'object') return JSON.stringify(value)
      return `{${Object.entries(value)
        .map(([key, inner]) => `${JSON.stringify(key)}: ${python(inner)}`)
        .join(', ')}}`
    }
    const leaf = fc.oneof(
      fc.double(),
      fc.string(),
      fc.constantFrom('NaN', '"Infinity', '\\'),
      fc.boolean(),
      fc.constant(null),
    )
    const document = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('value')),
        fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }),
      ),
    })).value
    fc.assert(
      fc.property(document, (value) => {
        expect(parsePythonJson(python(value))).toEqual(value)
      }),
    )
  })
})

describe('readTrainerState', () => {
  it('merges the entries of a step, keeps their names, and takes the scalar fields as config', () => {
    const { rows, config, replacedCount } = readTrainerState(fixture)
    expect(rows.map(({ step }) => step)).toEqual([0, 401, 802])
    expect(rows[0]?.numbers.get('eval_g5_loss')).toBeTypeOf('number')
    expect(rows[0]?.numbers.get('eval_g0_accuracy')).toBe(0.7082294264339152)
    expect(rows[1]?.numbers.get('loss')).toBeTypeOf('number')
    expect(config).toMatchObject({ global_step: 12030, is_local_process_zero: true, total_flos: 2.3847568878600192e17 })
    expect(Object.keys(config)).not.toEqual(
      expect.arrayContaining(['log_history', 'best_metric', 'stateful_callbacks']),
    )
    expect(replacedCount).toBe(0)
  })

  it('is the same for a file and its gzipped copy, and another for another content', () => {
    const plain = readTrainerState(fixture)
    expect(readTrainerState(gzipSync(fixture))).toEqual(plain)
    expect(readTrainerState(new Uint8Array([...fixture, 0x20])).digest).not.toBe(plain.digest)
  })

  it('keeps non-finite numbers, texts, lists and nested records', () => {
    const { rows } = readTrainerState(
      bytes(
        '{"log_history": [{"step": 2, "loss": NaN, "a": {"b": -Infinity}, "note": "x", "sizes": [1, NaN]}, {"step": 1}]}',
      ),
    )
    expect(rows.map(({ step }) => step)).toEqual([1, 2])
    expect([...(rows[1]?.numbers ?? [])]).toEqual([
      ['loss', Number.NaN],
      ['a.b', Number.NEGATIVE_INFINITY],
    ])
    expect([...(rows[1]?.texts ?? [])]).toEqual([
      ['note', 'x'],
      ['sizes', [1, { $n: 'NaN' }]],
    ])
  })

  it('lets the later value of a step stand and counts what it replaced', () => {
    const { rows, replacedCount } = readTrainerState(
      log({ step: 1, loss: 1, lr: 2, note: 'a' }, { step: 1, loss: 3, lr: 2, note: 4 }),
    )
    expect(Object.fromEntries(rows[0]?.numbers ?? [])).toEqual({ loss: 3, lr: 2, note: 4 })
    expect(rows[0]?.texts.size).toBe(0)
    expect(replacedCount).toBe(2)
  })

  it.each([
    ['text', bytes('hello'), /^it is not JSON \(.*\); copy or download it again$/],
    ['a cut file', fixture.subarray(0, 500), /^it is not JSON/],
    ['bytes', new Uint8Array([0xff, 0xfe, 0x00]), /^it is not JSON/],
    ['cut gzip', gzipSync(fixture).subarray(0, 100), /^its gzip data is broken or cut short/],
    ['another JSON', bytes([1]), /^it has no `log_history` list/],
    ['a log that is no list', bytes({ log_history: {} }), /^it has no `log_history` list/],
    ['nothing logged', log(), /^its `log_history` is empty/],
    ['an entry that is none', log({ step: 1 }, 7), /^entry 2 of its `log_history` is no object/],
    ['no step', log({ loss: 1 }), /^entry 1 of its `log_history` has no whole number as `step`/],
    ['half a step', log({ step: 0.5 }), /^entry 1 of its `log_history` has no whole number/],
    ['too long a key', log({ step: 1, ['k'.repeat(513)]: 1 }), /has a key of 513 characters; 1 to 512/],
  ])('refuses %s', (_what, content, message) => {
    expect(() => readTrainerState(content)).toThrow(message)
  })
})

describe('trainerBatches', () => {
  it('numbers rows, texts and the finish in one stream without a gap, and can be read by the server', () => {
    const entries = Array.from({ length: 10_000 }, (_, index) => ({
      step: index,
      loss: 1 / (index + 1),
      ...(index % 1000 === 0 ? { note: `at ${index}`, eval_loss: index } : {}),
    }))
    const { rows } = readTrainerState(log(...entries))
    const batches = [...trainerBatches(rows, 1_700_000_000_000, target)]
    let next = 1
    const losses: number[] = []
    for (const batch of batches) {
      const read = decodeHistoryBatch(encodeHistoryBatch(batch))
      expect(read.firstSeq).toBe(next)
      next = read.lastSeq + 1
      const seqs = [...read.history.seqs, ...read.texts.map(({ seq }) => seq), ...read.updates.map(({ seq }) => seq)]
      expect(seqs.sort((a, b) => a - b)).toEqual(
        Array.from({ length: read.lastSeq - read.firstSeq + 1 }, (_, index) => read.firstSeq + index),
      )
      losses.push(...(read.history.metrics.find(({ name }) => name === 'loss')?.values ?? []))
    }
    expect(losses).toEqual(entries.map(({ loss }) => loss))
    expect(batches.flatMap(({ texts }) => texts)).toHaveLength(10)
    expect(batches.at(-1)?.updates).toMatchObject([{ type: 'finish', state: 'finished', exitCode: 0 }])
  })

  it('binds evaluation to the epoch and nothing else', () => {
    expect(resolveDefinition(trainerDefinitions, 'eval_g0_loss')?.stepMetric).toBe('epoch')
    expect(resolveDefinition(trainerDefinitions, 'loss')).toBeUndefined()
  })
})

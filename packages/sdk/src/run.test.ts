import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecordedRun } from '../test/recorded-run.ts'
import type { LogOptions } from './run.ts'

type Call = [row: Record<string, unknown>, options?: LogOptions]

function rowsOf(...calls: Call[]): unknown[] {
  using recorded = new RecordedRun()
  for (const [row, options] of calls) recorded.run.log(row, options)
  return recorded.rows().map(({ step, values }) => ({ step, ...values }))
}

const F = (step?: number): LogOptions => ({ commit: false, ...(step !== undefined && { step }) })
const T = (step?: number): LogOptions => ({ commit: true, ...(step !== undefined && { step }) })

describe('the step machine', () => {
  it.each<[name: string, calls: Call[], rows: unknown[]]>([
    [
      '1',
      [
        [{ a: 1, b: 2 }, F(0)],
        [{ b: 3 }, T(1)],
      ],
      [
        { step: 0, a: 1, b: 2 },
        { step: 1, b: 3 },
      ],
    ],
    [
      '2',
      [
        [{ a: 1, b: 2 }, F(0)],
        [{ b: 3 }, T(0)],
      ],
      [{ step: 0, a: 1, b: 3 }],
    ],
    [
      '3',
      [
        [{ a: 1, b: 2 }, T(0)],
        [{ b: 3 }, T(1)],
      ],
      [
        { step: 0, a: 1, b: 2 },
        { step: 1, b: 3 },
      ],
    ],
    [
      '4',
      [
        [{ a: 1, b: 2 }, T(0)],
        [{ b: 3 }, T(0)],
      ],
      [{ step: 0, a: 1, b: 2 }],
    ],
    [
      '5',
      [
        [{ a: 1, b: 2 }, T(0)],
        [{ b: 3 }, F(1)],
        [{}, T(1)],
      ],
      [
        { step: 0, a: 1, b: 2 },
        { step: 1, b: 3 },
      ],
    ],
    [
      '6',
      [
        [{ a: 1, b: 2 }, T(0)],
        [{ b: 3 }, F(0)],
        [{}, T(0)],
      ],
      [{ step: 0, a: 1, b: 2 }],
    ],
    [
      '7',
      [
        [{ a: 1, b: 2 }, F(0)],
        [{ b: 3 }, F(1)],
        [{}, T(1)],
      ],
      [
        { step: 0, a: 1, b: 2 },
        { step: 1, b: 3 },
      ],
    ],
    [
      '8',
      [
        [{ a: 1, b: 2 }, F(0)],
        [{ b: 3 }, F(0)],
        [{}, T(0)],
      ],
      [{ step: 0, a: 1, b: 3 }],
    ],
    [
      '9',
      [[{ a: 1, b: 2 }], [{ b: 3 }]],
      [
        { step: 0, a: 1, b: 2 },
        { step: 1, b: 3 },
      ],
    ],
    [
      '10',
      [[{ a: 1, b: 2 }], [{ a: 2, b: 3 }, F()], [{}, T()]],
      [
        { step: 0, a: 1, b: 2 },
        { step: 1, a: 2, b: 3 },
      ],
    ],
    [
      '11',
      [[{ a: 1 }], [{ a: 2 }, T()]],
      [
        { step: 0, a: 1 },
        { step: 1, a: 2 },
      ],
    ],
    ['12', [[{ a: 1 }, F(1)], [{ a: 2 }]], [{ step: 1, a: 2 }]],
    [
      '13',
      [[{ a: 1 }, T(1)], [{ a: 2 }]],
      [
        { step: 1, a: 1 },
        { step: 2, a: 2 },
      ],
    ],
    ['14', [[{ a: 1 }, { step: 1 }], [{ a: 2 }]], [{ step: 1, a: 2 }]],
    [
      '15',
      [[{ a: 1 }, T()], [{ a: 2 }]],
      [
        { step: 0, a: 1 },
        { step: 1, a: 2 },
      ],
    ],
    ['16', [[{ a: 1 }, F()], [{ a: 2 }]], [{ step: 0, a: 2 }]],
  ])('does row %s of the truth table', (_, calls, rows) => {
    expect(rowsOf(...calls)).toEqual(rows)
  })

  it('joins an open row with the next call, and leaves gaps as they are', () => {
    expect(rowsOf([{ x: 2 }, { step: 5 }], [{ y: 3 }], [{ z: 4 }, { step: 9 }])).toEqual([
      { step: 5, x: 2, y: 3 },
      { step: 9, z: 4 },
    ])
  })

  it('records an empty row, which takes a step', () => {
    expect(rowsOf([{}], [{ a: 1 }])).toEqual([{ step: 0 }, { step: 1, a: 1 }])
  })

  it('tells the step that the next row goes to', () => {
    using recorded = new RecordedRun()
    recorded.run.log({ x: 1 }, { step: 3 })
    expect(recorded.run.step).toBe(3)
    recorded.run.log({ x: 1 }, { step: 6, commit: true })
    expect(recorded.run.step).toBe(7)
  })

  it('drops a lower step, and says so once and then the count', () => {
    using recorded = new RecordedRun()
    for (const step of [5, 1, 2, -1]) recorded.run.log({ x: step }, { step })
    expect(recorded.rows()).toEqual([{ seq: 1, step: 5, values: { x: 5 } }])
    expect(recorded.told).toEqual([
      expect.stringContaining('step 1 is below the current step 5'),
      expect.stringContaining('2 more of the kind'),
    ])
  })
})

describe('values', () => {
  it('opens nested records to dotted keys, the later spelling standing', () => {
    expect(rowsOf([{ a: { b: { c: 1 }, d: 2 }, 'a.d': 3, empty: {} }])).toEqual([{ step: 0, 'a.b.c': 1, 'a.d': 3 }])
  })

  it('keeps every finite and non-finite number as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: 1, maxLength: 50 }), (numbers) => {
        using recorded = new RecordedRun()
        for (const value of numbers) recorded.run.log({ value })
        const values = recorded.assemble().history.metrics[0]?.values ?? new Float64Array()
        expect(values.every((value, index) => Object.is(value, numbers[index]))).toBe(true)
        expect(values.length).toBe(numbers.length)
      }),
      { numRuns: 30 },
    )
  })

  it('keeps what is no number as JSON, and a later number in its place', () => {
    const date = new Date('2026-01-02T03:04:05.678Z')
    const row = { s: 'text', b: true, n: null, l: [1, Number.NaN], d: date, f: new Float32Array([1, 2]), u: undefined }
    expect(rowsOf([row], [{ s: 'x' }, F()], [{ s: 1 }], [{ s: 1 }, F()], [{ s: 'y' }])).toEqual([
      { step: 0, s: 'text', b: true, n: null, l: [1, { $n: 'NaN' }], d: date.toISOString(), f: [1, 2] },
      { step: 1, s: 1 },
      { step: 2, s: 'y' },
    ])
  })

  it('takes bigints as numbers while they are exact', () => {
    expect(rowsOf([{ small: 5n, large: 2n ** 64n }])).toEqual([{ step: 0, small: 5, large: '18446744073709551616' }])
  })

  it('drops a row that is too long, and a name that cannot be one, with a warning', () => {
    using recorded = new RecordedRun()
    recorded.run.log({ text: 'x'.repeat(11 * 1024 * 1024) })
    recorded.run.log({ a: 1, ['n'.repeat(513)]: 2, '': 3 })
    expect(recorded.rows().map(({ values }) => values)).toEqual([{ a: 1 }])
    expect(recorded.told).toEqual([
      expect.stringContaining('longer than a row may be'),
      expect.stringContaining("a metric's name has 1 to 512 characters"),
      expect.stringContaining('1 more'),
    ])
  })

  it('survives a record that holds itself', () => {
    using recorded = new RecordedRun()
    const loop: Record<string, unknown> = { a: 1 }
    loop['self'] = loop
    recorded.run.log(loop)
    expect(recorded.rows()[0]?.values['a']).toBe(1)
  })

  it("leaves the caller's row alone", () => {
    const row = Object.freeze({ a: 1, nested: Object.freeze({ b: 2 }) })
    expect(rowsOf([row], [row])).toHaveLength(2)
  })
})

describe("a caller's mistake", () => {
  it.each([null, undefined, 'loss', 3, [1], new Map(), new Date()])('throws for the row %s', (row) => {
    using recorded = new RecordedRun()
    const log: (row: never) => void = recorded.run.log.bind(recorded.run)
    expect(() => Reflect.apply(log, undefined, [row])).toThrow(/a row is a record/)
  })

  it.each([1.5, '1', true, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('throws for the step %s', (step) => {
    using recorded = new RecordedRun()
    const log = recorded.run.log.bind(recorded.run)
    expect(() => Reflect.apply(log, undefined, [{ a: 1 }, { step }])).toThrow(/step must be a whole number/)
    expect(recorded.run.step).toBe(0)
  })

  it('throws for everything that comes after the end, and for ending twice not', async () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    await run.finish()
    await run.finish({ exitCode: 3 })
    expect(() => run.log({ a: 1 })).toThrow(/run recorded is finished; log\(\) comes too late/)
    expect(() => run.defineMetric('a')).toThrow(/is finished/)
    expect(() => {
      run.config['a'] = 1
    }).toThrow(/is finished/)
    expect(() => {
      run.summary['a'] = 1
    }).toThrow(/is finished/)
    expect(() => {
      run.tags = 'late'
    }).toThrow(/is finished/)
    expect(recorded.assemble().updates).toMatchObject([{ type: 'finish', state: 'finished', exitCode: 0 }])
  })
})

describe('step metrics', () => {
  it('do the example of the questions and answers', () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    const batch = run.defineMetric('batch')
    run.defineMetric('epoch')
    run.defineMetric('train_accuracy', { stepMetric: batch })
    run.defineMetric('val_accuracy', { stepMetric: 'epoch' })
    run.log({ train_accuracy: 0.9, batch: 200 })
    run.log({ val_accuracy: 0.8, epoch: 4 })
    expect({ ...run.summary }).toEqual({ train_accuracy: 0.9, batch: 200, val_accuracy: 0.8, epoch: 4 })
    expect(recorded.rows().map(({ step, values }) => ({ step, ...values }))).toEqual([
      { step: 0, train_accuracy: 0.9, batch: 200 },
      { step: 1, val_accuracy: 0.8, epoch: 4 },
    ])
  })

  it('are put in where they are missing, and only there', () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    run.defineMetric('val', { stepMetric: 'mystep', summary: 'min' })
    run.log({ val: 2, val2: 5, mystep: 1 })
    run.log({ mystep: 3 })
    run.log({ val: 8 })
    run.log({ val2: 8 })
    run.log({ val: 3, mystep: 5 })
    expect({ ...run.summary }).toEqual({ val: { min: 2 }, val2: 8, mystep: 5 })
    expect(recorded.rows().map(({ values }) => values)).toEqual([
      { val: 2, val2: 5, mystep: 1 },
      { mystep: 3 },
      { val: 8, mystep: 3 },
      { val2: 8 },
      { val: 3, mystep: 5 },
    ])
  })

  it('count from before they were bound, are not made up, and can be switched off', () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    run.log({ epoch: 7 })
    run.defineMetric('val/*', { stepMetric: 'epoch' })
    run.defineMetric('test', { stepMetric: 'never' })
    run.log({ 'val/loss': 1 })
    run.log({ test: 1 })
    run.log({ 'val/text': 'x' })
    run.defineMetric('val/*', { stepSync: false })
    run.log({ 'val/loss': 2 })
    expect(recorded.rows().map(({ values }) => values)).toEqual([
      { epoch: 7 },
      { 'val/loss': 1, epoch: 7 },
      { test: 1 },
      { 'val/text': 'x', epoch: 7 },
      { 'val/loss': 2 },
    ])
  })
})

describe('the numbered stream', () => {
  it('keeps a summary that was set after a value behind that value, though its row is open', () => {
    using recorded = new RecordedRun()
    recorded.run.log({ acc: 0.5 }, { step: 3 })
    recorded.run.summary['acc'] = 0.9
    recorded.run.summary['other'] = 1
    const { history, updates } = recorded.assemble()
    expect([...history.seqs]).toEqual([1])
    expect(updates.map(({ type, seq }) => [type, seq])).toEqual([
      ['summary', 2],
      ['summary', 3],
      ['finish', 4],
    ])
  })

  it('is the same, from any record on, for whoever reads the log again', () => {
    const call = fc.oneof(
      fc.record({
        row: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(fc.double(), fc.string())),
        step: fc.option(fc.nat(20), { nil: undefined }),
        commit: fc.option(fc.boolean(), { nil: undefined }),
      }),
      fc.constantFrom('summary' as const, 'config' as const, 'define' as const),
    )
    fc.assert(
      fc.property(fc.array(call, { maxLength: 30 }), fc.nat(40), (calls, after) => {
        using recorded = new RecordedRun()
        const { run } = recorded
        calls.forEach((each, index) => {
          if (each === 'summary') run.summary.update({ a: index })
          else if (each === 'config') run.config.update({ [`k${index}`]: index })
          else if (each === 'define') run.defineMetric('a', { stepMetric: 'b' })
          else run.log(each.row, { step: each.step, commit: each.commit })
        })
        const all = recorded.assemble()
        const tail = recorded.assemble(Math.min(after, all.lastSeq))
        expect(tail.lastSeq).toBe(all.lastSeq)
        expect(tail.texts).toEqual(all.texts.filter(({ seq }) => seq >= tail.firstSeq))
        expect(tail.updates).toEqual(all.updates.filter(({ seq }) => seq >= tail.firstSeq))
        const wanted = ({ seq }: { seq: number }): boolean => seq >= tail.firstSeq
        const rows = [...new Set([...all.history.seqs, ...all.updates.map(({ seq }) => seq)])].sort((a, b) => a - b)
        expect(rows).toEqual(Array.from({ length: all.lastSeq }, (_, index) => index + 1))
        expect([...tail.history.seqs]).toEqual([...all.history.seqs].filter((seq) => wanted({ seq })))
      }),
      { numRuns: 60 },
    )
  })
})

describe('config and summary', () => {
  it('config changes only when allowed', () => {
    using recorded = new RecordedRun()
    const { config } = recorded.run
    config['lr'] = 0.1
    config['lr'] = 0.1
    config.set('sizes', [1, 2])
    config.set('sizes', [1, 2])
    expect(() => {
      config['lr'] = 0.2
    }).toThrow(/config\.lr is 0\.1 already/)
    config.update({ lr: 0.2, depth: 3 }, { allowValChange: true })
    expect({ ...config }).toEqual({ lr: 0.2, sizes: [1, 2], depth: 3 })
    expect('lr' in config).toBe(true)
    expect(config.get('depth')).toBe(3)
    const sets = recorded.assemble().updates.flatMap((update) => (update.type === 'config' ? [update.set] : []))
    expect(sets).toEqual([{ lr: 0.1 }, { sizes: [1, 2] }, { lr: 0.2, depth: 3 }])
  })

  it('a summary that was set stands until its metric is logged again', () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    run.summary['best'] = 10
    run.log({ loss: 3, note: 'first', nothing: null })
    run.summary.update({ loss: 2, part: { a: 1, b: { c: Number.NaN } } })
    expect({ ...run.summary }).toEqual({ best: 10, loss: 2, note: 'first', 'part.a': 1, 'part.b.c': Number.NaN })
    run.log({ loss: 5, best: 1 })
    expect(run.summary['loss']).toBe(5)
    expect(run.summary['best']).toBe(1)
    delete run.summary['best']
    delete run.summary['part']
    expect({ ...run.summary }).toEqual({ loss: 5, note: 'first' })
    const updates = recorded.assemble().updates.filter(({ type }) => type === 'summary')
    expect(updates.at(-1)).toMatchObject({ unset: ['part.a', 'part.b.c'] })
  })

  it('shows what the definition asks for, from before it too', () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    for (const x of [3, Number.NaN, 1, 2]) run.log({ x, hidden: x })
    run.defineMetric('x', { summary: ['min', 'max', 'mean'] })
    run.defineMetric('hidden', { summary: 'none' })
    expect({ ...run.summary }).toEqual({ x: { min: 1, max: 3, mean: 2 } })
    run.summary['hidden'] = 1
    expect(run.summary['hidden']).toBe(1)
  })
})

describe('what no server would take', () => {
  it('is a record that holds itself or everything: it ends, and the rows after it are recorded', () => {
    using recorded = new RecordedRun()
    const all: Record<string, unknown>[] = Array.from({ length: 20 }, () => ({}))
    for (const [from, record] of all.entries()) for (const [to, other] of all.entries()) record[`${from}-${to}`] = other
    const loop: Record<string, unknown> = { a: 1 }
    loop['loop'] = loop
    recorded.run.log({ all: all[0] })
    recorded.run.log({ loop })
    expect(recorded.told[0]).toMatch(/more than 250000 records and lists; the row is not recorded/)
    expect(recorded.rows()).toEqual([{ seq: 1, step: 1, values: { 'loop.a': 1 } }])
  })

  it('is a name with characters that no database takes, which is the same metric as its clean one', () => {
    using recorded = new RecordedRun()
    recorded.run.log({ 'x\0': 1, 'x\ud800': 2 })
    recorded.run.log({ 'x\ufffd': 3 })
    expect(recorded.assemble().history.metrics).toEqual([
      { name: 'x\ufffd', rows: null, values: Float64Array.of(2, 3) },
    ])
  })

  it('is a step beyond the whole numbers: its row is not recorded, and the others are', () => {
    using recorded = new RecordedRun()
    recorded.run.log({ a: 1 }, { step: Number.MAX_SAFE_INTEGER, commit: true })
    recorded.run.log({ a: 2 })
    recorded.run.log({ a: 3 })
    expect(recorded.told[0]).toMatch(/no step is left/)
    expect(recorded.rows()).toEqual([{ seq: 1, step: Number.MAX_SAFE_INTEGER, values: { a: 1 } }])
  })

  it.each([0xc000_013a, 2 ** 40 + 1, -(2 ** 33) - 1])(
    'is the exit code %d, which ends the run all the same',
    (exitCode) => {
      using recorded = new RecordedRun()
      recorded.run.end(exitCode)
      expect(recorded.assemble().updates).toMatchObject([{ type: 'finish', state: 'failed', exitCode: exitCode | 0 }])
    },
  )
})

describe('labels', () => {
  it('are changed in the stream; one string is one tag', () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    run.tags = 'one'
    run.tags = [...run.tags, 'two', 'two']
    run.name = 'better'
    expect(run.tags).toEqual(['one', 'two'])
    expect(run.name).toBe('better')
    expect(() => {
      run.tags = ['']
    }).toThrow(/a tag must not be empty/)
    const sets = recorded.assemble().updates.flatMap((update) => (update.type === 'labels' ? [update.set] : []))
    expect(sets).toEqual([{ tags: ['one'] }, { tags: ['one', 'two'] }, { displayName: 'better' }])
  })
})

describe('a machine that is taken away', () => {
  it('is told once, in the order of the stream, and not of a run that has ended', () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    run.tags = 'one'
    run.markPreempting()
    run.markPreempting()
    const { updates } = recorded.assemble()
    expect(updates.map(({ type, seq }) => [type, seq])).toEqual([
      ['labels', 1],
      ['preempting', 2],
      ['finish', 3],
    ])
    using ended = new RecordedRun()
    ended.run.end(0)
    expect(() => ended.run.markPreempting()).toThrow('run recorded is finished; markPreempting() comes too late')
  })
})

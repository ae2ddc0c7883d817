import { decodeHistoryBatch, encodeHistoryBatch } from '@kiroku/core/history'
import type { MetricDefinition } from '@kiroku/core/metrics'
import type { WireValue } from '@kiroku/core/values'
import { describe, expect, it } from 'vitest'
import type { KnownMediaFiles } from '../files/index.ts'
import { type Position, startingPosition } from '../position.ts'
import type { StreamedRun } from '../runs/index.ts'
import { buildBatch, filesOf } from './build-batch.ts'
import { type FileStreamRequest, fileStreamRequestSchema } from './file-stream.schema.ts'
import { readPost } from './read-post.ts'

const names = { project: 'p', run: 'r', writer: 'a'.repeat(16) }
const emptyRun: StreamedRun = {
  id: 'run',
  definitions: [],
  summary: new Map(),
  explicit: new Set(),
  lastStep: null,
  isStopAsked: false,
  isPreempting: false,
  isStoppedEarly: false,
}
const noFiles: KnownMediaFiles = { content: () => undefined, table: () => undefined, isThere: () => false }

type Given = { run?: Partial<StreamedRun>; position?: Position; ackSeq?: number; files?: KnownMediaFiles }

function build(request: unknown, { run, position = startingPosition(), ackSeq = 0, files = noFiles }: Given = {}) {
  const parsed: FileStreamRequest = fileStreamRequestSchema.parse(request)
  const streamed = { ...emptyRun, ...run }
  const post = readPost(parsed, position, streamed.isStopAsked)
  const built = buildBatch({ names, run: streamed, ackSeq, post, files, now: 9000 })
  // What is sent must be what the ingest takes.
  const batch = decodeHistoryBatch(encodeHistoryBatch(built.batch))
  return { ...built, batch, post }
}

const history = (...rows: string[]) => ({ 'wandb-history.jsonl': { offset: 0, content: rows } })
const summaryOf = (document: string) => ({ 'wandb-summary.json': { offset: 0, content: [document] } })

describe('a post', () => {
  it('becomes rows, texts, system rows, lines and the end, numbered in this order', () => {
    const { batch, position } = build(
      {
        files: {
          ...history(
            '{"loss":0.5,"deep":{"x":1},"word":"w","_step":3,"_timestamp":2.5,"_runtime":1}',
            '{"loss":NaN,"_step":4,"_timestamp":3}',
          ),
          'wandb-events.jsonl': { offset: 0, content: ['{"system.cpu":7,"_timestamp":2,"_wandb":true}'] },
          'output.log': { offset: 4, content: ['ERROR 2026-01-01T00:00:00.000000 oh'] },
        },
        complete: true,
        exitcode: 3,
      },
      { ackSeq: 10 },
    )
    expect(batch).toMatchObject({ firstSeq: 11, lastSeq: 15 })
    expect([...batch.history.seqs, ...batch.system.seqs]).toEqual([11, 12, 13])
    expect([...batch.history.steps]).toEqual([3, 4])
    expect([...batch.history.times]).toEqual([2500, 3000])
    const loss = batch.history.metrics.find(({ name }) => name === 'loss')
    expect([...(loss?.values ?? [])]).toEqual([0.5, Number.NaN])
    expect(batch.history.metrics.find(({ name }) => name === 'deep.x')?.rows).toEqual(new Uint32Array([0]))
    expect(batch.texts).toEqual([{ seq: 11, step: 3, time: 2500, metric: 'word', value: 'w' }])
    expect(batch.system.metrics.map(({ name }) => name)).toEqual(['cpu'])
    expect(batch.console).toMatchObject([{ seq: 14, line: 4, stream: 'stderr', text: 'oh' }])
    expect(batch.updates).toEqual([{ type: 'finish', seq: 15, state: 'failed', exitCode: 3, time: 9000 }])
    expect(position).toMatchObject({ history: { lines: 2 }, events: { lines: 1 }, console: { lines: 5 } })
  })

  it('that is empty is a sign of life', () => {
    expect(build({}, { ackSeq: 7 }).batch).toMatchObject({ firstSeq: 8, lastSeq: 7, updates: [] })
  })

  it('after a request to stop ends as killed', () => {
    const { batch } = build({ complete: true, exitcode: 1 }, { run: { isStopAsked: true } })
    expect(batch.updates).toMatchObject([{ type: 'finish', state: 'killed', exitCode: 1 }])
  })

  it('with a line that is no JSON keeps the others', () => {
    const { batch, post } = build({ files: history('{"loss":1,"_step":0}', '{"loss', '{"loss":2,"_step":2}') })
    expect([...batch.history.steps]).toEqual([0, 2])
    expect(post.refused).toMatchObject([{ metric: 'wandb-history.jsonl' }])
    expect(post.position.history.lines).toBe(3)
  })
})

describe('a summary', () => {
  const row = '{"loss":2,"_step":0,"_timestamp":1}'
  const updateOf = (document: string, given: Given = {}, rows = [row]) =>
    build({ files: { ...history(...rows), ...summaryOf(document) } }, given).batch.updates

  it('that says what the rows say changes nothing', () => {
    expect(updateOf('{"loss":2,"_step":0,"_runtime":1,"_wandb":{"runtime":1}}')).toEqual([])
  })

  it('sets what a script set by hand, also over what was logged', () => {
    expect(updateOf('{"loss":9,"best":{"a":Infinity},"_step":0}')).toEqual([
      { type: 'summary', seq: 2, set: { loss: 9, 'best.a': { $n: 'Infinity' } }, unset: [] },
    ])
  })

  it('that lags behind its rows, or is ahead, says nothing of logged metrics', () => {
    expect(updateOf('{"loss":1,"_step":0}', {}, [row, '{"loss":3,"_step":1}'])).toEqual([])
    expect(updateOf('{"loss":7,"_step":4}')).toEqual([])
  })

  it('leaves the metrics whose summary Kiroku aggregates', () => {
    const definitions: MetricDefinition[] = [{ name: 'loss', summary: ['max'] }]
    expect(updateOf('{"loss":{"max":2},"_step":0}', { run: { definitions } })).toEqual([])
    expect(updateOf('{"loss":5,"_step":0}', { run: { definitions } })).toMatchObject([{ set: { loss: 5 } }])
  })

  it('removes what it set before and has no more, and nothing that others set', () => {
    const summary = new Map<string, WireValue>([
      ['mine', 1],
      ['theirs', 2],
    ])
    const given = { run: { summary, explicit: new Set(['mine', 'theirs']) } }
    const position = { ...startingPosition(), byHand: ['mine'] }
    const { batch, position: after } = build({ files: summaryOf('{}') }, { ...given, position })
    expect(batch.updates).toMatchObject([{ set: {}, unset: ['mine'] }])
    expect(after.byHand).toEqual([])
  })
})

describe('media', () => {
  const images =
    '{"pics":{"_type":"images/separated","width":2,"height":3,"format":"png","filenames":["media/a.png"]},"_step":0,"_timestamp":1}'
  const files: KnownMediaFiles = {
    content: (path) => ({ path, sha256: 'f'.repeat(64), size: 5 }),
    table: () => undefined,
    isThere: () => true,
  }

  it('wait for their files, and come again when these are there', () => {
    const first = build({ files: history(images) })
    expect(first.batch.texts).toMatchObject([{ metric: 'pics', value: { _type: 'images/separated' } }])
    expect(first.position.media).toHaveLength(1)
    expect(filesOf(first.post)).toEqual({ contents: ['media/a.png'], tables: [] })
    const still = build({}, { position: first.position, ackSeq: 1 })
    expect(still.batch.texts).toEqual([])
    expect(still.position.media).toHaveLength(1)
    const later = build({}, { position: first.position, ackSeq: 1, files })
    expect(later.batch.texts).toMatchObject([{ seq: 2, step: 0, metric: 'pics', value: { _type: 'images' } }])
    expect(later.position.media).toEqual([])
  })

  it('stay as they are shown when a later summary tells of them', () => {
    const { batch } = build({ files: history(images) }, { files })
    const [shown] = batch.texts
    const summary = new Map<string, WireValue>([['pics', shown?.value ?? null]])
    const told = images.replace('"_step":0', '"loss":1,"_step":1')
    const rows = history('{"loss":1,"_step":1,"_timestamp":2}')
    expect(build({ files: { ...rows, ...summaryOf(told) } }, { run: { summary, lastStep: 0 } }).batch.updates).toEqual(
      [],
    )
  })

  it('are waited for no more once their step is logged anew', () => {
    const { position } = build({ files: history(images) })
    const anew = build({ files: history(images.replace('a.png', 'b.png')) }, { position, ackSeq: 1 })
    expect(anew.position.media).toMatchObject([{ step: 0, value: { filenames: ['media/b.png'] } }])
    const come = build({ files: history(images.replace('a.png', 'b.png')) }, { position, ackSeq: 1, files })
    expect(come.batch.texts).toHaveLength(1)
    expect(come.position.media).toEqual([])
  })

  it('beyond a thousand that wait are told, the oldest first, and stay as they came', () => {
    const rowOf = (step: number): string => images.replace('"_step":0', `"_step":${step}`)
    const rows = Array.from({ length: 1002 }, (_, step) => rowOf(step))
    const { position, refused } = build({ files: history(...rows) })
    expect(position.media.map(({ step }) => step)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 2))
    expect(refused).toHaveLength(2)
    expect(refused[0]).toEqual({
      metric: 'pics',
      reason:
        'more than 1000 media of the process wait for their files: that of step 0 is waited for no more and stays as it came',
    })
    expect(build({ files: history(images) }).refused).toEqual([])
  })
})

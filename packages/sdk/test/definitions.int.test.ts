import { client, testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api } from '../src/api/api.ts'
import { type Beginning, ran } from './beginning.ts'
import { endedRun, type Place } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let env: Record<string, string>
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  env = { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey }
})
afterAll(() => server.close())

type Stored = { rows: unknown[]; summary: unknown; local: unknown; config: unknown; definitions: { name: string }[] }

/** Does the steps in a run of this id; what the server has of it then, and what the script saw as its summary. */
async function stored(id: string, steps: Beginning['steps'], options: Beginning['options'] = {}): Promise<Stored> {
  const { done, stderr } = await ran({ options: { id, ...options }, ...(steps && { steps }) }, env)
  expect(stderr).not.toContain('Error')
  await endedRun(place, id)
  const run = await api({ url: place.url, apiKey: place.apiKey }).run(`demo/${id}`)
  const address = { organization: place.organization, project: 'demo', run: id }
  const { definitions } = await client(place).metrics.byRun.query(address)
  return {
    rows: (await run.history()).map(({ _step, _timestamp, _runtime, ...row }) => row),
    summary: { ...run.summary },
    local: done['summary'],
    config: { ...run.config },
    definitions,
  }
}

describe('2.6 the example of the questions and answers', () => {
  it('binds each metric to its own step', async () => {
    const { rows, summary, local, definitions } = await stored('faq', [
      { define: ['batch'] },
      { define: ['epoch'] },
      { define: ['train_accuracy', { stepMetric: 'batch' }] },
      { define: ['val_accuracy', { stepMetric: 'epoch' }] },
      { log: [{ train_accuracy: 0.9, batch: 200 }] },
      { log: [{ val_accuracy: 0.8, epoch: 4 }] },
    ])
    expect(rows).toEqual([
      { train_accuracy: 0.9, batch: 200 },
      { val_accuracy: 0.8, epoch: 4 },
    ])
    expect(summary).toEqual({ train_accuracy: 0.9, batch: 200, val_accuracy: 0.8, epoch: 4 })
    expect(local).toEqual(summary)
    expect(definitions).toContainEqual(expect.objectContaining({ name: 'train_accuracy', stepMetric: 'batch' }))
    expect(definitions).toContainEqual(expect.objectContaining({ name: 'val_accuracy', stepMetric: 'epoch' }))
  })
})

describe('2.4 step metrics that are put in', () => {
  const rows = [{ val: 2, val2: 5, mystep: 1 }, { mystep: 3 }, { val: 8 }, { val2: 8 }, { val: 3, mystep: 5 }]

  it('are there where a row lacks them, and only there', async () => {
    const seen = await stored('sync', [
      { define: ['val', { stepMetric: 'mystep', summary: 'min' }] },
      ...rows.map((row): { log: [object] } => ({ log: [row] })),
    ])
    expect(seen.rows).toEqual([rows[0], rows[1], { val: 8, mystep: 3 }, rows[3], rows[4]])
    expect(seen.summary).toEqual({ val: { min: 2 }, val2: 8, mystep: 5 })
  })

  it('carry what was logged before they were bound (defect 5), are never made up, and can be switched off (defect 13)', async () => {
    const seen = await stored('late', [
      { log: [{ epoch: 7 }] },
      { define: ['val/*', { stepMetric: 'epoch', hidden: true }] },
      { define: ['test', { stepMetric: 'never' }] },
      { log: [{ 'val/loss': 1 }] },
      { log: [{ test: 1 }] },
      { define: ['val/*', { stepSync: false, hidden: false }] },
      { log: [{ 'val/loss': 2 }] },
    ])
    expect(seen.rows).toEqual([{ epoch: 7 }, { 'val/loss': 1, epoch: 7 }, { test: 1 }, { 'val/loss': 2 }])
    expect(seen.definitions).toContainEqual(expect.objectContaining({ name: 'val/*', stepSync: false, hidden: false }))
  })
})

describe('2.3 several prefixes that fit (defect 4)', () => {
  it('leave it to the longest, and to an exact name before all, which takes nothing from them', async () => {
    const { summary } = await stored('globs', [
      { define: ['*', { summary: 'max' }] },
      { define: ['a/b/*', { summary: 'min' }] },
      { define: ['a/*', { summary: 'first' }] },
      { define: ['a/b/exact', { hidden: true }] },
      { log: [{ 'a/b/c': 2, 'a/d': 2, e: 2, 'a/b/exact': 2 }] },
      { log: [{ 'a/b/c': 3, 'a/d': 3, e: 3, 'a/b/exact': 3 }] },
      { log: [{ 'a/b/c': 1, 'a/d': 1, e: 1, 'a/b/exact': 1 }] },
    ])
    expect(summary).toEqual({ 'a/b/c': { min: 1 }, 'a/d': { first: 2 }, e: { max: 3 }, 'a/b/exact': 1 })
  })
})

describe('3 summary', () => {
  it('is the same here and on the server, whoever wrote last (defects 8 and 15)', async () => {
    const { summary, local } = await stored('summary', [
      { log: [{ early: 3, words: 'a' }] },
      { log: [{ early: 1, set: 9, gone: 1, hidden: 1 }] },
      { define: ['early', { summary: 'min,max,mean' }] },
      { define: ['words', { summary: 'min,max,mean' }] },
      { define: ['set', { summary: 'max' }] },
      { define: ['hidden', { summary: 'none' }] },
      { define: ['shown', { summary: 'none' }] },
      { log: [{ set: 4, words: 'b', shown: 1 }] },
      { summary: { set: 1, best: 10, deep: { a: 1, b: { c: 2 } }, shown: 5 } },
      { log: [{ set: 2 }] },
      { log: [{ best: 3 }] },
      { unset: 'gone' },
      { unset: 'deep.b' },
    ])
    expect(summary).toEqual({
      early: { min: 1, max: 3, mean: 2 },
      words: 'b',
      set: 2,
      best: 3,
      'deep.a': 1,
      shown: 5,
    })
    expect(local).toEqual(summary)
  })
})

describe('4.3 config on the server', () => {
  it('has what was changed in place (defect 11), and by init where it may change (defect 12)', async () => {
    const options = {
      allowValChange: true,
      config: { lr: 0.1, opt: { name: 'sgd', betas: [1] }, gone: { a: 1, b: 2 } },
    }
    const { config } = await stored(
      'config',
      [
        { put: { path: ['lr'], value: 0.2 } },
        { put: { path: ['opt', 'name'], value: 'adam' } },
        { put: { path: ['opt', 'betas', 1], value: 2 } },
        { config: { gone: { c: 3 } } },
      ],
      options,
    )
    expect(config).toEqual({ lr: 0.2, opt: { name: 'adam', betas: [1, 2] }, gone: { c: 3 } })
  })
})

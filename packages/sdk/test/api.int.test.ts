import type { HistoryBatch } from '@kiroku/core/history'
import { batchOf, postBatch, type TestRun, testOrganization, testRun, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Api, api } from '../src/api/api.ts'
import type { Place } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let reader: Api
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  reader = api({ url: place.url, apiKey: place.apiKey })
})
afterAll(() => server.close())

const startedAt = 1_700_000_000_000
const second = (seconds: number): number => startedAt + seconds * 1000

/** Sends parts of a run's stream after what was sent before. */
const send = (run: TestRun, parts: Parameters<typeof batchOf>[1]): Promise<unknown> => {
  const batch: HistoryBatch = batchOf(run, parts)
  return postBatch(place, batch)
}

/** A run of two rows that has finished. */
async function finishedRun(input: Parameters<typeof testRun>[1] = {}): Promise<TestRun> {
  const run = await testRun(place, { startedAt, config: { lr: 0.1, model: { depth: 2 } }, ...input })
  await send(run, {
    rows: [
      { step: 0, time: second(1), values: { loss: 3, acc: 0.5 } },
      { step: 5, time: second(2), values: { loss: 1 } },
    ],
    updates: [{ type: 'finish', state: 'finished', exitCode: 0, time: second(3) }],
  })
  return run
}

describe('3.4 a finished run through the API object', () => {
  it('is read with all that it has', async () => {
    const { run: id, displayName } = await finishedRun({ group: 'g', jobType: 'train', notes: 'n', tags: ['a', 'b'] })
    const run = await reader.run(`demo/${id}`)
    expect(run).toMatchObject({
      id,
      project: 'demo',
      organization: place.organization,
      path: `${place.organization}/demo/${id}`,
      url: `${place.url}/${place.organization}/demo/runs/${id}`,
      name: displayName,
      state: 'finished',
      exitCode: 0,
      group: 'g',
      jobType: 'train',
      notes: 'n',
      tags: ['a', 'b'],
      lastStep: 5,
      startedAt: new Date(startedAt),
      finishedAt: new Date(second(3)),
    })
    expect({ ...run.config }).toEqual({ lr: 0.1, model: { depth: 2 } })
    expect({ ...run.summary }).toEqual({ loss: 1, acc: 0.5 })
    expect((await reader.run(`${place.organization}/demo:${id}`)).id).toBe(id)
  })

  it('takes new labels, config and summary, and adds nothing to its history', async () => {
    const { run: id } = await finishedRun({ notes: 'old' })
    const run = await reader.run(`demo/${id}`)
    const before = await run.history()
    run.name = 'another name'
    run.tags = 'one tag'
    run.notes = null
    run.group = 'late'
    run.jobType = 'eval'
    run.config['lr'] = Number.POSITIVE_INFINITY
    run.config['seed'] = 7
    delete run.config['model']
    run.summary['best'] = { epoch: 3 }
    delete run.summary['acc']
    expect(run.name).toBe('another name')
    await run.update()
    const stored = await reader.run(`demo/${id}`)
    for (const each of [run, stored]) {
      expect(each).toMatchObject({
        state: 'finished',
        name: 'another name',
        tags: ['one tag'],
        notes: null,
        group: 'late',
        jobType: 'eval',
      })
      expect({ ...each.config }).toEqual({ lr: Number.POSITIVE_INFINITY, seed: 7 })
      expect({ ...each.summary }).toEqual({ loss: 1, 'best.epoch': 3 })
    }
    expect(await stored.history()).toEqual(before)
  })

  it('takes a summary or a config by itself', async () => {
    const { run: id } = await finishedRun()
    const run = await reader.run(`demo/${id}`)
    await run.summary.update({ loss: 0.25, nan: Number.NaN })
    await run.config.update({ lr: 0.2 })
    await run.update()
    const stored = await reader.run(`demo/${id}`)
    expect({ ...stored.summary }).toEqual({ loss: 0.25, acc: 0.5, nan: Number.NaN })
    expect({ ...stored.config }).toEqual({ lr: 0.2, model: { depth: 2 } })
  })

  it('is asked for anew, keeping what was not sent', async () => {
    const { run: id } = await finishedRun()
    const [run, other] = [await reader.run(`demo/${id}`), await reader.run(`demo/${id}`)]
    run.config['mine'] = 1
    other.config['theirs'] = 2
    await other.update()
    await run.reload()
    expect({ ...run.config }).toEqual({ lr: 0.1, model: { depth: 2 }, theirs: 2, mine: 1 })
    await run.update()
    expect({ ...(await reader.run(`demo/${id}`)).config }).toEqual({ ...run.config })
  })

  it('refuses what a run cannot be called, before anything is sent', async () => {
    const run = await reader.run(`demo/${(await finishedRun()).run}`)
    expect(() => {
      run.name = ''
    }).toThrow('displayName')
    expect(() => {
      run.tags = ['x'.repeat(65)]
    }).toThrow('64')
  })

  it('is gone when it is deleted', async () => {
    const { run: id } = await finishedRun()
    await (await reader.run(`demo/${id}`)).delete()
    await expect(reader.run(`demo/${id}`)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('3.4 what cannot be read', () => {
  it('is said with what to do', async () => {
    await expect(reader.run('demo/none')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('none'),
    })
    const stranger = api({ url: place.url, apiKey: `kiroku-${'x'.repeat(40)}` })
    await expect(stranger.run('demo/none')).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining(`kiroku login --url ${place.url}`),
    })
    const nowhere = api({ url: 'http://127.0.0.1:9', apiKey: place.apiKey })
    await expect(nowhere.projects()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('http://127.0.0.1:9'),
    })
  })

  it('is what another organization has', async () => {
    const { run: id } = await finishedRun()
    const other = await testOrganization(server)
    const theirs = api({ url: other.url, apiKey: other.apiKey })
    await expect(theirs.run(`${place.organization}/demo/${id}`)).rejects.toMatchObject({ name: 'KirokuError' })
    await expect(theirs.run(`demo/${id}`)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('3.4 the runs of a project', () => {
  it('come over all pages, newest first', async () => {
    const project = 'many runs'
    const ids = Array.from({ length: 203 }, (_, index) => `run-${index}`)
    for (const run of ids) await testRun(place, { project, run })
    const seen: string[] = []
    for await (const run of reader.runs(project)) seen.push(run.id)
    expect(seen).toEqual(ids.reverse())
  })

  it('are found by tag, state, group and text', async () => {
    const project = 'found'
    await testRun(place, { project, run: 'first', tags: ['x', 'y'], group: 'one' })
    await finishedRun({ project, run: 'second', tags: ['x'], group: 'two', displayName: 'Sea shell' })
    const found = async (filter: Parameters<Api['runs']>[1]): Promise<string[]> => {
      const ids: string[] = []
      for await (const { id } of reader.runs(`${place.organization}/${project}`, filter)) ids.push(id)
      return ids
    }
    expect(await found({ tags: 'x' })).toEqual(['second', 'first'])
    expect(await found({ tags: ['x', 'y'] })).toContain('first')
    expect(await found({ state: 'finished' })).toEqual(['second'])
    expect(await found({ state: ['running', 'crashed'] })).toEqual(['first'])
    expect(await found({ group: 'one' })).toEqual(['first'])
    expect(await found({ search: 'shell' })).toEqual(['second'])
    expect(await found({ search: 'nothing' })).toEqual([])
    expect(await found({ where: { op: 'lt', path: 'summary.loss', value: 2 } })).toEqual(['second'])
    expect(await found({ where: { op: 'not', filter: { op: 'exists', path: 'summary.loss' } } })).toEqual(['first'])
    const many = Array.from({ length: 500 }, (_, index) => `run-${index}`)
    expect(await found({ where: { op: 'in', path: 'slug', values: [...many, 'first'] } })).toEqual(['first'])
    expect(await found({ order: 'slug' })).toEqual(['first', 'second'])
    expect(await found({ order: ['-summary.loss', '+slug'] })).toEqual(['second', 'first'])
    await expect(found({ order: 'loss' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(found({ where: { op: 'regex', path: 'slug', pattern: '(' } })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
    const projects = await reader.projects()
    expect(projects.find(({ name }) => name === project)).toMatchObject({
      runCount: 2,
      organization: place.organization,
    })
  })
})

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { batchOf, postBatch, testOrganization, testRun, testServer } from '@kiroku/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { api } from '../src/api/api.ts'
import { readResumeFile } from '../src/resume-file.ts'
import { type Beginning, begin, ran } from './beginning.ts'
import { until } from './script.ts'
import { endedRun, type Place, storedRun } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let dir: string
let env: Record<string, string>
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
})
afterAll(() => server.close())
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kiroku-resume-'))
  env = { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey, KIROKU_DIR: dir }
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const history = async (id: string, metric: string): Promise<unknown[]> => {
  const run = await api({ url: place.url, apiKey: place.apiKey }).run(`demo/${id}`)
  return (await run.history({ metrics: [metric] })).map((row) => [row['_step'], row[metric]])
}

const first: Beginning = {
  options: { id: 'again', name: 'the first', tags: ['old'], notes: 'kept', config: { lr: 0.1, opt: { a: 1 } } },
  steps: [
    { define: ['loss', { summary: 'min,max,mean', stepMetric: 'epoch' }] },
    { log: [{ loss: 1, epoch: 1 }] },
    { log: [{ loss: 5, epoch: 2, note: 'text' }, { step: 15 }] },
    { summary: { best: 9 } },
  ],
}

describe('4.5 resume', () => {
  it('goes on at the next step with config, summary, definitions and labels (defects 6 and 7)', async () => {
    await ran(first, env)
    const { begun, done, stderr } = await ran(
      {
        options: { id: 'again', resume: 'must', tags: ['new'], config: { opt: { b: 2 } } },
        steps: [
          { config: { lr: 0.1 } },
          { log: [{ loss: 3 }] },
          { define: ['loss', { summary: 'last' }] },
          { log: [{ loss: 4 }] },
        ],
      },
      env,
    )
    expect(begun).toMatchObject({
      isResumed: true,
      step: 16,
      name: 'the first',
      tags: ['new'],
      notes: 'kept',
      config: { lr: 0.1, opt: { b: 2 } },
      summary: { loss: { min: 1, max: 5, mean: 3 }, epoch: 2, note: 'text', best: 9 },
    })
    const summary = { loss: { min: 1, max: 5, mean: 3.25, last: 4 }, epoch: 2, note: 'text', best: 9 }
    expect(done).toMatchObject({ step: 18, summary })
    expect(stderr).toContain('kiroku: run the first goes on at step 16\n')
    const run = await endedRun(place, 'again')
    expect(run).toMatchObject({ state: 'finished', tags: ['new'], notes: 'kept', config: { lr: 0.1, opt: { b: 2 } } })
    expect(run.summary).toMatchObject(summary)
    expect(await history('again', 'loss')).toEqual([
      [0, 1],
      [15, 5],
      [16, 3],
      [17, 4],
    ])
    expect(await history('again', 'epoch')).toEqual([
      [0, 1],
      [15, 2],
      [16, 2],
      [17, 2],
    ])
  })

  it('refuses an unknown run for must and a known one for never, in the words of the server, and leaves nothing', async () => {
    const unknown = await ran({ options: { id: 'unknown', resume: 'must' } }, env)
    expect(unknown.thrown).toMatchObject({ code: 'NOT_FOUND', message: expect.stringMatching(/^init: .*unknown/) })
    expect(await storedRun(place, 'unknown')).toBeUndefined()
    await ran({ options: { id: 'known' }, steps: [{ log: [{ a: 1 }] }] }, env)
    const before = await endedRun(place, 'known')
    const runs = readdirSync(join(dir, 'runs'))
    const known = await ran({ options: { id: 'known', resume: 'never' } }, env)
    expect(known.thrown).toMatchObject({ code: 'CONFLICT', message: expect.stringMatching(/^init: .*known/) })
    expect(await storedRun(place, 'known')).toEqual(before)
    expect(readdirSync(join(dir, 'runs'))).toEqual(runs)
  })

  it.each([undefined, 'allow', 'never', 'auto', true, false] as const)('%s makes an unknown run', async (resume) => {
    const id = `new-${String(resume)}`
    const { begun } = await ran(
      { options: { id, ...(resume !== undefined && { resume }) }, steps: [{ log: [{ a: 1 }] }] },
      env,
    )
    expect(begun).toMatchObject({ isResumed: false, step: 0 })
    await endedRun(place, id)
    expect(await history(id, 'a')).toEqual([[0, 1]])
  })

  it('allow goes on with a known run that logged nothing at step 0', async () => {
    await ran({ options: { id: 'bare' } }, env)
    const { begun } = await ran({ options: { id: 'bare', resume: 'allow' } }, env)
    expect(begun).toMatchObject({ isResumed: true, step: 0 })
  })

  it('goes on with a run that has a very long text in its summary', async () => {
    const run = await testRun(place, { run: 'long' })
    const texts = [{ step: 4, time: 1, metric: 'text', value: 'long'.repeat(2.25 * 2 ** 20) }]
    await postBatch(place, batchOf(run, { rows: [{ step: 4, values: { a: 1 } }], texts }))
    const { begun } = await ran({ options: { id: 'long', resume: 'must' }, steps: [{ log: [{ e: 5 }] }] }, env)
    expect(begun).toMatchObject({ isResumed: true, step: 5 })
    await endedRun(place, 'long')
    expect(await history('long', 'e')).toEqual([[5, 5]])
  })

  it('keeps what is logged to explicit steps below the first one out, with a warning', async () => {
    await ran({ options: { id: 'low' }, steps: [{ log: [{ a: 1 }, { step: 9 }] }] }, env)
    const { stderr } = await ran(
      { options: { id: 'low', resume: 'must' }, steps: [{ log: [{ a: 2 }, { step: 4 }] }, { log: [{ a: 3 }] }] },
      env,
    )
    expect(stderr).toContain('step 4 is below the current step 10')
    await endedRun(place, 'low')
    expect(await history('low', 'a')).toEqual([
      [9, 1],
      [10, 3],
    ])
  })
})

describe('a run whose machine is taken away', () => {
  it('is preempting, then preempted by the end of its script, and goes on elsewhere as any other', async () => {
    const what: Beginning = { options: { id: 'spot', resume: 'allow' }, steps: [{ log: [{ a: 1 }] }] }
    await using taken = begin({ ...what, steps: [...(what.steps ?? []), { preempting: true }], end: 'hang' }, env)
    await until(
      async () => (await storedRun(place, 'spot'))?.state === 'preempting' || undefined,
      'the server to hear it',
    )
    taken.child.kill('SIGKILL')
    expect(await endedRun(place, 'spot')).toMatchObject({ state: 'preempted', exitCode: null })
    const { begun } = await ran(what, env)
    expect(begun).toMatchObject({ isResumed: true, step: 1 })
    expect(await endedRun(place, 'spot')).toMatchObject({ state: 'finished', exitCode: 0, lastStep: 1 })
    expect((await ran({ ...what, end: 'exit' }, env)).code).toBe(3)
    expect(await endedRun(place, 'spot')).toMatchObject({ state: 'failed', exitCode: 3 })
  })
})

describe('4.5 resume: auto', () => {
  it('goes on with what was interrupted here, until it ends well', async () => {
    const auto: Beginning = { options: { resume: 'auto' }, steps: [{ log: [{ a: 1 }] }], end: 'exit' }
    const broken = await ran(auto, env)
    expect(broken.code).toBe(3)
    const [id] = Array.isArray(broken.begun['begun']) ? broken.begun['begun'] : []
    expect(readResumeFile(dir)).toEqual({ project: 'demo', id })
    await endedRun(place, String(id))
    const again = await ran({ ...auto, end: 'finish' }, env)
    expect(again.begun).toMatchObject({ begun: [id], isResumed: true, step: 1 })
    expect(readResumeFile(dir)).toBeUndefined()
    const other = await ran(auto, env)
    expect(other.begun['begun']).not.toEqual([id])
    expect(readResumeFile(dir)).toBeDefined()
    await ran({}, env)
    expect(readResumeFile(dir)).toBeUndefined()
  })

  it('takes a run up after kill -9', async () => {
    await using script = begin({ options: { resume: true }, steps: [{ log: [{ a: 1 }] }], end: 'hang' }, env)
    const id = await script.runId()
    await until(async () => (await storedRun(place, id))?.lastStep ?? undefined, 'the row')
    script.child.kill('SIGKILL')
    await script.exit()
    expect((await endedRun(place, id)).state).toBe('crashed')
    const { begun } = await ran({ options: { resume: true } }, env)
    expect(begun).toMatchObject({ begun: [id], isResumed: true, step: 1 })
    expect((await endedRun(place, id)).state).toBe('finished')
    expect(existsSync(join(dir, 'resume.json'))).toBe(false)
  })
})

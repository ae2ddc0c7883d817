import { testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api } from '../src/api/api.ts'
import { begin, ran } from './beginning.ts'
import { until } from './script.ts'
import { endedRun, type Place, storedRun } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let env: Record<string, string>
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  env = { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey }
})
afterAll(() => server.close())

const history = async (id: string, metric: string): Promise<unknown[]> => {
  const run = await api({ url: place.url, apiKey: place.apiKey }).run(`demo/${id}`)
  return (await run.history({ metrics: [metric] })).map((row) => [row['_step'], row[metric]])
}

const rows = (...values: number[]): { log: [object] }[] => values.map((loss) => ({ log: [{ loss }] }))

/** A run that logged steps 0 to 3 and ended. */
async function parent(id: string): Promise<void> {
  const define: { define: [string, object] } = { define: ['loss', { summary: 'min,max' }] }
  await ran({ options: { id, name: id, config: { lr: 1, depth: 2 } }, steps: [define, ...rows(5, 3, 9, 1)] }, env)
  await endedRun(place, id)
}

describe('4.6 rewind', () => {
  it('goes on after a step and drops what was logged beyond it, in points and summary', async () => {
    await parent('rewound')
    const { begun, stderr } = await ran(
      { options: { resumeFrom: 'rewound?_step=1', config: { lr: 2 } }, steps: rows(7, 8, 6, 4) },
      env,
    )
    expect(begun).toMatchObject({
      begun: ['rewound'],
      isResumed: true,
      step: 2,
      config: { lr: 2, depth: 2 },
      summary: { loss: { min: 3, max: 5 } },
    })
    expect(stderr).toContain('kiroku: run rewound goes on at step 2; what was logged from there on is gone\n')
    const run = await endedRun(place, 'rewound')
    expect(run).toMatchObject({ state: 'finished', config: { lr: 2, depth: 2 }, summary: { loss: { min: 3, max: 8 } } })
    expect(await history('rewound', 'loss')).toEqual([5, 3, 7, 8, 6, 4].map((loss, step) => [step, loss]))
  })

  it('of an unknown run is refused', async () => {
    const { thrown } = await ran({ options: { resumeFrom: { run: 'nobody', step: 3 } } }, env)
    expect(thrown).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('nobody') })
    expect(await storedRun(place, 'nobody')).toBeUndefined()
  })
})

describe('4.6 fork', () => {
  it('makes a new run that begins with the history of the other, which stays as it is', async () => {
    await parent('origin')
    const before = await storedRun(place, 'origin')
    const { begun, stderr } = await ran(
      { options: { id: 'forked', name: 'branch', forkFrom: 'origin?_step=2' }, steps: rows(20) },
      env,
    )
    expect(begun).toMatchObject({ begun: ['forked'], step: 3, name: 'branch', summary: { loss: { min: 3, max: 9 } } })
    expect(stderr).toContain('kiroku: run branch begins with the history of run origin up to step 2\n')
    const run = await endedRun(place, 'forked')
    expect(run.summary).toMatchObject({ loss: { min: 3, max: 20 } })
    expect(await history('forked', 'loss')).toEqual([5, 3, 9, 20].map((loss, step) => [step, loss]))
    expect(await storedRun(place, 'origin')).toEqual(before)
  })

  it('of an unknown run, or to its own id, is refused', async () => {
    const unknown = await ran({ options: { id: 'orphan', forkFrom: 'nobody?_step=2' } }, env)
    expect(unknown.thrown).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('nobody') })
    expect(await storedRun(place, 'orphan')).toBeUndefined()
    const same = await ran({ options: { id: 'origin', forkFrom: 'origin?_step=2' } }, env)
    expect(same.thrown).toMatchObject({ code: 'BAD_REQUEST' })
    const both = await ran({ options: { resume: 'must', forkFrom: 'origin?_step=2' } }, env)
    expect(both.thrown).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringMatching(/resume and forkFrom/) })
  })
})

describe('1.4 shared runs', () => {
  it('keep every row of every process, each at a step of its own that the server gives', async () => {
    const shared = (label: string, from: number) =>
      ran(
        {
          options: { id: 'shared', shared: true, label },
          steps: Array.from({ length: 40 }, (_, index) => ({
            log: [{ loss: from + index }, index % 2 ? { step: 0 } : {}],
          })),
        },
        env,
      )
    const [first, second] = await Promise.all([shared('rank 0', 0), shared('rank 1', 100)])
    expect([first.code, second.code]).toEqual([0, 0])
    for (const { stderr } of [first, second]) {
      expect(stderr.match(/the server gives the steps of a shared run/g)).toHaveLength(1)
      expect(stderr).not.toMatch(/writing to this run too/)
    }
    const run = await endedRun(place, 'shared')
    expect(run).toMatchObject({ state: 'finished', isShared: true, lastStep: 79 })
    const points = await history('shared', 'loss')
    const expected = [...Array(40).keys()].flatMap((value) => [value, value + 100]).sort((a, b) => a - b)
    expect(points.map((point) => Number(Array.isArray(point) && point[1])).sort((a, b) => a - b)).toEqual(expected)
    expect(points.map((point) => Array.isArray(point) && point[0])).toEqual([...Array(80).keys()])
  })
})

describe('7 two writers of a run that is not shared', () => {
  it('are let in, and the scripts say so once', async () => {
    await using first = begin({ options: { id: 'double' }, steps: rows(1), end: 'hang' }, env)
    await until(async () => (await storedRun(place, 'double'))?.lastStep ?? undefined, 'the first writer')
    const second = await ran(
      { options: { id: 'double', resume: 'must' }, steps: [...rows(2), { pause: 300 }, ...rows(3)] },
      env,
    )
    expect(second.begun).toMatchObject({ isResumed: true, step: 1 })
    expect(second.stderr.match(/another script is writing to this run too/g)).toHaveLength(1)
    first.child.kill('SIGKILL')
    expect(await history('double', 'loss')).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
  })
})

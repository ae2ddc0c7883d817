import { type LiveNotice, liveNoticeSchema } from '@kiroku/core/live'
import { routes } from '@kiroku/core/routes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  type Caller,
  client,
  postBatch,
  rawRequest,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  until,
} from '../../testing/index.ts'

let server: TestServer

beforeAll(async () => {
  server = await testServer()
})
afterAll(() => server.close())

type Tenant = Caller & { organization: string }

/** A browser's live stream: what came so far, whether it has ended, and how to leave. */
async function listen(caller: Tenant, query: Record<string, string>) {
  const controller = new AbortController()
  const response = await fetch(`${caller.url}${routes.live}?${new URLSearchParams(query)}`, {
    headers: { authorization: `Bearer ${caller.apiKey}` },
    signal: controller.signal,
  })
  const events: LiveNotice[] = []
  const state = { events, isEnded: false, leave: () => controller.abort() }
  const read = async (): Promise<void> => {
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString()
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const data = /^event: moved\ndata: (.*)$/s.exec(block)?.[1]
        if (data !== undefined) events.push(liveNoticeSchema.parse(JSON.parse(data)))
      }
    }
  }
  read().then(
    () => {
      state.isEnded = true
    },
    () => {
      state.isEnded = true
    },
  )
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  return state
}

const rows = [{ step: 0, values: { loss: 1 } }]

describe('a live stream', () => {
  it('of a project tells new runs, points, facts and ends of its runs, and nothing of others', async () => {
    const caller = await testOrganization(server)
    const stranger = await testOrganization(server)
    // What is told of it may come before one listens, or after.
    const earlier = await testRun(caller)
    const { organization } = caller
    const live = await listen(caller, { organization, project: 'demo' })
    const told = () =>
      live.events.flatMap((event) => {
        const runs = event.runs.filter(({ run: slug }) => slug !== earlier.run)
        return runs.length > 0 ? [{ ...event, runs }] : []
      })
    await postBatch(stranger, batchOf(await testRun(stranger), { rows }))
    await postBatch(caller, batchOf(await testRun(caller, { project: 'another' }), { rows }))
    const run = await testRun(caller)
    await until(() =>
      expect(told()).toContainEqual({ runs: [{ run: run.run, state: 'running', points: false, created: true }] }),
    )
    await postBatch(caller, batchOf(run, { rows }))
    await until(() =>
      expect(told().at(-1)?.runs).toEqual([{ run: run.run, state: 'running', points: true, created: false }]),
    )
    const finish = { type: 'finish', state: 'finished', exitCode: 0, time: 0 } as const
    await postBatch(caller, batchOf(run, { firstSeq: 2, updates: [finish] }))
    await until(() =>
      expect(told().at(-1)?.runs).toEqual([{ run: run.run, state: 'finished', points: false, created: false }]),
    )
    await client(caller).runs.update.mutate({ organization, project: 'demo', run: run.run, set: { notes: 'x' } })
    await until(() => expect(told()).toHaveLength(4))
    const address = { organization, project: 'demo', run: run.run }
    const last = { run: run.run, state: 'finished', points: false, created: false }
    await client(caller).runs.delete.mutate(address)
    await until(() => expect(told().at(-1)?.runs).toEqual([{ ...last, deleted: true }]))
    await client(caller).runs.restore.mutate(address)
    await until(() => expect(told().at(-1)?.runs).toEqual([{ ...last, created: true }]))
    expect(new Set(told().flatMap(({ runs }) => runs.map(({ run: slug }) => slug)))).toEqual(new Set([run.run]))
    live.leave()
  })

  it('of all projects names the project', async () => {
    const caller = await testOrganization(server)
    const live = await listen(caller, {})
    const run = await testRun(caller, { project: 'first' })
    await until(() =>
      expect(live.events).toMatchObject([{ project: 'first', runs: [{ run: run.run, created: true }] }]),
    )
    live.leave()
  })

  it('gathers what happens within a moment, and forgets nothing of it', async () => {
    const caller = await testOrganization(server)
    const run = await testRun(caller)
    const live = await listen(caller, { organization: caller.organization, project: 'demo' })
    const startedAt = Date.now()
    for (let batch = 0; batch < 40; batch++)
      await postBatch(caller, batchOf(run, { firstSeq: batch + 1, rows: [{ step: batch, values: { loss: 1 } }] }))
    const other = await testRun(caller)
    await until(() =>
      expect(live.events.flatMap(({ runs }) => runs)).toContainEqual(
        expect.objectContaining({ run: other.run, created: true }),
      ),
    )
    expect(live.events.length).toBeLessThanOrEqual(2 + (Date.now() - startedAt) / 100)
    expect(live.events.flatMap(({ runs }) => runs)).toContainEqual({
      run: run.run,
      state: 'running',
      points: true,
      created: false,
    })
    live.leave()
  })

  it('tells a large project that moved at once in full', async () => {
    const caller = await testOrganization(server)
    const live = await listen(caller, { organization: caller.organization })
    const runs = await Promise.all(
      Array.from({ length: 150 }, (_, index) => testRun(caller, { run: `${'long-'.repeat(11)}${index}` })),
    )
    await Promise.all(runs.map((run) => postBatch(caller, batchOf(run, { rows }))))
    await until(() => {
      const moved = live.events.flatMap((event) => event.runs.filter(({ points }) => points).map(({ run }) => run))
      expect(new Set(moved).size).toBe(150)
    })
    live.leave()
  })

  it('is refused for an unknown project', async () => {
    const caller = await testOrganization(server)
    const query = new URLSearchParams({ organization: caller.organization, project: 'none' })
    const headers = { authorization: `Bearer ${caller.apiKey}` }
    expect((await rawRequest(`${server.url}${routes.live}?${query}`, { headers })).status).toBe(404)
    expect((await rawRequest(`${server.url}${routes.live}?organization=No`, { headers })).status).toBe(400)
  })
})

describe('a server that closes', () => {
  it('ends live streams, answers the batches under way and refuses what comes later', async () => {
    const caller = await testOrganization(server)
    const run = await testRun(caller)
    const live = await listen(caller, { organization: caller.organization })
    const posting = postBatch(caller, batchOf(run, { rows }))
    await until(() => expect(live.events.length).toBeGreaterThan(0))
    await Promise.all([server.close(), posting])
    expect(await posting).toMatchObject({ ackSeq: 1 })
    await until(() => expect(live.isEnded).toBe(true))
    await expect(testRun(caller)).rejects.toThrow()
  })
})

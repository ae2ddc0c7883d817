import { InfiniteQueryObserver, QueryClient, QueryObserver } from '@tanstack/react-query'
import { expect, onTestFinished, test } from 'vitest'
import { runFixture } from '../workspace/run-fixture.ts'
import { askAnew } from './ask-anew.ts'
import { addMoved, nothingMoved, runsToFetch } from './moved-runs.ts'
import { refreshRuns } from './refresh-runs.ts'

const choice = { queryKey: ['list'], exact: true }

/** A server whose answers are of the time at which they were asked for, and come when the test says so. */
function slowServer<T>(read: () => T) {
  const waiting: (() => void)[] = []
  return {
    ask: () => {
      const snapshot = read()
      return new Promise<T>((resolve) => waiting.push(() => resolve(snapshot)))
    },
    /** Gives the oldest answer that waits. */
    answer: async () => {
      await expect.poll(() => waiting.length).toBeGreaterThan(0)
      waiting.shift()?.()
    },
    asked: () => waiting.length,
  }
}

function testClient(): QueryClient {
  const client = new QueryClient()
  onTestFinished(() => client.clear())
  return client
}

test('what came to be known while an answer was under way is asked for after it', async () => {
  let value = 'old'
  const server = slowServer(() => value)
  const client = testClient()
  onTestFinished(new QueryObserver(client, { queryKey: ['list'], queryFn: server.ask }).subscribe(() => {}))
  value = 'new'
  const done = askAnew(client, choice)
  await server.answer()
  await server.answer()
  await done
  expect(client.getQueryData(['list'])).toBe('new')
  expect(server.asked()).toBe(0)
})

/** A list of two pages of one run each, the first of which is loaded; `runs` are what the server has. */
async function listOfTwoPages() {
  const runs = new Map(['a', 'b'].map((slug) => [slug, runFixture({ slug, state: 'running' })] as const))
  const pages = [['a'], ['b']] as const
  const client = testClient()
  let page = 0
  const server = slowServer(() => ({
    runs: (pages[page] ?? []).flatMap((slug) => runs.get(slug) ?? []),
    total: 2,
    nextCursor: page === 0 ? 'b' : null,
  }))
  const list = new InfiniteQueryObserver(client, {
    queryKey: ['list'],
    queryFn: ({ pageParam }) => {
      page = pageParam
      return server.ask()
    },
    initialPageParam: 0,
    getNextPageParam: (_, all) => (all.length < pages.length ? all.length : undefined),
  })
  onTestFinished(list.subscribe(() => {}))
  await server.answer()
  await expect.poll(() => list.getCurrentResult().isSuccess).toBe(true)
  const finish = (slug: string): void => void runs.set(slug, runFixture({ slug, state: 'finished' }))
  const refresh = (moved: readonly string[], fetchRun = async (slug: string) => runs.get(slug) ?? null) => {
    const noted = nothingMoved()
    addMoved(noted, {
      kind: 'moved',
      notice: { runs: moved.map((run) => ({ run, state: 'finished', points: false, created: false })) },
    })
    return refreshRuns({
      client,
      queryKey: ['list'],
      runsToFetch: (loaded) => runsToFetch(noted, loaded),
      fetchRun,
    })
  }
  const states = (): string[] =>
    list.getCurrentResult().data?.pages.flatMap(({ runs: some }) => some.map(({ state }) => state)) ?? []
  return { list, server, finish, refresh, states, runs }
}

test('runs that move while the next page is under way are up to date in it and in the pages before', async () => {
  const { list, server, finish, refresh, states } = await listOfTwoPages()
  const more = list.fetchNextPage()
  finish('a')
  finish('b')
  const done = refresh(['a', 'b'])
  await server.answer()
  await Promise.all([more, done])
  await expect.poll(states).toEqual(['finished', 'finished'])
})

test('the next page that is asked for while a run is fetched again leaves it as it is', async () => {
  const { list, server, finish, refresh, states, runs } = await listOfTwoPages()
  finish('a')
  let more: Promise<unknown> = Promise.resolve()
  const done = refresh(['a'], async (slug) => {
    more = list.fetchNextPage()
    return runs.get(slug) ?? null
  })
  await server.answer()
  await Promise.all([more, done])
  await expect.poll(states).toEqual(['finished', 'running'])
})

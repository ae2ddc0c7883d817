import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { expect, onTestFinished, test } from 'vitest'
import type { LiveEvent } from './live.tsx'
import { intervalWhile, markOutdated, mayBeOutdated } from './outdated.ts'

const moved = (run: string, points = true): LiveEvent => ({
  kind: 'moved',
  notice: { runs: [{ run, state: 'running', points, created: false }] },
})

test('a chart is outdated by new points of one of its runs, a list by any run, and both by missed notices', () => {
  const chart = { queryKey: ['series', {}], meta: { runs: ['a', 'b'] } }
  const list = { queryKey: [['runs', 'list'], { type: 'infinite' }], meta: undefined }
  const file = { queryKey: ['file', 'notes.txt'], meta: undefined }
  const outdated = (event: LiveEvent) => [chart, list, file].map((query) => mayBeOutdated(query, event))
  expect(outdated(moved('b'))).toEqual([true, true, false])
  expect(outdated(moved('b', false))).toEqual([false, true, false])
  expect(outdated(moved('c'))).toEqual([false, true, false])
  expect(outdated({ kind: 'missed' })).toEqual([true, true, false])
})

test('a kept answer that is outdated is asked for again when it is shown, also one that was under way', async () => {
  const client = new QueryClient()
  onTestFinished(() => client.clear())
  let value = 'old'
  let answer = (): void => {}
  const query = {
    queryKey: ['series', {}],
    queryFn: () => {
      const snapshot = value
      return new Promise<string>((resolve) => {
        answer = () => resolve(snapshot)
      })
    },
    staleTime: Number.POSITIVE_INFINITY,
    meta: { runs: ['a'] },
  }
  const show = () => {
    const observer = new QueryObserver(client, query)
    return { observer, hide: observer.subscribe(() => {}) }
  }
  const first = show()
  value = 'new'
  markOutdated(client, moved('a'))
  answer()
  await expect.poll(() => first.observer.getCurrentResult().data).toBe('old')
  first.hide()

  const second = show()
  onTestFinished(second.hide)
  expect(second.observer.getCurrentResult()).toMatchObject({ data: 'old', isFetching: true })
  answer()
  await expect.poll(() => second.observer.getCurrentResult().data).toBe('new')

  const third = show()
  onTestFinished(third.hide)
  expect(third.observer.getCurrentResult().isFetching).toBe(false)
})

test('what is asked for at intervals is asked for once more after it moved for the last time', async () => {
  const client = new QueryClient()
  onTestFinished(() => client.clear())
  const queryKey = [['measures', 'byRuns'], {}]
  const fetch = () => client.fetchQuery({ queryKey, queryFn: () => 'value', meta: { runs: ['a'] } })
  const interval = (isGoingOn: boolean) => {
    const query = client.getQueryCache().find({ queryKey })
    return query && intervalWhile(isGoingOn, 1000)(query)
  }
  await fetch()
  expect([interval(true), interval(false)]).toEqual([1000, false])
  markOutdated(client, moved('b'))
  expect(interval(false)).toBe(false)
  markOutdated(client, moved('a'))
  expect(interval(false)).toBe(1000)
  await fetch()
  expect(interval(false)).toBe(false)
  await client.fetchQuery({ queryKey, queryFn: () => Promise.reject(new Error('no')), retry: false }).catch(() => {})
  expect([interval(true), interval(false)]).toEqual([1000, false])
})
